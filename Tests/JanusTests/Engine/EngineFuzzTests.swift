import EventLoop
import Foundation
@testable import Janus
import JSON
import TestRandom
import Testing

extension Serially {
@Suite("The media engine under requests at random", .serialized, .timeLimit(.minutes(3)))
struct EngineFuzzTests {
    /// How long; `TERN_FUZZ_SECONDS` says otherwise. The seed repeats the requests of a run, though not their timing.
    static let duration = Duration.seconds(ProcessInfo.processInfo.environment["TERN_FUZZ_SECONDS"].flatMap { Int($0) } ?? 10)

    @Test("each request is answered, whatever is asked in whatever order while media flow, and nothing stays behind")
    @LoopActor func requests() async throws {
        try await EngineBench.run(usesPeerConnections: true) { bench in
            let phones = try (0..<4).map { try TestPhone($0 < 3 ? EngineBench.phone : EngineBench.stranger) }
            let recordings = try Machine.scratchDirectory()
            defer { Machine.remove(recordings) }
            let board = Board()
            // One PeerConnection talks with a leg after the other; the other one is a leg like all.
            let peer = try await TestPeer(of: bench.janus.client), other = try await TestPeer(of: bench.janus.client)
            board.peers = [peer.id.value, other.id.value]
            board.legs.append(other.leg)
            board.ids.append(other.id.value)
            let end = ContinuousClock.now + Self.duration
            let talk = Task { @LoopActor in
                var random = SeededRandom("requests to the engine: a PeerConnection's legs")
                while ContinuousClock.now < end {
                    // That leg may just have ended.
                    try? await peer.configure(to: board.ids.randomElement(using: &random).flatMap { EngineLegID($0) })
                    try? await Task.sleep(for: .milliseconds(20))
                }
            }
            let players = (0..<6).map { number in
                let player = Player(
                    RequestGenerator("requests to the engine: player \(number)", phones: phones, recordings: recordings), board, bench.janus.client)
                return Task { @LoopActor in try await player.play(until: end) }
            }
            let media = Task.detached {
                var random = SeededRandom("requests to the engine: datagrams")
                var index = 0
                while ContinuousClock.now < end {
                    index += 1
                    let phone = phones[Int.random(in: 0..<phones.count, using: &random)]
                    let port = 24_000 + Int.random(in: 0..<30, using: &random)
                    phone.send(MediaGenerator.datagram(index, &random), to: socketAddress(EngineBench.address, port))
                    if index % 8 == 0 { try? await Task.sleep(for: .milliseconds(1)) }
                    if index % 64 == 0 { phones.forEach { _ = $0.waiting() } }
                }
                return index
            }
            var answers = Player.Answers()
            for player in players { answers.add(try await player.value) }
            let datagrams = await media.value
            await talk.value
            print("EngineFuzzTests: \(answers), \(datagrams) datagrams")
            #expect(answers.accepted > 100 && answers.refused > 100 && datagrams > 1_000)
            for leg in board.legs { await leg.handle.detach() }
            // It still does what it is for.
            let leg = try await bench.leg(ports: 25_000...25_099)
            try await leg.configure(phones[0].remote, to: leg.id)
            _ = phones[0].waiting()
            phones[0].send(RTPSample(0), to: leg.audio)
            #expect(await phones[0].receive(1).count == 1)
            await leg.leg.handle.detach()
            _ = phones[1].waiting()
            try await EnginePeerTests.talk(bench, peer, phones[1])
            await other.stop()
            await peer.stop()
        }
    }

    /// The legs that all players share.
    @LoopActor
    final class Board {
        var legs: [EngineLeg] = []
        var ids: [Int] = []
        /// Of PeerConnections with live media.
        var peers: [Int] = []
    }

    /// Attaches legs, asks them for anything, and detaches them.
    @LoopActor
    final class Player {
        struct Answers {
            var accepted = 0
            /// By the plugin, or by Janus' core.
            var refused = 0

            mutating func add(_ other: Answers) {
                accepted += other.accepted
                refused += other.refused
            }
        }

        private var generator: RequestGenerator
        private let board: Board
        private let client: JanusClient

        init(_ generator: RequestGenerator, _ board: Board, _ client: JanusClient) {
            (self.generator, self.board, self.client) = (generator, board, client)
        }

        func play(until end: ContinuousClock.Instant) async throws -> Answers {
            var answers = Answers()
            while ContinuousClock.now < end {
                guard let index = generator.index(of: board.legs.count, most: 16) else {
                    let leg = try await EngineLeg.attach(to: client)
                    let id = try await leg.id()
                    board.legs.append(leg)
                    board.ids.append(id.value)
                    continue
                }
                let leg = board.legs[index]
                if generator.endsLeg() {
                    board.legs.remove(at: index)
                    board.ids.remove(at: index)
                    await leg.handle.detach()
                    continue
                }
                let (body, jsep) = generator.request(ids: board.ids + board.peers)
                do throws(JanusError) {
                    _ = try await leg.handle.message(body, jsep: jsep)
                    answers.accepted += 1
                } catch {
                    switch error {
                    case .plugin(_, let reason):
                        answers.refused += 1
                        #expect(!reason.isEmpty)
                    case .refused: answers.refused += 1
                    // Another player has ended it.
                    case .detached: break
                    default: Issue.record("\(error): \(body.text.prefix(500))")
                    }
                }
            }
            return answers
        }
    }
}
}
