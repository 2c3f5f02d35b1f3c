internal import ArgumentParser
internal import Configuration
internal import Foundation
internal import Gateway
internal import Glibc

/// The arguments that say what the configuration is; those that have a key win over file and environment.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The configuration, a YAML file. Default: /etc/tern/tern.yaml where it exists. For serve, and without that file, the defaults stand.", valueName: "file"))
    var config: String?

    @Option(name: .long, help: ArgumentHelp("Listen for SIP here; repeat it for several. Key sip.listen.", valueName: "udp|tcp|tls:address:port"))
    var sipListen: [String] = []

    @Option(name: .long, help: ArgumentHelp("Host in From and To of our requests. Key sip.domain.", valueName: "host"))
    var sipDomain: String?

    @Option(name: .long, help: ArgumentHelp("Serve page and API here. Key http.listen.", valueName: "address:port"))
    var httpListen: String?

    @Option(name: .long, help: ArgumentHelp("Where phones send RTP to. Key media.address.", valueName: "address"))
    var mediaAddress: String?

    @Option(name: .long, help: ArgumentHelp("UDP ports for RTP. Key media.rtp_ports.", valueName: "first-last"))
    var mediaRtpPorts: String?

    @Option(name: .long, help: ArgumentHelp("managed or external. Key janus.mode.", valueName: "mode"))
    var janusMode: String?

    @Option(name: .long, help: ArgumentHelp("How many Januses are run. Key janus.count.", valueName: "count"))
    var janusCount: String?

    @Option(name: .long, help: ArgumentHelp("An external Janus; repeat it for several. Key janus.urls.", valueName: "ws://host:port"))
    var janusUrls: [String] = []

    @Option(name: .long, help: ArgumentHelp("Where recordings go. Key recordings.directory.", valueName: "directory"))
    var recordingsDirectory: String?

    @Option(name: .long, help: ArgumentHelp("trace, debug, info, notice, warning, error, critical. Key log.level.", valueName: "level"))
    var logLevel: String?

    @Option(name: .long, help: ArgumentHelp("text or json. Key log.format.", valueName: "format"))
    var logFormat: String?

    /// The configuration of the service.
    static let standardFile = "/etc/tern/tern.yaml"

    /// The file to read; nil where the defaults stand.
    ///
    /// - Parameter isServing: Whether it is for a gateway that is started: none runs by a file that it was not given.
    func file(isServing: Bool = false) -> String? {
        if config != nil || isServing { return config }
        // A file that this user may not see counts: nothing is said of a gateway by other settings than its own.
        return access(ConfigurationOptions.standardFile, F_OK) == 0 || errno == EACCES ? ConfigurationOptions.standardFile : nil
    }

    /// Reads the configuration.
    func load(isServing: Bool = false) throws(TernConfigurationError) -> LoadedConfiguration {
        try ConfigurationReader.load(
            file: file(isServing: isServing), environment: ProcessInfo.processInfo.environment, arguments: arguments)
    }

    /// Where the control socket of a gateway with this configuration is, as far as the configuration can be read.
    var controlSocket: String {
        ConfigurationReader.controlSocket(file: file(), environment: ProcessInfo.processInfo.environment, arguments: arguments)
    }

    /// Reads the configuration, and tells what is wrong with it.
    func loadOrReport(isServing: Bool = false) throws(ExitStatus) -> LoadedConfiguration {
        do throws(TernConfigurationError) {
            return try load(isServing: isServing)
        } catch {
            let count = error.problems.count
            StandardStreams.error(error.description)
            StandardStreams.error("tern: the configuration has \(count == 1 ? "a problem" : "\(count) problems")")
            throw .badInput
        }
    }

    private var arguments: [String: [String]] {
        var result = ["--sip-listen": sipListen, "--janus-urls": janusUrls]
        let single = [
            "--sip-domain": sipDomain, "--http-listen": httpListen, "--media-address": mediaAddress,
            "--media-rtp-ports": mediaRtpPorts, "--janus-mode": janusMode, "--janus-count": janusCount, "--recordings-directory": recordingsDirectory,
            "--log-level": logLevel, "--log-format": logFormat,
        ]
        for (name, value) in single { result[name] = value.map { [$0] } }
        return result
    }
}
