internal import ArgumentParser
internal import Configuration
internal import Dispatch
internal import EventLoop
internal import Gateway
internal import Logging
internal import Media

/// `tern check`: says what is wrong with a configuration, or what Tern would do with it.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong with a configuration, or what Tern would do with it.",
        discussion: "Starts the configured Janus for a moment, or connects to an external one, to see whether it can be used.")

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let loaded = try options.loadOrReport()
        for warning in loaded.warnings { StandardStreams.error("warning: \(warning)") }
        for problem in mediaServerProblems(of: loaded.configuration) {
            StandardStreams.error("warning: janus: \(problem) (calls will be refused until then)")
        }
        StandardStreams.output("\(options.file() ?? "The default configuration") is right. With it Tern")
        StandardStreams.output(ConfigurationSummary(loaded).text)
    }

    private func mediaServerProblems(of configuration: GatewayConfiguration) -> [String] {
        // What Janus prints is for the log of `tern serve`.
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        let done = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var problems: [String] = []
        LoopActor.task {
            problems = await MediaServerCheck.problems(with: MediaServers(configuration))
            done.signal()
        }
        // The loop is left to its end with the process: connections that were not made are still being cleared away in it.
        done.wait()
        return problems
    }
}
