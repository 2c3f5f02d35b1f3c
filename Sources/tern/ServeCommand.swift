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
            SIGTERM takes no new calls, waits until the last has ended or calls.drain has passed, and ends the gateway; a second one \
            ends all calls at once. SIGINT (Ctrl-C) does so, too; one more signal ends the program without. SIGHUP reads the configuration \
            and the certificates again, as tern reload does; it ends a gateway whose terminal was closed.

            Every key of the configuration has an environment variable: sip.listen is TERN_SIP_LISTEN.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(name: .long, help: "Let the system write core dumps, of Tern and of its Janus. They have passwords and keys.")
    var coreDumps = false

    func run() throws {
        if !coreDumps { CoreDumps.forbid() }
        let loaded = try options.loadOrReport(isServing: true)
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
        let options = options
        let service = Service(
            configuration: loaded.configuration, routePlaces: loaded.routePlaces, events: events, metrics: metrics, logger: logger
        ) {
            do throws(TernConfigurationError) { return .success(try options.load(isServing: true)) } catch { return .failure(error) }
        }
        let status = service.run()
        if status != .success { throw status }
    }
}
