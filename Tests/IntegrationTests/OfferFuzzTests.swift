import Foundation
import JSON
import TestRandom
import Testing

/// Offers that no honest peer makes, through the gateway to a real Janus, whose memory and processor time are watched.
extension IntegrationTests {
    @Suite("Mutated offers")
    struct OfferFuzz {
        /// Of which there are at most so many, and for so long.
        static let maximumOffers = 2_000
        static let limit = Duration.seconds(20)

        @Test("whatever browsers and phones offer to the echo, Janus stays small and idle afterwards, and keeps no handle")
        func echo() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "fuzzed")
            do {
                let janus = try #require(gateway.janusProcesses().first)
                let client = try await APIClient.user("alice", at: gateway)
                let before = Self.use(of: janus)
                let (offers, answered, last) = try await Self.fuzz(client, alive: { gateway.janusProcesses() == [janus] })
                print("Mutated offers: \(offers), of which \(answered) were answered")
                let comment = Comment(rawValue: "TERN_TEST_SEED=\(SeededRandom.seed), \(offers) offers, the last ones:\n\(last.joined(separator: "\n"))")
                #expect(gateway.janusProcesses() == [janus], comment)
                let after = Self.use(of: janus)
                #expect(after.bytes - before.bytes < 150 << 20, comment)
                // Those that were to be refused must not all have been.
                #expect(offers >= 100 && answered * 20 >= offers, "\(answered) of \(offers)")
                let idle = await eventually(within: .patience) {
                    let begin = Self.use(of: janus)
                    try? await Task.sleep(for: .seconds(1))
                    return Self.use(of: janus).seconds - begin.seconds < 0.3
                }
                #expect(idle, comment)
                let empty = await eventually(within: .patience) { (try? gateway.status()).map { $0.handles == 0 && $0.sessions == 0 } == true }
                #expect(empty, comment)
                await client.leave()
                try await SIPProbe(at: gateway).callEcho()
            } catch {
                _ = await gateway.stop()
                throw error
            }
            await gateway.end()
        }

        /// Offers one after the other; the session of each is stopped when it has been answered.
        private static func fuzz(
            _ client: APIClient, alive: () -> Bool
        ) async throws -> (offers: Int, answered: Int, last: [String]) {
            var browsers = OfferMutations("mutated offers of browsers", corpus: try corpus { $0.contains("a=ice-ufrag") })
            var phones = OfferMutations("mutated offers of phones", corpus: try corpus { !$0.contains("a=ice-ufrag") })
            let end = ContinuousClock.now + limit
            var offers = 0, answered = 0, last: [String] = []
            while offers < maximumOffers, ContinuousClock.now < end {
                let isPhone = offers % 4 == 3
                let sdp = isPhone ? phones.next() : browsers.next()
                offers += 1
                last = last.suffix(3) + [sdp]
                do {
                    let offer: JSONValue = ["sdp": .string(sdp), "sdp_type": isPhone ? "rtp" : "webrtc"]
                    let data = try await client.request("media", "start_session", ["type": "echo", "offer": offer])
                    answered += 1
                    try await client.request("media", "stop_session", ["session_id": data["session_id"] ?? .null])
                } catch is APIClient.Refusal {
                    if !alive() { break }
                }
            }
            return (offers, answered, last)
        }

        private static func corpus(where fits: (String) -> Bool) throws -> [String] {
            let folder = try Stage.running.environment.root.appendingPathComponent("Tests/SDPTests/Corpus")
            let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            return try files.filter { $0.lastPathComponent.contains("offer") && $0.pathExtension == "sdp" }.sorted { $0.path < $1.path }
                .map { try String(contentsOf: $0, encoding: .utf8) }.filter(fits)
        }

        /// Memory in RAM, and processor time, of a process (proc(5): fields 14 and 15 of `stat`, in hundredths of a second).
        private static func use(of process: Int32) -> (bytes: Int, seconds: Double) {
            let pages = ProcFile.text("/proc/\(process)/statm").split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            let fields = ProcFile.text("/proc/\(process)/stat").split(separator: ")").last?.split(separator: " ") ?? []
            let ticks = fields.count > 12 ? (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0) : 0
            return (pages * Int(sysconf(Int32(_SC_PAGESIZE))), ticks / Double(sysconf(Int32(_SC_CLK_TCK))))
        }
    }
}
