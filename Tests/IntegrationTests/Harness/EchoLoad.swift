import Foundation

/// Calls to the echo through a proxy, by SIPp, at a steady rate: each is answered, lives for a while and is hung up. What becomes of each is noted.
final class EchoLoad: Sendable {
    struct Outcome: CustomStringConvertible {
        let made, succeeded, failed: Int
        /// How SIPp says why calls failed: a line each.
        let errors: String
        var description: String { "\(made) made, \(succeeded) succeeded, \(failed) failed\n\(errors.prefix(3_000))" }
    }

    private let process: TestProcess
    private let files: URL

    /// - Parameters:
    ///   - rate: Calls a second.
    ///   - length: How long each lasts.
    init(to proxy: (address: String, port: Int), from address: String, rate: Int, length: Duration, in environment: TestEnvironment) async throws {
        files = environment.directory.appendingPathComponent("echo-load-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        let scenario = files.appendingPathComponent("load.xml")
        try EchoLoad.scenario(length).write(to: scenario, atomically: true, encoding: .utf8)
        process = try await TestProcess("sipp", [
            "-sf", scenario.path, "-s", "echo", "\(proxy.address):\(proxy.port)", "-i", address, "-p", "\(try FreePort.both(address))",
            "-r", "\(rate)", "-l", "10000", "-nostdin", "-trace_err", "-error_file", files.path + "/errors",
            "-trace_stat", "-stf", files.path + "/statistics", "-fd", "1", "-max_retrans", "3", "-recv_timeout", "8000",
        ], directory: files.path)
    }

    /// Makes no new calls; returns when those that there are have ended.
    func stop() async throws -> Outcome {
        await process.send(signal: SIGUSR1)
        guard await process.exit(within: .seconds(60)) != nil else {
            await process.stop(within: .seconds(1))
            throw HarnessError("SIPp hangs")
        }
        let errors = (try? String(contentsOfFile: files.path + "/errors", encoding: .utf8)) ?? ""
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
        return Outcome(
            made: try number("TotalCallCreated"), succeeded: try number("SuccessfulCall(C)"), failed: try number("FailedCall(C)"), errors: errors)
    }

    private static func scenario(_ length: Duration) -> String {
        func request(_ method: String, _ number: Int, to: String, uri: String, routes: String) -> String {
            """
            \(method) \(uri) SIP/2.0
            Via: SIP/2.0/UDP [local_ip]:[local_port];rport;branch=[branch]
            Max-Forwards: 70
            From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]-[call_number]
            To: <sip:[service]@[remote_ip]:[remote_port]>\(to)
            Call-ID: [call_id]
            CSeq: \(number) \(method)
            Contact: <sip:sipp@[local_ip]:[local_port]>
            \(routes)
            """
        }
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <scenario name="echo-load">
              <send retrans="500"><![CDATA[
            \(request("INVITE", 1, to: "", uri: "sip:[service]@[remote_ip]:[remote_port]", routes: "Content-Type: application/sdp"))
            Content-Length: [len]

            v=0
            o=sipp [pid] [call_number] IN IP[media_ip_type] [media_ip]
            s=-
            c=IN IP[media_ip_type] [media_ip]
            t=0 0
            m=audio 7000 RTP/AVP 0 8
            ]]></send>
              <recv response="100" optional="true"/>
              <recv response="180" optional="true"/>
              <recv response="183" optional="true"/>
              <recv response="200" rrs="true"/>
              <send><![CDATA[
            \(request("ACK", 1, to: "[peer_tag_param]", uri: "[next_url]", routes: "[routes]"))
            Content-Length: 0

            ]]></send>
              <pause milliseconds="\(Int(length / .milliseconds(1)))"/>
              <send retrans="500"><![CDATA[
            \(request("BYE", 2, to: "[peer_tag_param]", uri: "[next_url]", routes: "[routes]"))
            Content-Length: 0

            ]]></send>
              <recv response="100" optional="true"/>
              <recv response="200"/>
            </scenario>
            """
    }
}
