import RTP
import Testing

@Suite("How often a loop turns")
struct TurnModerationTests {
    /// Microseconds.
    private static let interval: Int64 = 2_000

    /// Runs a loop that handles all that came since it looked last, for ten seconds; packets come in pairs, the second one soon after the first.
    ///
    /// - Returns: Turns and the longest delay of a packet in the last second.
    private func run(packetsPerSecond: Int64, perPacket: Int64 = 0) -> (turns: Int, longest: Int64) {
        var moderation = TurnModeration(interval: Self.interval), now: Int64 = 0, next: Int64 = 0, turns = 0, longest: Int64 = 0
        let pair = 2_000_000 / packetsPerSecond, gaps = [pair / 3, pair - pair / 3]
        var count = 0
        while now < 10_000_000 {
            now += moderation.delay(now: now)
            now = max(now, next)
            if now >= 9_000_000 {
                turns += 1
                longest = max(longest, now - next)
            }
            var work: Int64 = 100
            while next <= now {
                next += gaps[count % 2]
                count += 1
                work += perPacket
            }
            now += work
        }
        return (turns, longest)
    }

    @Test("while it is urgent, a busy loop turns twice as often, and stays busy; an idle one is not held up")
    func urgent() {
        var moderation = TurnModeration(interval: Self.interval), now: Int64 = 0, delay: Int64 = 0
        for turn in 0..<400 {
            delay = moderation.delay(now: now, isUrgent: turn < 200)
            now += delay + 100
            if turn == 199 { #expect(delay == Self.interval / 2 - 100) }
        }
        #expect(delay == Self.interval - 100)
        var idle = TurnModeration(interval: Self.interval)
        #expect((0..<100).allSatisfy { idle.delay(now: Int64($0) * 5_000, isUrgent: true) == 0 })
    }

    @Test("a loop that has little to do is not held up")
    func idle() {
        let result = run(packetsPerSecond: 500)
        #expect(abs(result.turns - 500) < 5 && result.longest == 0)
    }

    @Test("a busy loop turns once in two milliseconds, and no packet waits for longer", arguments: [1_500, 5_000] as [Int64])
    func busy(rate: Int64) {
        let result = run(packetsPerSecond: rate)
        #expect(abs(result.turns - 500) < 30, "\(result.turns)")
        #expect(result.longest > 0 && result.longest <= Self.interval)
    }

    @Test("a loop that has much to do in each turn goes on being held up", arguments: [100, 120, 150] as [Int64])
    func heavy(perPacket: Int64) {
        let result = run(packetsPerSecond: 5_000, perPacket: perPacket)
        #expect(abs(result.turns - 500) < 30, "\(result.turns)")
    }

    @Test("a loop that is busy all the time with its work is not held up as well")
    func loaded() {
        var moderation = TurnModeration(interval: Self.interval), now: Int64 = 0
        for _ in 0..<1_000 {
            #expect(moderation.delay(now: now) == 0)
            now += Self.interval
        }
    }

    @Test("a loop that was busy is let go when it is no more")
    func after() {
        var moderation = TurnModeration(interval: Self.interval), now: Int64 = 0
        for _ in 0..<200 { now += moderation.delay(now: now) + 100 }
        #expect(moderation.delay(now: now) > 0)
        for _ in 0..<5 { now += moderation.delay(now: now) + 20_000 }
        #expect(moderation.delay(now: now) == 0)
    }
}
