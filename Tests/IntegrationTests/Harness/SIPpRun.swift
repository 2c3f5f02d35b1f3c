import EventLoop
import Foundation

/// A scenario of `sipp-scenarios/`, played once.
final class SIPpRun: Sendable {
    /// How it went.
    struct Outcome: Sendable, CustomStringConvertible {
        let scenario: String
        /// SIPp's exit code; nil when it had to be killed.
        let code: Int?
        /// What SIPp complained about.
        let errors: String
        /// The scenario's own words: the verdict on the RTP.
        let logs: String
        /// All messages, in and out.
        let messages: String

        var passed: Bool { code == 0 }
        var description: String {
            "\(scenario): exit code \(code.map(String.init) ?? "none, it hung")\n\(errors)\n\(logs)\n\(messages)"
        }
    }

    let scenario: String
    let port: Int
    private let process: TestProcess
    private let files: URL

    /// A phone that calls `user` at an address, `ADDRESS:PORT`.
    static func calling(
        _ user: String, _ scenario: String, to address: String, in environment: TestEnvironment, rtpPort: Int? = nil,
        _ more: String...
    ) async throws -> SIPpRun {
        let port = try FreePort.both(environment.address)
        return try await SIPpRun(
            scenario, port: port, rtpPort: rtpPort, in: environment, arguments: ["-s", user, address] + more)
    }

    /// A phone that calls `user` at the gateway.
    static func calling(
        _ user: String, _ scenario: String, on stage: Stage, rtpPort: Int? = nil, _ more: String...
    ) async throws -> SIPpRun {
        let port = try FreePort.both(stage.environment.address)
        let address = "\(stage.gateway.address):\(stage.gateway.sipPort)"
        return try await SIPpRun(
            scenario, port: port, rtpPort: rtpPort, in: stage.environment, arguments: ["-s", user, address] + more)
    }

    /// A phone that is called; it listens when this returns.
    static func called(
        _ scenario: String, port: Int? = nil, in environment: TestEnvironment, rtpPort: Int? = nil, _ more: String...
    ) async throws -> SIPpRun {
        let port = try port ?? FreePort.both(environment.address)
        let run = try await SIPpRun(scenario, port: port, rtpPort: rtpPort, in: environment, arguments: more)
        let listens = await eventually(within: .patience) { SIPpRun.isBound(port) || run.process.hasEnded }
        guard listens, !run.process.hasEnded else { throw HarnessError("SIPp does not listen: \(run.process.output)") }
        return run
    }

    private init(
        _ scenario: String, port: Int, rtpPort: Int?, in environment: TestEnvironment, arguments: [String]
    ) async throws {
        self.scenario = scenario
        self.port = port
        files = environment.directory.appendingPathComponent("sipp-\(scenario)-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        var all = ["-sf", "sipp-scenarios/\(scenario).xml", "-i", environment.address, "-p", "\(port)", "-m", "1", "-nostdin"]
        all += ["-trace_err", "-error_file", files.path + "/errors", "-trace_logs", "-log_file", files.path + "/logs"]
        all += ["-trace_msg", "-message_file", files.path + "/messages"]
        if let rtpPort { all += ["-set", "rtp_port", "\(rtpPort)"] }
        if scenario.hasSuffix("-tcp") { all += ["-t", "t1"] }
        process = try await TestProcess("sipp", all + arguments, directory: environment.root.path)
    }

    /// Waits for its end.
    func outcome(within limit: Duration = .patience) async -> Outcome {
        let exit = await process.exit(within: limit)
        if exit == nil { await process.stop(within: .seconds(1)) }
        func text(_ name: String) -> String {
            (try? String(contentsOf: files.appendingPathComponent(name), encoding: .utf8)) ?? ""
        }
        var code: Int?
        if case .exited(let number) = exit { code = number }
        return Outcome(
            scenario: scenario, code: code, errors: text("errors"), logs: text("logs"), messages: text("messages"))
    }

    /// Whether somebody has that port, UDP or TCP (proc_net_udp, proc_net_tcp: address:port in hexadecimal).
    private static func isBound(_ port: Int) -> Bool {
        let hexadecimal = String(port, radix: 16, uppercase: true)
        let suffix = ":" + String(repeating: "0", count: max(0, 4 - hexadecimal.count)) + hexadecimal
        let table = ProcFile.text("/proc/net/udp") + ProcFile.text("/proc/net/tcp")
        return table.split(separator: "\n").contains { $0.split(separator: " ").dropFirst().first?.hasSuffix(suffix) ?? false }
    }
}
