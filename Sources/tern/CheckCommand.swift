internal import ArgumentParser
internal import Gateway

/// `tern check`: says what is wrong with a configuration, or what Tern would do with it.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong with a configuration, or what Tern would do with it.")

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let loaded = try options.loadOrReport()
        for warning in loaded.warnings { StandardStreams.error("warning: \(warning)") }
        StandardStreams.output("\(options.config ?? "The default configuration") is right. With it Tern")
        StandardStreams.output(ConfigurationSummary(loaded).text)
    }
}
