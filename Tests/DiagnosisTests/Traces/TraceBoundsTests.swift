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

    @Test("events wait to be looked at, but not many of them, nor large ones, nor long; those that are in no trace do not")
    func together() async throws {
        let bench = TraceBench()
        for number in 1..<WaitingEvents.most.events { bench.sip("d\(number)", "REGISTER", method: "REGISTER") }
        bench.log(.gateway, "it is day")
        bench.engine(7, #"{"janus":"keepalive"}"#, isSent: false)
        #expect(bench.store.waiting.count == WaitingEvents.most.events - 1)
        bench.sip("last", "REGISTER", method: "REGISTER")
        #expect(bench.store.waiting.count == 0 && bench.store.waiting.bytes == 0)
        bench.sip("large", String(repeating: long, count: 53), method: "REGISTER")
        #expect(bench.store.waiting.count == 0)
        bench.begin("c", caller: "last")
        #expect(bench.store.waiting.count == 2)
        let end = ContinuousClock.now + .seconds(10)
        while bench.store.waiting.count > 0, ContinuousClock.now < end { await LoopTimer.sleep(for: .milliseconds(5)) }
        #expect(bench.store.waiting.count == 0)
        #expect(try bench.labels("c").count == 2)
    }

    @Test("what belongs to no call goes when its time is over, also where nothing comes any more but what no trace has")
    func quiet() throws {
        let bench = TraceBench()
        bench.invite("d")
        #expect(bench.store.callCount == 0)
        bench.now += 61_000_000
        bench.log(.gateway, "later")
        #expect(try bench.labels("d") == ["INVITE sip:echo@192.0.2.1"])
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

    @Test("INVITEs that are refused or not answered, however many, leave the traces of calls", arguments: [false, true])
    func scanned(isByMemory: Bool) {
        let bench = TraceBench(memory: isByMemory ? 1 << 20 : 64 << 20) { $0.calls = isByMemory ? 100_000 : 40 }
        let text = isByMemory ? long : ""
        for number in 0..<20 {
            bench.begin("\(number)", caller: "d\(number)")
            bench.sip("d\(number)", "INFO \(number) \(text)", method: "INFO")
            bench.call("\(number)", .ended(CallOutcome(status: 200, reason: "", by: "caller")))
        }
        let start = CallStart(callerKind: "phone", caller: "100", dialled: "echo", source: ""), outcome = CallOutcome(status: 403, reason: "no", by: "gateway")
        for number in 0..<300 {
            bench.sip("s\(number)", "INVITE sip:\(number)@192.0.2.1 SIP/2.0\r\n\r\n\(text)")
            if number % 3 == 0 { bench.respond("s\(number)", 404, "Not Found") }
            if number % 3 == 1 { bench.call("x\(number)", .notAdmitted(start, callID: "s\(number)", client: nil, outcome)) }
            bench.now += 61_000_000
        }
        let kept = bench.store.list(count: 1_000)
        #expect(Set(kept.filter(\.isCall).map(\.id)) == Set((0..<20).map { "\($0)" }))
        #expect(kept.count { !$0.isCall } >= 10)
    }

    @Test("live calls go last, however many are older than the first that has ended")
    func live() {
        let bench = TraceBench { $0.calls = 301 }
        for number in 0..<300 { bench.begin("live\(number)") }
        for number in 0..<50 {
            bench.begin("\(number)")
            bench.call("\(number)", .ended(CallOutcome(status: 200, reason: "", by: "caller")))
        }
        #expect(bench.store.list(count: 1_000).map(\.id) == ["49"] + (0..<300).reversed().map { "live\($0)" })
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
