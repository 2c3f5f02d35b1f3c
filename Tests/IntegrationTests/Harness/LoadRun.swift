import Foundation

/// A load of calls to the echo, by SIPp, played to its end: each is accepted, lives for two seconds and is hung up, or is refused with 503 and a Retry-After.
struct LoadRun: CustomStringConvertible {
    let accepted, refused, failed: Int
    private let errors: String

    var description: String { "\(accepted) accepted, \(refused) refused, \(failed) failed\n\(errors.prefix(2_000))" }

    init(to gateway: GatewayProcess, rate: Int, seconds: Int) async throws {
        let files = gateway.directory.appendingPathComponent("load-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        let scenario = files.appendingPathComponent("load.xml")
        try LoadRun.scenario.write(to: scenario, atomically: true, encoding: .utf8)
        let process = try await TestProcess("sipp", [
            "-sf", scenario.path, "-s", "echo", "\(gateway.address):\(gateway.sipPort)", "-i", gateway.address, "-p", "\(try FreePort.both(gateway.address))",
            "-r", "\(rate)", "-m", "\(rate * seconds)", "-l", "10000", "-nostdin", "-trace_err", "-error_file", files.path + "/errors",
            "-trace_stat", "-stf", files.path + "/statistics", "-fd", "1",
        ], directory: files.path)
        guard await process.exit(within: .seconds(120)) != nil else {
            await process.stop(within: .seconds(1))
            throw HarnessError("SIPp hangs")
        }
        errors = (try? String(contentsOfFile: files.path + "/errors", encoding: .utf8)) ?? ""
        let rows = try String(contentsOfFile: files.path + "/statistics", encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        }
        guard let names = rows.first, let last = rows.last, rows.count > 1 else { throw HarnessError("SIPp has no statistics: \(errors)") }
        func number(_ name: String) throws -> Int {
            guard let index = names.firstIndex(where: { $0.contains(name) }), index < last.count, let number = Int(last[index]) else {
                throw HarnessError("no \(name) in \(names)")
            }
            return number
        }
        failed = try number("FailedCall(C)")
        refused = try number("GenericCounter2(C)")
        accepted = try number("GenericCounter1(C)")
    }

    private static func request(_ method: String, _ number: Int, to: String, uri: String = "[next_url]", branch: String = "[branch]") -> String {
        """
        \(method) \(uri) SIP/2.0
        Via: SIP/2.0/UDP [local_ip]:[local_port];rport;branch=\(branch)
        Max-Forwards: 70
        From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]-[call_number]
        To: <sip:[service]@[remote_ip]:[remote_port]>\(to)
        Call-ID: [call_id]
        CSeq: \(number) \(method)
        Contact: <sip:sipp@[local_ip]:[local_port]>

        """
    }

    private static let own = "sip:[service]@[remote_ip]:[remote_port]"

    private static let scenario = """
        <?xml version="1.0" encoding="UTF-8"?>
        <scenario name="load">
          <send retrans="500"><![CDATA[
        \(request("INVITE", 1, to: "", uri: own))Content-Type: application/sdp
        Content-Length: [len]

        v=0
        o=sipp [pid] [call_number] IN IP[media_ip_type] [media_ip]
        s=-
        c=IN IP[media_ip_type] [media_ip]
        t=0 0
        m=audio 7000 RTP/AVP 0 8
        ]]></send>
          <recv response="100" optional="true"/>
          <recv response="503" optional="true" next="refused" counter="2">
            <action><ereg regexp="[0-9]+" search_in="hdr" header="Retry-After:" check_it="true" assign_to="seconds"/></action>
          </recv>
          <recv response="200" rrs="true" counter="1"/>
          <send><![CDATA[
        \(request("ACK", 1, to: "[peer_tag_param]"))Content-Length: 0

        ]]></send>
          <pause milliseconds="2000"/>
          <send retrans="500"><![CDATA[
        \(request("BYE", 2, to: "[peer_tag_param]"))Content-Length: 0

        ]]></send>
          <recv response="200" next="over"/>
          <label id="refused"/>
          <send><![CDATA[
        \(request("ACK", 1, to: "[peer_tag_param]", uri: own, branch: "[branch-1]"))Content-Length: 0

        ]]></send>
          <label id="over"/>
          <nop/>
          <Reference variables="seconds"/>
        </scenario>
        """
}

/// Asks a gateway by OPTIONS fifty times a second, and measures how long each answer takes.
final class OptionsProbe: Sendable {
    struct Delays: CustomStringConvertible {
        fileprivate(set) var times: [Duration] = []
        fileprivate(set) var unanswered = 0

        /// The longest of them but for a share.
        func longest(but share: Double) -> Duration {
            let sorted = times.sorted()
            return sorted.isEmpty ? .zero : sorted[max(0, min(sorted.count - 1, Int(Double(sorted.count) * (1 - share))))]
        }

        var description: String { "\(times.count) answers, half within \(longest(but: 0.5)), 99 % within \(longest(but: 0.01)), \(unanswered) without" }
    }

    private let task: Task<Delays, Never>

    init(to gateway: GatewayProcess) throws {
        let probe = try SIPProbe(at: gateway)
        task = Task {
            await withTaskGroup(of: Duration?.self) { group in
                while !Task.isCancelled {
                    group.addTask {
                        let call = SIPProbe.Call(to: "echo", from: probe), sent = ContinuousClock.now
                        probe.send(call.request("OPTIONS", number: 1))
                        guard (try? await probe.final("OPTIONS", of: call)) != nil else { return nil }
                        return sent.duration(to: .now)
                    }
                    try? await Task.sleep(for: .milliseconds(20))
                }
                var delays = Delays()
                for await delay in group {
                    if let delay { delays.times.append(delay) } else { delays.unanswered += 1 }
                }
                return delays
            }
        }
    }

    /// Waits for the answers that are missing.
    func stop() async -> Delays {
        task.cancel()
        return await task.value
    }
}
