internal import ArgumentParser
internal import Configuration
internal import Control

/// The arguments that say which gateway of this machine is asked.
struct ControlOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The control socket of the gateway. Default: that of the configuration.", valueName: "path"))
    var socket: String?

    @OptionGroup(title: "As the gateway was started")
    var options: ConfigurationOptions

    /// Where systemd has the gateway's socket, whose environment this program has not.
    private static let service = "/run/tern/control"

    func client() throws(ExitStatus) -> ControlClient {
        if let socket { return ControlClient(paths: [socket]) }
        return client(of: try options.loadOrReport().configuration)
    }

    /// For a gateway whose configuration may be wrong by now.
    func lenientClient() -> ControlClient {
        ControlClient(paths: socket.map { [$0] } ?? [options.controlSocket, ControlOptions.service])
    }

    /// For whoever has read the configuration.
    func client(of configuration: GatewayConfiguration) -> ControlClient {
        ControlClient(paths: socket.map { [$0] } ?? [configuration.controlSocket, ControlOptions.service])
    }
}
