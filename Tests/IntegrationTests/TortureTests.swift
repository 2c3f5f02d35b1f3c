import Foundation
import TestCertificates
import TestRandom
import Testing

/// Messages that were made to break parsers (RFC 4475, RFC 5118), and such messages changed at random.
extension IntegrationTests {
    @Suite("Torture")
    struct Torture {
        @Test("each torture message gets its status or silence, and the gateway goes on", arguments: try Self.runs())
        func plays(_ run: RealWorld.Run) async throws {
            let problems = try await RealWorldCall(run.sample, over: run.transport, to: Stage.running.gateway).play()
            #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
        }

        private static func runs() throws -> [RealWorld.Run] {
            try RealWorldCase.torture().flatMap { sample in sample.transports.map { RealWorld.Run(sample: sample, transport: $0) } }
        }

        @Test("each torture message that may come over a connection gets the same over TLS")
        func playsOverTLS() async throws {
            let environment = try Stage.running.environment
            let authority = try TestAuthority(), pair = try authority.issue("torture", names: "IP:\(environment.address)")
            let gateway = try await GatewayProcess(in: environment, name: "torture-tls", tls: (pair.certificate, pair.key))
            for sample in try RealWorldCase.torture() where sample.transports.contains(.tcp) {
                let problems = try await RealWorldCall(sample, over: .tls, to: gateway).play()
                #expect(problems.isEmpty, "\(sample.name): \(problems.joined(separator: "\n"))\n\(gateway.log.suffix(2_000))")
            }
            await gateway.end(within: .seconds(60))
        }

        @Test("messages of the browser API that are changed at random get an answer each, and the connection and the next call work")
        func messages() async throws {
            let gateway = try Stage.running.gateway
            var random = SeededRandom("messages of the browser API")
            let templates = Torture.requests.map { Array($0.utf8) }
            var answered = 0
            for round in 0..<max(1, Torture.count / 200) {
                let socket = try PlainWebSocket("127.0.0.1", port: gateway.httpPort)
                if round % 2 == 1 { socket.send(#"{"class":"core","cmd":"login","tid":0,"data":{"user":"bob","password":"\#(GatewayProcess.password)"}}"#) }
                for number in 0..<40 {
                    let bytes = Torture.changed(templates[Int.random(in: 0..<templates.count, using: &random)], &random)
                    // Text that is no UTF-8 closes the connection (RFC 6455 section 8.1).
                    socket.send(String(decoding: bytes.prefix(16_384), as: UTF8.self))
                    socket.send(#"{"class":"core","cmd":"ping","tid":"ping-\#(round)-\#(number)"}"#)
                    let pong = await socket.messages.first(within: .patience) {
                        if case .text(let text) = $0 { text.contains("ping-\(round)-\(number)\"") } else { true }
                    }
                    guard case .text? = pong else { throw HarnessError("behind \(String(decoding: bytes, as: UTF8.self).debugDescription): \(String(describing: pong))") }
                    answered += 1
                }
                socket.send(#"{"class":"core","cmd":"logout","tid":9}"#)
                socket.close()
            }
            Torture.write("| messages of the browser API, changed at random | \(answered) | |")
            try await SIPProbe(at: gateway).callEcho()
        }

        /// A message of each kind that a client sends.
        private static let requests = [
            #"{"class":"core","cmd":"login","tid":1,"data":{"user":"alice","password":5}}"#, #"{"class":"core","cmd":"resume","tid":1,"data":{"resume_token":"8f0a"}}"#,
            #"{"class":"core","cmd":"ping","tid":1,"data":{}}"#,
            #"{"class":"media","cmd":"start_session","tid":1,"data":{"type":"echo","offer":{"sdp":"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"}}}"#,
            #"{"class":"media","cmd":"start_call","tid":1,"data":{"dest":"nobody","offer":{"sdp":"v=0\r\n"}}}"#,
            #"{"class":"media","cmd":"hangup_call","tid":1,"data":{"call_id":"none"}}"#, #"{"class":"media","cmd":"answer_call","tid":1,"data":{"call_id":"none","answer":{"sdp":""}}}"#,
            #"{"class":"media","cmd":"set_candidate","tid":1,"data":{"session_id":"none","candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":0}}"#,
            #"{"class":"media","cmd":"update_session","tid":1,"data":{"session_id":"none","use_audio":false,"bitrate":1e9}}"#,
            #"{"class":"media","cmd":"send_dtmf","tid":1,"data":{"call_id":"none","digits":"12#","duration":100}}"#,
            #"{"class":"media","cmd":"report_line_test","tid":1,"data":{"session_id":"none","stats":{"codec":"opus","packets_sent":500,"jitter":-3,"round_trip":1e400}}}"#,
            #"{"class":"core","cmd":"subscribe","tid":1,"data":{"class":"media","subclass":"call","type":"*","obj_id":[null,[[]]]}}"#,
            #"{"class":"admin","cmd":"find_calls","tid":1,"data":{"limit":-1,"from":"+4930*"}}"#, #"{"result":"ok","tid":1,"data":{"answer":{"sdp":"v=0"}}}"#,
        ]

        /// How many messages are sent; `make torture` asks for more.
        private static let count = ProcessInfo.processInfo.environment["TERN_TORTURE_MESSAGES"].flatMap { Int($0) } ?? 2_000

        @Test("messages that are changed at random end neither the gateway nor Janus, take no memory that stays, and the next call works")
        func mutations() async throws {
            let stage = try Stage.running
            // No limit of strangers keeps what they send from the parts behind it.
            let gateway = try await GatewayProcess(
                in: stage.environment, name: "torture", sip: ["maximum_calls: 10000"], media: ["timeout: 5s"],
                more: "limits: {loop_delay: 10s, exempt: [\"\(stage.environment.address)\"]}\n")
            let janus = try #require(gateway.janusProcesses().first)
            let probe = try SIPProbe(at: gateway)
            try await probe.callEcho()
            var random = SeededRandom("messages changed at random")
            let samples = try RealWorldCase.torture() + RealWorldCase.all().filter { $0.name.hasPrefix("sip/") }
            let templates = samples.flatMap(\.messages)
            var memory: [(gateway: Int, janus: Int)] = []
            for round in 0..<4 {
                // A quarter at a time: what the first takes may stay, what the last take may not.
                for number in 0..<Torture.count / 4 {
                    let template = templates[Int.random(in: 0..<templates.count, using: &random)]
                    probe.send(Torture.changed(Torture.filled(template, probe, "\(round)-\(number)"), &random))
                    if number % 50 == 49 { try await Torture.answered(probe) }
                }
                try await probe.callEcho()
                memory.append((Torture.memory(of: gateway.pid), Torture.memory(of: janus)))
            }
            #expect(gateway.janusProcesses() == [janus], "Janus was started again")
            let (first, last) = (try #require(memory.first), try #require(memory.last))
            // Transactions live for half a minute, which a short run does not outlast.
            #expect(Double(last.gateway) < Double(first.gateway) * 1.5 + Double(Torture.count) * 8, "\(memory)")
            #expect(Double(last.janus) < Double(first.janus) * 1.5, "\(memory)")
            Torture.report(memory)
            await gateway.end(within: .seconds(150))
        }

        /// Waits until what was sent before has been seen to.
        private static func answered(_ probe: SIPProbe) async throws {
            let call = SIPProbe.Call(to: "echo", from: probe)
            probe.send(call.request("OPTIONS", number: 1))
            _ = try await probe.final("OPTIONS", of: call)
            probe.forget()
        }

        private static func filled(_ template: String, _ probe: SIPProbe, _ id: String) -> [UInt8] {
            let values = [
                "branch": "z9hG4bK" + id, "tag": "t", "call-id": "torture-\(id)", "host": probe.address, "port": "\(probe.port)", "transport": "UDP",
                "target": probe.registrar, "gateway": probe.address, "to-tag": "x", "remote-target": "sip:echo@\(probe.registrar)", "rtp-port": "7000",
                "video-port": "7002", "nul": "\0", "cr": "\r", "lf": "\n", "tab": "\t", "sp": " ", "length": "150",
            ]
            let text = values.reduce(template) { $0.replacingOccurrences(of: "{\($1.key)}", with: $1.value) }
            return text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        }

        /// A few changes: bytes set, taken out, doubled, moved; lines taken out, doubled, joined; numbers replaced.
        static func changed(_ message: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
            var bytes = message
            let numbers = ["0", "-1", "4294967296", "99999999999999999999", "1e9"].map { Array($0.utf8) }
            for _ in 0..<Int.random(in: 1...4, using: &random) where bytes.count > 8 {
                let at = Int.random(in: 0..<bytes.count - 4, using: &random), length = Int.random(in: 1...40, using: &random)
                let range = at..<min(bytes.count, at + length)
                switch Int.random(in: 0..<6, using: &random) {
                case 0: bytes[at] = UInt8.random(in: .min ... .max, using: &random)
                case 1: bytes.removeSubrange(range)
                case 2: bytes.insert(contentsOf: Array(bytes[range]), at: at)
                case 3: bytes.insert(contentsOf: Array(repeating: bytes[at], count: Int.random(in: 1...2_000, using: &random)), at: at)
                case 4: bytes.replaceSubrange(range, with: numbers[Int.random(in: 0..<numbers.count, using: &random)])
                default:
                    let piece = Array(bytes[range])
                    bytes.removeSubrange(range)
                    bytes.insert(contentsOf: piece, at: Int.random(in: 0...bytes.count, using: &random))
                }
            }
            return Array(bytes.prefix(60_000))
        }

        /// KiB of memory that a process has (proc(5), VmRSS).
        static func memory(of process: Int32) -> Int {
            let line = ProcFile.text("/proc/\(process)/status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
        }

        /// A line for docs/reliability.md, where `make torture` asks for it.
        private static func report(_ memory: [(gateway: Int, janus: Int)]) {
            guard let first = memory.first, let last = memory.last else { return }
            let line = "| messages of RFC 4475, RFC 5118 and real networks, changed at random, to a running gateway | \(count) | "
                + "gateway \(first.gateway >> 10) → \(last.gateway >> 10) MB, Janus \(first.janus >> 10) → \(last.janus >> 10) MB |"
            write(line)
        }
    }
}
