import Foundation
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

        /// How many messages are sent; `make torture` asks for more.
        private static let count = ProcessInfo.processInfo.environment["TERN_TORTURE_MESSAGES"].flatMap { Int($0) } ?? 2_000

        @Test("messages that are changed at random end neither the gateway nor Janus, take no memory that stays, and the next call works")
        func mutations() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "torture", media: ["timeout: 5s"])
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
        private static func changed(_ message: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
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
            guard let path = ProcessInfo.processInfo.environment["TERN_TORTURE_REPORT"], let first = memory.first, let last = memory.last else { return }
            let line = "| messages of RFC 4475, RFC 5118 and real networks, changed at random, to a running gateway | \(count) | "
                + "gateway \(first.gateway >> 10) → \(last.gateway >> 10) MB, Janus \(first.janus >> 10) → \(last.janus >> 10) MB |\n"
            guard let file = FileHandle(forWritingAtPath: path) else { return }
            file.seekToEndOfFile()
            file.write(Data(line.utf8))
            try? file.close()
        }
    }
}
