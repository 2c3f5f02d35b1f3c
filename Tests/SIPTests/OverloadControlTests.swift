import EventLoop
import Testing

@testable import SIP

@Suite("What the load allows")
struct OverloadControlTests {
    /// A gateway that sets up `capacity` calls a second, one after the other, and is offered `offered`.
    private struct Machine {
        var control: OverloadControl
        let capacity: Double
        private(set) var now = ContinuousClock.now
        private var queue: [ContinuousClock.Instant] = []
        private var work = 0.0
        private(set) var accepted = 0, refused = 0, longestQueue = 0
        private var due = 0.0

        init(capacity: Double, limits: OverloadControl.Limits = OverloadControl.Limits()) {
            self.capacity = capacity
            control = OverloadControl(limits: limits, now: now)
        }

        mutating func run(offered: Double, seconds: Double, isKnown: Bool = true) {
            (accepted, refused, longestQueue) = (0, 0, 0)
            for _ in 0..<Int(seconds * 1_000) {
                now += .milliseconds(1)
                due += offered / 1_000
                while due >= 1 {
                    due -= 1
                    if control.refusal(isKnown: isKnown, at: now) == nil {
                        accepted += 1
                        control.arrive()
                        control.beginSetUp()
                        queue.append(now)
                    } else {
                        refused += 1
                    }
                }
                work += capacity / 1_000
                while work >= 1, !queue.isEmpty {
                    work -= 1
                    control.endSetUp(after: queue.removeFirst().duration(to: now), at: now)
                }
                if queue.isEmpty { work = min(work, 1) }
                longestQueue = max(longestQueue, queue.count)
            }
        }
    }

    @Test("a limit that others refuse in the place of does not grow for ever")
    func bounded() {
        var limits = OverloadControl.Limits()
        limits.callsPerSecond = 20
        var now = ContinuousClock.now
        var control = OverloadControl(limits: limits, now: now)
        for window in 0..<20_000 {
            for _ in 0..<10 {
                now += .milliseconds(21)
                guard control.refusal(isKnown: true, at: now) == nil else { continue }
                control.arrive()
                control.beginSetUp()
                control.endSetUp(after: .milliseconds(1), at: now)
            }
            // Late once in a while, so that there is a limit.
            if window % 40 < 3 { control.note(loopDelay: .seconds(1), at: now) }
        }
        let limit = control.limit ?? 0
        #expect(limit < 1_000 && SIPLoad.whole(limit) == Int(limit.rounded()))
        #expect(SIPLoad.whole(.infinity) == 0 && SIPLoad.whole(.nan) == 0 && SIPLoad.whole(1e300) == 1_000_000_000 && SIPLoad.whole(-1) == 0)
    }

    @Test("what can be set up is taken, all of it, and nothing limits it")
    func below() {
        var machine = Machine(capacity: 200)
        machine.run(offered: 150, seconds: 10)
        #expect(machine.refused == 0 && machine.control.limit == nil)
    }

    @Test("at four times what can be set up, about as much is taken as can be, and few wait", arguments: [40.0, 200, 1_000])
    func above(capacity: Double) {
        var machine = Machine(capacity: capacity)
        machine.run(offered: capacity * 4, seconds: 5)
        machine.run(offered: capacity * 4, seconds: 20)
        #expect(Double(machine.accepted) > capacity * 20 * 0.6, "accepted \(machine.accepted)")
        #expect(Double(machine.accepted) < capacity * 20 * 1.1, "accepted \(machine.accepted)")
        #expect(machine.longestQueue <= 100)
    }

    @Test("when the load is over, all is taken again within two seconds' worth of calls, and then there is no limit")
    func recovery() {
        var machine = Machine(capacity: 40)
        machine.run(offered: 160, seconds: 10)
        #expect(machine.control.limit != nil)
        machine.run(offered: 20, seconds: 2)
        machine.run(offered: 20, seconds: 2)
        #expect(machine.refused == 0)
        machine.run(offered: 20, seconds: 12)
        #expect(machine.refused == 0 && machine.control.limit == nil)
    }

    @Test("an event loop that stays late limits the calls as well, to what was set up last; one late turn does not")
    func lateLoop() throws {
        var machine = Machine(capacity: 1_000)
        machine.run(offered: 100, seconds: 3)
        machine.control.note(loopDelay: .milliseconds(300), at: machine.now)
        machine.run(offered: 100, seconds: 0.5)
        #expect(machine.control.limit == nil)
        for _ in 0..<3 {
            machine.control.note(loopDelay: .milliseconds(300), at: machine.now)
            machine.run(offered: 100, seconds: 0.25)
        }
        let limit = try #require(machine.control.limit)
        #expect((50...100).contains(limit), "\(limit)")
    }

    @Test("callers who are known get what strangers are refused")
    func known() {
        var limits = OverloadControl.Limits()
        limits.callsPerSecond = 100
        var control = OverloadControl(limits: limits, now: .now)
        let now = ContinuousClock.now
        while control.refusal(isKnown: false, at: now) == nil {}
        #expect(control.refusal(isKnown: false, at: now) == .configured)
        #expect(control.refusal(isKnown: true, at: now) == nil)
    }

    @Test("a configured rate holds whatever the load is, and refused callers are told to wait the longer the more there are")
    func configured() {
        var limits = OverloadControl.Limits()
        limits.callsPerSecond = 50
        var machine = Machine(capacity: 1_000, limits: limits)
        machine.run(offered: 60, seconds: 10)
        let short = machine.control.retryAfter(0)
        #expect((480...520).contains(machine.accepted), "\(machine.accepted)")
        machine.run(offered: 600, seconds: 10)
        #expect((480...520).contains(machine.accepted), "\(machine.accepted)")
        #expect(machine.control.retryAfter(0) > short && machine.control.retryAfter(7) <= 60)
        #expect(Set((0..<100).map { machine.control.retryAfter($0) }).count > 3, "they do not all come back at once")
    }

    @Test("calls that Sofia refuses by itself are not waited for")
    func lostArrivals() {
        var limits = OverloadControl.Limits()
        limits.setUps = 10
        var control = OverloadControl(limits: limits, now: .now)
        let now = ContinuousClock.now
        for _ in 0..<10 { #expect(control.refusal(isKnown: true, at: now) == nil) }
        #expect(control.refusal(isKnown: true, at: now) == .setUp)
        #expect(control.refusal(isKnown: true, at: now + .milliseconds(250)) == nil)
        #expect(control.setUps == 0)
    }
}

@Suite("Refusals that are remembered")
struct RefusedTransactionsTests {
    @Test("a refusal is known for half a minute, and there are never more than fit")
    func bounds() {
        var refused = RefusedTransactions(capacity: 100, lifetime: .seconds(32))
        let now = ContinuousClock.now
        for number in 0..<1_000 { refused.insert(UInt64(number), .overload(retryAfter: number), at: now) }
        #expect(refused.count <= 200)
        #expect(refused.refusal(of: 999, at: now) == .overload(retryAfter: 999))
        #expect(refused.refusal(of: 950, at: now + .seconds(31)) == .overload(retryAfter: 950))
        #expect(refused.refusal(of: 0, at: now) == nil)
        #expect(refused.refusal(of: 999, at: now + .seconds(100)) == nil)
        #expect(refused.count == 0)
    }
}
