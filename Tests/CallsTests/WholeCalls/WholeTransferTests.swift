@testable import Calls
import EventLoop
import JSON
@testable import SIP
import Testing

@Suite("Transfers without sockets", .timeLimit(.minutes(1)))
@LoopActor
struct WholeTransferTests {
    @Test("a browser transfers its phone to another one, and leaves when that has answered; also where no new calls are taken", arguments: [false, true])
    func blindTransfer(isDraining: Bool) async throws {
        try await CallBench.play { bench in
            let alice = bench.browser("alice")
            let (call, phone) = try await bench.callsPhone(alice)
            bench.switchboard.isDraining = isDraining
            alice.request("transfer_call", ["call_id": .string(call), "dest": "801"])
            await bench.settle()
            let target = try #require(bench.agent.legs.last)
            #expect(target !== phone && alice.calls[call]?.ends == [])
            target.receive(.success(sdp: sdp("the target's answer")))
            await bench.settle()
            #expect(phone.sent.last == "re-INVITE offer")
            phone.receive(.success(sdp: sdp("the phone's answer to the transfer")))
            await bench.settle()
            #expect(alice.calls[call]?.ends == ["hangup"] && phone.isAlive && target.isAlive)
            phone.receive(.bye(nil))
            await bench.settle()
            #expect(target.sent.last == "BYE")
            target.receive(.byeAnswered)
        }
    }

    @Test("the sender of a REFER hears of the end of its call before its BYE")
    func lostWhileReferring() async throws {
        try await CallBench.play { bench in
            let alice = bench.browser("alice")
            let (_, phone) = try await bench.callsPhone(alice)
            phone.receive(.transferRequested(SIPTransferRequest(
                target: "sip:carol@tern.example.org", scheme: "sip", user: "carol", host: "tern.example.org")))
            await bench.settle()
            bench.media.sessions.first?.stop(.mediaServerLost)
            await bench.settle()
            #expect(phone.sent.suffix(2) == ["NOTIFY 503", "BYE"])
        }
    }

    @Test("a client that hangs up during its transfer hears no more of it")
    func transferorHangsUp() async throws {
        try await CallBench.play { bench in
            let alice = bench.browser("alice")
            let (call, _) = try await bench.callsPhone(alice)
            alice.request("transfer_call", ["call_id": .string(call), "dest": "801"])
            await bench.settle()
            alice.request("hangup_call", ["call_id": .string(call)])
            await bench.settle()
            bench.agent.legs.last?.receive(.failure(status: 486, phrase: "Busy Here", reason: nil))
            await bench.settle()
            #expect(alice.events.last { $0.object == call }?.type == "hangup")
        }
    }

    @Test("a client that hangs up twice what it transferred to its own user ends nothing of the new call, which rings it as well")
    func transferToItself() async throws {
        try await CallBench.play { bench in
            let carol = bench.browser("carol"), (first, second) = (bench.browser("alice"), bench.browser("alice"))
            carol.request("start_call", ["dest": "alice", "offer": .offer])
            await bench.settle()
            let call = try first.invitation()
            first.request("answer_call", ["call_id": .string(call), "answer": .answer])
            await bench.settle()
            second.requests = []
            first.request("transfer_call", ["call_id": .string(call), "dest": "alice"])
            await bench.settle()
            first.request("hangup_call", ["call_id": .string(call)])
            await bench.settle()
            carol.respond(to: try #require(carol.requests.first), ["offer": .offer])
            await bench.settle()
            let (rings, new) = (try first.invitation(), try second.invitation())
            #expect(rings == new && new != call)
            let again = first.request("hangup_call", ["call_id": .string(call)])
            #expect(first.responses[again]?.code == 3_002)
            second.request("answer_call", ["call_id": .string(new), "answer": .answer])
            await bench.settle()
            #expect(second.calls[new]?.ends == [] && carol.calls[call]?.ends == [])
            #expect(first.calls[call]?.ends == ["hangup"] && first.calls[new]?.ends == ["answered_elsewhere"])
            carol.request("hangup_call", ["call_id": .string(call)])
            await bench.settle()
            #expect(second.calls[new]?.ends == ["hangup"] && carol.calls[call]?.ends == ["hangup"])
        }
    }

    @Test("the end of a former call is told to the clients of who left it, and not to those for whom it goes on, or who are in the new one")
    func endOfTheFormerCall() async throws {
        try await CallBench.play { bench in
            let (alice, carol, bob) = (bench.browser("alice"), bench.browser("carol"), bench.browser("bob"))
            let start = alice.request("start_call", ["dest": "carol", "offer": .offer])
            await bench.settle()
            let call = try carol.invitation()
            carol.request("answer_call", ["call_id": .string(call), "answer": .answer])
            await bench.settle()
            let session = try #require(alice.responses[start]?.data["session_id"]?.stringValue)
            let watchers = ["alice", "carol"].map { bench.browser($0) }
            for watcher in watchers + [bob] { watcher.subscribe() }
            alice.request("transfer_call", ["call_id": .string(call), "dest": "bob"])
            await bench.settle()
            carol.respond(to: try #require(carol.requests.first), ["offer": .offer])
            await bench.settle()
            bob.request("answer_call", ["call_id": .string(try bob.invitation()), "answer": .answer])
            await bench.settle()
            for phone in bench.agent.legs { phone.receive(.failure(status: 487, phrase: "", reason: nil)) }
            #expect(alice.calls[call]?.ends == ["hangup"] && carol.calls[call]?.ends == [])
            #expect(watchers.map { $0.events.contains { $0.object == session && $0.type == "stop" } } == [true, true])
            #expect(watchers.map { $0.events.contains { $0.object == call && $0.type == "hangup" } } == [true, false])
            #expect(bob.events.allSatisfy { $0.object != call && $0.object != session })
            carol.request("hangup_call", ["call_id": .string(call)])
            await bench.settle()
        }
    }

    @Test("the clients of a transferred client's user hear of the new call by the id that they know, and by no other")
    func watchersOfATransferredClient() async throws {
        try await CallBench.play { bench in
            let (alice, carol, bob) = (bench.browser("alice"), bench.browser("carol"), bench.browser("bob"))
            let call = try await bench.calls(alice, carol)
            let (watcher, other) = (bench.browser("carol"), bench.browser("bob"))
            for browser in [watcher, other] { browser.subscribe() }
            // The second one is the called party of the new call.
            let (first, _) = try await bench.callsPhone(alice)
            alice.request("transfer_call", ["call_id": .string(first), "other_call_id": .string(call)])
            await bench.settle()
            let replace = try #require(carol.requests.first { $0.command == "replace_session" })
            carol.respond(to: replace, ["answer": .answer])
            await bench.settle()
            bench.agent.legs.first?.receive(.success(sdp: sdp("the phone's answer to the transfer")))
            await bench.settle()
            #expect(alice.calls.values.allSatisfy { $0.ends == ["hangup"] } && carol.calls[call]?.ends == [])
            let session = try #require(replace.data["session_id"])
            let info = carol.request("get_info", ["session_id": session])
            #expect(carol.responses[info]?.data["call_id"] == .string(call))
            // What the phone has answered is offered to her.
            carol.respond(to: try #require(carol.requests.first { $0.command == "renegotiate_session" }), ["answer": .answer])
            carol.request("hold_call", ["call_id": .string(call)])
            await bench.settle()
            bench.agent.legs.first?.receive(.success(sdp: sdp("the phone's answer to the hold")))
            await bench.settle()
            carol.request("hangup_call", ["call_id": .string(call)])
            await bench.settle()
            let events = watcher.events.filter { $0.object != session.stringValue && ["hold", "hangup"].contains($0.type) }
            #expect(events.map(\.object) == [call, call] && events.map(\.type) == ["hold", "hangup"], "\(watcher.events)")
            #expect(carol.calls[call]?.ends == ["hangup"] && bob.events.isEmpty && other.events.isEmpty)
            bench.agent.legs.first?.receive(.byeAnswered)
        }
    }

    @Test("an offer of a phone whose call ends while it is transferred is refused, and the transfer goes on")
    func offerOfTransferee() async throws {
        try await CallBench.play { bench in
            let alice = bench.browser("alice")
            let (call, phone) = try await bench.callsPhone(alice)
            phone.receive(.offered(.invite, sdp: sdp("the phone's own offer")))
            await bench.settle()
            alice.request("transfer_call", ["call_id": .string(call), "dest": "801"])
            alice.request("hangup_call", ["call_id": .string(call)])
            await bench.settle()
            #expect(phone.sent.last == "491" && alice.calls[call]?.ends == ["hangup"])
            let target = try #require(bench.agent.legs.last)
            target.receive(.success(sdp: sdp("the target's answer")))
            await bench.settle()
            #expect(phone.sent.last == "re-INVITE offer")
            phone.receive(.bye(nil))
            await bench.settle()
        }
    }

    @Test("a phone that refers one of its calls to the other hears of it, and both others go on with each other")
    func attendedTransfer() async throws {
        try await CallBench.play { bench in
            let (alice, carol) = (bench.browser("alice"), bench.browser("carol"))
            var phones: [StandInLeg] = []
            for browser in [alice, carol] {
                let phone = bench.phone(calls: browser.user, trunk: 10, offer: sdp("offer to \(browser.user)"))
                await bench.settle()
                browser.request("answer_call", ["call_id": .string(try browser.invitation()), "answer": .answer])
                await bench.settle()
                phone.receive(.acknowledged(sdp: nil))
                phones.append(phone)
            }
            phones[0].receive(.transferRequested(SIPTransferRequest(
                target: "sip:carol@tern.example.org", scheme: "sip", user: "carol", host: "tern.example.org",
                replaces: SIPReplaces(callID: phones[1].id.description, toTag: "1", fromTag: "2"))))
            await bench.settle()
            for (browser, what) in [(alice, "offer"), (carol, "answer")] {
                let request = try #require(browser.requests.first { $0.command == "replace_session" })
                browser.respond(to: request, [what: .offer])
                await bench.settle()
            }
            #expect(phones[0].sent.filter { $0.hasPrefix("NOTIFY") }.last == "NOTIFY 200")
            #expect(phones.allSatisfy { $0.sent.last == "BYE" })
            for phone in phones { phone.receive(.byeAnswered) }
            #expect(bench.switchboard.calls.count == 1 && alice.calls.values.allSatisfy(\.ends.isEmpty))
        }
    }

    @Test("an INVITE with Replaces takes the place of a call of the same trunk, and of no other's", arguments: [20, 10])
    func replaces(trunk: Int) async throws {
        try await CallBench.play { bench in
            let alice = bench.browser("alice")
            let (call, phone) = try await bench.callsPhone(alice)
            let other = bench.phone(calls: "alice", trunk: trunk, offer: sdp("the offer of the one that replaces"), replaces: phone.id)
            await bench.settle()
            guard trunk == 20 else {
                #expect(other.sent == ["403"] && phone.isAlive)
                phone.receive(.bye(nil))
                return
            }
            let request = try #require(alice.requests.first { $0.command == "replace_session" })
            alice.respond(to: request, ["answer": .answer])
            await bench.settle()
            #expect(other.sent == ["200"] && phone.sent.last == "BYE" && alice.calls[call]?.ends == [])
            other.receive(.acknowledged(sdp: nil))
            phone.receive(.byeAnswered)
            other.receive(.bye(nil))
            await bench.settle()
            #expect(alice.calls[call]?.ends == ["hangup"])
        }
    }
}
