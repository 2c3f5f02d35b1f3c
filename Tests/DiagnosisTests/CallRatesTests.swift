import EventLoop
import Events
import Testing
@testable import Diagnosis

@Suite("The rates of calls")
struct CallRatesTests {
    private let start = ContinuousClock.now

    private func ended(_ status: Int) -> CallEvent { .ended(CallOutcome(status: status, reason: "", by: "callee")) }

    @Test("what began, was answered and failed counts for a minute, and longer in its own minute of the hour")
    func minute() {
        var rates = CallRates(now: start)
        let begin = CallEvent.began(CallStart(callerKind: "phone", caller: "alice", dialled: "bob", source: "user alice"))
        rates.note(begin, now: start + .seconds(10))
        rates.note(.answered, now: start + .seconds(12))
        rates.note(begin, now: start + .seconds(65))
        rates.note(ended(503), now: start + .seconds(66))
        #expect(rates.lastMinute(now: start + .seconds(69)) == CallRates.Counts(started: 2, answered: 1, failed: 1))
        #expect(rates.lastMinute(now: start + .seconds(70)) == CallRates.Counts(started: 1, answered: 1, failed: 1))
        #expect(rates.lastMinute(now: start + .seconds(126)) == CallRates.Counts())
        let history = rates.history(now: start + .seconds(130))
        #expect(history.count == CallRates.minutes && history.last == CallRates.Counts())
        #expect(history.suffix(3).dropLast() == [CallRates.Counts(started: 1, answered: 1), CallRates.Counts(started: 1, failed: 1)])
    }

    @Test("an hour later a minute's place is another one's")
    func wraps() {
        var rates = CallRates(now: start)
        rates.note(.answered, now: start + .seconds(30))
        #expect(rates.history(now: start + .seconds(3_599)).first == CallRates.Counts(answered: 1))
        #expect(rates.history(now: start + .seconds(3_630)).allSatisfy { $0 == CallRates.Counts() })
        rates.note(.answered, now: start + .seconds(3_630))
        #expect(rates.history(now: start + .seconds(3_631)).last == CallRates.Counts(answered: 1))
        #expect(rates.lastMinute(now: start + .seconds(3_631)) == CallRates.Counts(answered: 1))
    }

    @Test("what a party wished for is no failure", arguments: [200, 302, 480, 486, 487, 600, 603])
    func wishes(status: Int) {
        var rates = CallRates(now: start)
        rates.note(ended(status), now: start)
        #expect(rates.lastMinute(now: start).failed == 0)
    }

    @Test("other refusals are", arguments: [403, 404, 408, 488, 500, 503, 604])
    func failures(status: Int) {
        var rates = CallRates(now: start)
        rates.note(ended(status), now: start)
        #expect(rates.lastMinute(now: start).failed == 1)
    }

    @Test("the counter hears of calls by the stream of events") @LoopActor
    func counter() {
        let stream = EventStream()
        let counter = CallCounter(stream: stream)
        stream.tell("a", .answered)
        stream.tell("a", ended(500))
        #expect(counter.rates.lastMinute(now: .now) == CallRates.Counts(answered: 1, failed: 1))
    }
}
