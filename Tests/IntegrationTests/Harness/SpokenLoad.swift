import EventLoop
import Foundation

/// Calls to the echo at an even rate, by SIPp, each with RTP: one lives for some seconds and is hung up, or is hung up by the gateway, or is refused with 503.
final class SpokenLoad: Sendable {
    /// What became of a call.
    enum Fate: String, Sendable {
        /// It was answered; one of the other two follows.
        case answered
        /// The caller has hung up.
        case ended
        /// The gateway has.
        case lost
    }

    /// How it went.
    struct Outcome: Sendable, CustomStringConvertible {
        /// Each with the port at which the gateway took the call's RTP, in order.
        let fates: [(fate: Fate, port: Int)]
        let refused, failed: Int
        let errors: String

        func ports(_ fate: Fate) -> [Int] { fates.filter { $0.fate == fate }.map(\.port) }

        var description: String {
            "\(ports(.answered).count) answered, \(ports(.ended).count) ended, \(ports(.lost).count) lost, \(refused) refused, \(failed) failed\n\(errors.prefix(2_000))"
        }
    }

    private let process: TestProcess
    private let files: URL

    /// Begins to call.
    ///
    /// - Parameters:
    ///   - rate: Calls a second.
    ///   - life: How long a call lives.
    init(to gateway: GatewayProcess, rate: Int, calls: Int, life: Duration) async throws {
        files = gateway.directory.appendingPathComponent("spoken-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        // A second of silence in G.711 µ-law.
        let sound = files.appendingPathComponent("silence.raw"), scenario = files.appendingPathComponent("spoken.xml")
        try Data(repeating: 0xff, count: 8_000).write(to: sound)
        try SpokenLoad.scenario(sound: sound.path, life: life).write(to: scenario, atomically: true, encoding: .utf8)
        process = try await TestProcess("sipp", [
            "-sf", scenario.path, "-s", "echo", "\(gateway.address):\(gateway.sipPort)", "-i", gateway.address, "-p", "\(try FreePort.both(gateway.address))",
            "-r", "\(rate)", "-m", "\(calls)", "-l", "1000", "-nostdin", "-trace_err", "-error_file", files.path + "/errors",
            "-trace_logs", "-log_file", files.path + "/log", "-trace_stat", "-stf", files.path + "/statistics", "-fd", "1",
        ], directory: files.path)
    }

    /// Waits until the last call is over.
    func outcome(within limit: Duration) async throws -> Outcome {
        guard await process.exit(within: limit) != nil else {
            await process.stop(within: .seconds(1))
            throw HarnessError("SIPp hangs: \(process.output.suffix(2_000))")
        }
        func text(_ name: String) -> String { (try? String(contentsOf: files.appendingPathComponent(name), encoding: .utf8)) ?? "" }
        let fates = text("log").split(separator: "\n").compactMap { line -> (fate: Fate, port: Int)? in
            let words = line.split(separator: " ")
            guard words.count == 2, let fate = Fate(rawValue: String(words[0])), let port = Int(words[1]) else { return nil }
            return (fate, port)
        }
        let rows = text("statistics").split(separator: "\n").map { $0.split(separator: ";", omittingEmptySubsequences: false).map(String.init) }
        func number(_ name: String) throws -> Int {
            guard let names = rows.first, let last = rows.last, let index = names.firstIndex(where: { $0.contains(name) }), index < last.count, let number = Int(last[index])
            else { throw HarnessError("SIPp has no \(name): \(process.output.suffix(2_000))\n\(text("errors"))") }
            return number
        }
        return Outcome(fates: fates, refused: try number("GenericCounter1(C)"), failed: try number("FailedCall(C)"), errors: text("errors"))
    }

    func stop() async { await process.stop(within: .seconds(1)) }

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

    private static func scenario(sound: String, life: Duration) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <scenario name="spoken">
          <send retrans="500"><![CDATA[
        \(request("INVITE", 1, to: "", uri: own))Content-Type: application/sdp
        Content-Length: [len]

        v=0
        o=sipp [pid] [call_number] IN IP[media_ip_type] [media_ip]
        s=-
        c=IN IP[media_ip_type] [media_ip]
        t=0 0
        m=audio [rtpstream_audio_port] RTP/AVP 0
        ]]></send>
          <recv response="100" optional="true"/>
          <recv response="503" optional="true" next="refused" counter="1"/>
          <recv response="200" rrs="true">
            <action>
              <ereg regexp="m=audio ([1-9][0-9]*) " search_in="body" check_it="true" assign_to="line,port"/>
              <log message="answered [$port]"/>
            </action>
          </recv>
          <send><![CDATA[
        \(request("ACK", 1, to: "[peer_tag_param]"))Content-Length: 0

        ]]></send>
          <nop><action><exec rtp_stream="\(sound),-1,0"/></action></nop>
          <recv request="BYE" timeout="\(Int(life / .milliseconds(1)))" ontimeout="ends"><action><log message="lost [$port]"/></action></recv>
          <send next="over"><![CDATA[
        SIP/2.0 200 OK
        [last_Via:]
        [last_From:]
        [last_To:]
        [last_Call-ID:]
        [last_CSeq:]
        Content-Length: 0

        ]]></send>
          <label id="ends"/>
          <send retrans="500"><![CDATA[
        \(request("BYE", 2, to: "[peer_tag_param]"))Content-Length: 0

        ]]></send>
          <recv response="200" next="over"><action><log message="ended [$port]"/></action></recv>
          <label id="refused"/>
          <send><![CDATA[
        \(request("ACK", 1, to: "[peer_tag_param]", uri: own, branch: "[branch-1]"))Content-Length: 0

        ]]></send>
          <label id="over"/>
          <nop/>
          <Reference variables="line"/>
        </scenario>
        """
    }
}
