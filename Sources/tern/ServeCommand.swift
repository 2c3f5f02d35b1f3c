internal import ArgumentParser
internal import Configuration
internal import CoreMetrics
internal import Diagnosis
internal import EventLoop
internal import Gateway
internal import Glibc
internal import Logging

/// `tern serve`: runs the gateway until a signal ends it.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the gateway until SIGINT or SIGTERM.",
        discussion: """
            The first of these signals ends all calls and then the gateway, a second one ends it at once. SIGHUP reads the \
            log's level and format and the certificates again; it ends a gateway whose terminal was closed.

            Every key of the configuration has an environment variable: sip.listen is TERN_SIP_LISTEN.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let loaded = try options.loadOrReport()
        let output = LogOutput.standardError
        output.level = loaded.configuration.log.level
        output.format = loaded.configuration.log.format
        LoggingSystem.bootstrap { TernLogHandler(label: $0, output: output) }
        let metrics = MetricsRegistry()
        MetricsSystem.bootstrap(metrics)
        let logger = Logger(label: "tern")
        for warning in loaded.warnings {
            logger.warning("configuration", metadata: ["key": "\(warning.key)", "problem": "\(warning)"])
        }
        let events = ServiceEvents()
        SignalThread.start(events)
        let service = Service(
            configuration: loaded.configuration, routePlaces: loaded.routePlaces, events: events, metrics: metrics, logger: logger
        ) {
            reload(into: output, logger: logger)
        }
        let status = service.run()
        if status != .success { throw status }
    }

    /// Reads the configuration again, for the log's sake.
    private func reload(into output: LogOutput, logger: Logger) {
        do throws(TernConfigurationError) {
            let log = try options.load().configuration.log
            output.level = log.level
            output.format = log.format
            logger.notice("log settings read again", metadata: ["level": "\(log.level)", "format": "\(log.format)"])
        } catch {
            for problem in error.problems {
                logger.error("configuration not read again", metadata: ["problem": "\(problem)"])
            }
        }
    }
}
