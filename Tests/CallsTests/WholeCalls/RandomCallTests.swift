@testable import Calls
import EventLoop
import Foundation
import Registrar
import TestRandom
import Testing

@Suite("Calls of parties that do anything at any time")
@LoopActor
struct RandomCallTests {
    /// Longest time for all sequences, unless their number is asked for.
    private static let limit = Duration.seconds(60)

    /// Where the sequences begin unless another seed is asked for: every run plays the same ones, and other seeds look for new faults.
    private static let usualSeed: UInt64 = 700_000_000

    private func variable(_ name: String) -> UInt64? { ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) } }

    /// The steps of a sequence.
    private func steps(_ seed: UInt64) -> [UInt64] {
        var generator = SeededRandom(seed: seed)
        return (0..<Int.random(in: 10...50, using: &generator)).map { _ in generator.next() }
    }

    /// Two to four parties, forks, transfers, clients that come, leave, answer, hold and cancel. `TERN_TEST_SEED` plays the sequences from that seed on,
    /// `TERN_TEST_SEQUENCES` says how many.
    @Test("end each party once, change nothing for others, answer every request and leave nothing")
    func sequences() async throws {
        // A task that never leaves the loop's thread is twice as fast.
        try await Task(executorPreference: EventLoop.shared) { try await play() }.value
    }

    private func play() async throws {
        let first = variable("TERN_TEST_SEED") ?? RandomCallTests.usualSeed
        let wanted = variable("TERN_TEST_SEQUENCES")
        print("TERN_TEST_SEED=\(first)")
        let began = ContinuousClock.now
        var played: UInt64 = 0, answered = 0, transferred = 0, failovers = 0, lostFlows = 0
        while played < wanted ?? 100_000, wanted != nil || ContinuousClock.now - began < RandomCallTests.limit {
            let seed = first &+ played
            let outcome = try await RandomCalls.play(steps(seed))
            played += 1
            answered += outcome.answered
            transferred += outcome.transferred
            failovers += outcome.failovers
            lostFlows += outcome.lostFlows
            guard !outcome.faults.isEmpty else { continue }
            let shortest = try await shorten(steps(seed))
            Issue.record(
                """
                TERN_TEST_SEED=\(seed) TERN_TEST_SEQUENCES=1
                \(shortest.faults.joined(separator: "\n"))
                after
                \(shortest.trace.joined(separator: "\n"))
                """)
            break
        }
        print(
            """
            \(played) sequences in \(ContinuousClock.now - began): \(answered) calls of phones were answered, \(transferred) transfers done, \
            \(failovers) calls by a trunk's second target, \(lostFlows) registrations lost with their connection
            """)
        // Else they would show little.
        if played >= 1_000 { #expect(answered >= played / 4 && transferred >= played / 50 && failovers > 0 && lostFlows > 0) }
    }

    /// The same fault by as few steps as can be found in a while, one left out at a time.
    private func shorten(_ steps: [UInt64]) async throws -> RandomCalls.Outcome {
        var best = steps
        var outcome = try await RandomCalls.play(steps)
        let end = ContinuousClock.now + .seconds(10)
        var index = 1
        while index < best.count, ContinuousClock.now < end {
            var shorter = best
            shorter.remove(at: index)
            let result = try await RandomCalls.play(shorter)
            if result.faults.isEmpty {
                index += 1
            } else {
                (best, outcome) = (shorter, result)
            }
        }
        return outcome
    }
}
