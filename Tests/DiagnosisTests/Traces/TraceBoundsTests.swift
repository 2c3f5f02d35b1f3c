@testable import Diagnosis
import EventLoop
import Events
import Testing

@LoopActor
@Suite struct TraceBoundsTests {
    private let long = String(repeating: "x", count: 10_000)

    @Test("memory stays within its bound, whatever comes; calls that have ended go first, the oldest of them first")
    func memory() throws {
        let bench = TraceBench(memory: 1 << 20)
        bench.begin("live", caller: "live")
        for number in 0..<500 {
            bench.begin("\(number)", caller: "d\(number)")
            bench.sip("d\(number)", "INFO \(number) \(long)", method: "INFO")
            bench.sip("loose\(number)", "REGISTER \(number) \(long)", method: "REGISTER")
            bench.api(Sample.client, #"{"class":"media","cmd":"x","data":"\#(long)","tid":\#(number)}"#)
            bench.call("\(number)", .ended(CallOutcome(status: 200, reason: "", by: "caller")))
            #expect(bench.store.memory <= 1 << 20)
        }
        let kept = bench.store.list(count: 1_000).map(\.id)
        #expect(kept.first == "499" && kept.last == "live" && (20...100).contains(kept.count))
    }

    @Test("one call takes no more than its bound, and its end is kept all the same")
    func call() throws {
        let bench = TraceBench { $0.call = 100_000 }
        bench.begin("c", caller: "d")
        for number in 0..<100 { bench.sip("d", "INFO \(number) \(long)", method: "INFO") }
        for number in 0..<400 { bench.sip("d", "INFO \(number)", method: "INFO") }
        bench.call("c", .ended(CallOutcome(status: 200, reason: "OK", by: "caller")))
        let trace = try bench.store.trace(of: "c")
        #expect(trace.entries.reduce(0) { $0 + $1.text.utf8.count } < 100_000 && trace.dropped > 80)
        #expect(trace.entries.last?.label == "call ended by caller: 200 OK")
    }

    @Test("there are at most so many calls, and things without a call")
    func count() {
        let bench = TraceBench { ($0.calls, $0.loose) = (10, 10) }
        for number in 0..<50 {
            bench.begin("\(number)")
            bench.sip("loose\(number)", "OPTIONS \(number)", method: "OPTIONS")
        }
        #expect(bench.store.list(count: 100).map(\.id) == (40..<50).reversed().map { "\($0)" })
        #expect(bench.store.memory < 200_000)
    }

    @Test("a live call whose trace had to go does not come back in parts")
    func evicted() {
        let bench = TraceBench { $0.calls = 1 }
        bench.begin("one", caller: "d")
        bench.begin("two")
        bench.invite("d")
        bench.respond("d", 488, "Not Acceptable Here")
        bench.call("one", .ended(CallOutcome(status: 200, reason: "", by: "caller")))
        #expect(bench.store.list(count: 10).map(\.id) == ["two"])
    }

    @Test("what waits for a call whose trace had to go is let go of when its time is over")
    func waiting() {
        let bench = TraceBench { $0.calls = 1 }
        bench.invite("d")
        bench.call("one", .began(CallStart(callerKind: "phone", caller: "", dialled: "", source: "")))
        bench.begin("two")
        bench.call("one", .hasDialog(callID: "d", isCaller: true))
        let before = bench.store.memory
        bench.now += 61_000_000
        bench.log(.call("x"), "later")
        #expect(bench.store.memory < before && bench.store.list(count: 10).map(\.id) == ["two"])
    }

    @Test("without memory nothing is listened to")
    func off() {
        let bench = TraceBench(memory: 0)
        for kind in [Event.Kinds.sip, .api, .engine, .log, .call, .session] { #expect(!bench.stream.wants(kind)) }
        bench.begin("one")
        #expect(bench.store.list(count: 10).isEmpty)
    }
}
