internal import ArgumentParser
internal import Configuration
internal import Control
internal import Dispatch
internal import Doctor
internal import EventLoop
internal import JSON
internal import Logging
internal import Media
internal import SIPNames
internal import TestCalls

/// `tern doctor`: problems that prevent calls, each with a remedy.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for problems that prevent calls, and say what to do.",
        discussion: """
            Looks at the configuration, ports, certificates, DNS, the firewall and limits of this machine, and at the gateway where it runs; calls \
            its echo for three seconds. Run it as the user of the gateway, or as root to have the firewall looked at. Exit codes: 0, 1 when calls \
            fail, 2 for a bad configuration or bad arguments.
            """)

    @Flag(name: .long, help: "Write the findings as JSON, one a line.")
    var json = false

    @Flag(name: .long, help: "Show what is worth a look alone.")
    var quiet = false

    @OptionGroup var control: ControlOptions

    func run() throws {
        let loaded = try control.options.loadOrReport()
        let findings = Examination(loaded, client: control.client(of: loaded.configuration), file: control.options.file()).findings()
        for finding in findings where !quiet || finding.severity > .good {
            if json { StandardStreams.output(finding.json.text) } else { for line in finding.lines { StandardStreams.output(line) } }
        }
        if findings.contains(where: { $0.severity == .fault }) { throw ExitStatus.failure }
    }
}

/// Everything that can be looked at from here: see ``Doctor``, and beside it the media server and a call to the gateway's own echo.
struct Examination {
    /// How long the echo is listened to, and may take to answer, in seconds.
    private static let listening = 3, patience = 8

    private let loaded: LoadedConfiguration
    private let client: ControlClient
    /// Whether the configuration is that of the service.
    private let isOfService: Bool
    private let isNew: Bool

    /// - Parameters:
    ///   - file: Where the configuration was read; nil where the defaults stand.
    ///   - isNew: Whether the configuration was just written: no gateway can run by it.
    init(_ loaded: LoadedConfiguration, client: ControlClient, file: String?, isNew: Bool = false) {
        (self.loaded, self.client, self.isNew) = (loaded, client, isNew)
        isOfService = file?.hasPrefix("/etc/tern/") ?? false
    }

    /// Blocks for some seconds.
    func findings() -> [Finding] {
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        let configuration = loaded.configuration, isOfService = isOfService, known = try? client.request("get_overview")
        let overview = isNew ? nil : known, gateway: Doctor.Gateway = known == nil ? .absent : isNew ? .former : .running
        let warnings = loaded.warnings.map { Finding(.warning, "configuration", "\($0)", remedy: "change it in the configuration, and `tern reload`") }
        let done = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var found: [Finding] = []
        LoopActor.task {
            found = await Doctor(configuration, gateway: gateway, overview: overview, isService: isOfService).findings()
            if overview == nil {
                let problems = await MediaServerCheck.problems(with: MediaServers(configuration))
                found += problems.map { Finding(.fault, "media server", $0, remedy: "apt-get install --reinstall janus janus-plugin-tern; docs/operations.md has what Tern needs of a Janus") }
                if problems.isEmpty { found.append(Finding(.good, "media server", "can be used")) }
                if gateway == .absent { found.append(Finding(.note, "gateway", "none of this configuration runs here", remedy: "systemctl start tern, or `tern serve`")) }
            } else {
                found.append(await Examination.echo(configuration))
            }
            done.signal()
        }
        // The loop is left to its end with the process.
        done.wait()
        return warnings + found
    }

    @LoopActor
    private static func echo(_ configuration: GatewayConfiguration) async -> Finding {
        let subject = "test call"
        guard let listener = configuration.sip.listen.first(where: { $0.transport == .udp }) ?? configuration.sip.listen.first(where: { $0.transport == .tcp }),
            let name = configuration.routes.lazy.compactMap({ route -> String? in
                guard case .exact(let user) = route.pattern, route.targets == [.echo] else { return nil }
                return user
            }).first
        else { return Finding(.note, subject, "none was made: no route leads a name to echo, or SIP listens on TLS alone", remedy: "a route {match: echo, to: echo}, and udp: or tcp: in sip.listen") }
        let host = listener.isWildcard ? configuration.media.address : listener.address
        guard let address = IPAddress(host) else { return Finding(.note, subject, "none was made: \(host) is no address", remedy: "an address in media.address") }
        let gateway = ListenAddress(transport: listener.transport, address: host, port: listener.port)
        let order = TestCall.Order(uri: "sip:\(name)@\(gateway.hostAndPort)", gateway: gateway, address: address, seconds: listening, patience: patience)
        do throws(TestCallError) {
            let result = try await TestCall.run(order, TestCallResult(destination: name, trunk: nil, began: 0))
            return finding(result, name)
        } catch {
            return Finding(.warning, subject, "none could be made: \(error)", remedy: "`tern trace last`, and the log: journalctl -u tern")
        }
    }

    private static func finding(_ result: TestCallResult, _ name: String) -> Finding {
        let subject = "test call"
        if result.isGood { return Finding(.good, subject, "\(name) answers, and sends back what it hears") }
        // A stranger is not let in: that is for the configuration to say.
        if let status = result.status, [401, 403, 404, 407].contains(status) {
            return Finding(.note, subject, "\(name) is not for strangers: \(status)", remedy: "call it from a phone of a user")
        }
        let worst = result.verdicts.first
        return Finding(worst?.severity == .warning ? .warning : .fault, subject, worst?.evidence ?? "\(name) was not heard", remedy: worst?.remedy ?? "`tern trace last` shows the call")
    }
}
