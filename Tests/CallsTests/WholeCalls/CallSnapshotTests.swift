@testable import Calls
import EventLoop
import JSON
@testable import SIP
import Testing

@Suite("What operators see of calls, and do to them", .timeLimit(.minutes(1)))
@LoopActor
struct CallSnapshotTests {
    @Test("a call is set up, rings, is answered, and is gone when an operator has ended it")
    func life() async throws {
        let bench = CallBench()
        defer { bench.retire() }
        let alice = bench.browser("alice")
        let phone = bench.phone(calls: "alice", trunk: 20)
        await bench.settle()
        let invite = try #require(alice.requests.first { $0.command == "call_invite" })
        alice.respond(to: invite, [:])
        let id = try #require(invite.call)
        alice.request("ring_call", ["call_id": .string(id)])
        await bench.settle()
        let ringing = try #require(bench.switchboard.snapshots(limit: 10).first)
        #expect(ringing.id == id && ringing.state == .ringing && ringing.answeredFor == nil && ringing.callees == ["alice"])
        #expect(ringing.caller == "+49301" && ringing.callerKind == "trunk" && ringing.trunk == "east" && ringing.source == "trunk east")
        #expect(ringing.dialled == "alice")
        alice.request("answer_call", ["call_id": .string(id), "answer": ["sdp": .string(sdp("a browser's answer"))]])
        await bench.settle()
        let answered = try #require(bench.switchboard.snapshots(limit: 10).first)
        #expect(answered.state == .answered && answered.answeredFor != nil && answered.callees == ["alice"])
        phone.receive(.acknowledged(sdp: nil))
        #expect(bench.switchboard.hangUp(id))
        await bench.settle()
        #expect(phone.sent.last == "BYE" && alice.calls[id]?.ends == ["hangup"])
        #expect(bench.switchboard.snapshots(limit: 10).isEmpty)
        #expect(!bench.switchboard.hangUp(id))
        phone.receive(.byeAnswered)
        await bench.settle()
    }

    @Test("a call that rings is refused when an operator ends it, with 480")
    func refused() async throws {
        let bench = CallBench()
        defer { bench.retire() }
        let alice = bench.browser("alice")
        let phone = bench.phone(calls: "alice")
        await bench.settle()
        let invite = try #require(alice.requests.first { $0.command == "call_invite" })
        alice.respond(to: invite, [:])
        await bench.settle()
        #expect(bench.switchboard.hangUp(try #require(invite.call)))
        await bench.settle()
        #expect(phone.sent.last == "480")
    }

    @Test("of many calls the newest are shown, as many as are asked for")
    func bounded() async throws {
        let bench = CallBench()
        defer { bench.retire() }
        _ = bench.browser("alice")
        for _ in 1...3 {
            bench.phone(calls: "alice", trunk: 20)
            await bench.settle()
        }
        let shown = bench.switchboard.snapshots(limit: 2), all = bench.switchboard.snapshots(limit: 10)
        #expect(all.count == 3 && shown.map(\.id) == all.prefix(2).map(\.id))
        #expect(shown.allSatisfy { $0.age <= all[2].age })
        #expect(bench.switchboard.snapshots(limit: 0).isEmpty)
        bench.switchboard.endAll()
        await bench.settle()
    }
}
