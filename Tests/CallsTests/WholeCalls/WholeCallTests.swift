@testable import Calls
import EventLoop
import JSON
@testable import SIP
import Testing

@Suite("Whole calls without sockets", .timeLimit(.minutes(1)))
@LoopActor
struct WholeCallTests {
    private let offer: JSONValue = ["sdp": "a browser's offer"]
    private let answer: JSONValue = ["sdp": "a browser's answer"]

    /// Plays a call; at its end nothing may be wrong, and when all clients are gone nothing be left.
    private func play(_ body: (CallBench) async throws -> Void) async throws {
        let registrar = try await CallBench.registrar()
        let bench = CallBench(registrar: registrar)
        defer { bench.retire() }
        try await body(bench)
        await bench.settle()
        for browser in bench.browsers {
            browser.logOut()
            browser.disconnect()
        }
        await bench.settle()
        for leg in bench.agent.legs where leg.owes { leg.doWhatIsOwed("") }
        await bench.settle()
        #expect(bench.violations() == [])
        #expect(bench.leftovers() == [])
        await registrar.stop()
    }

    /// The call that a browser is invited to, which it takes on.
    private func invitation(_ browser: StandInBrowser) throws -> String {
        let invite = try #require(browser.requests.first { $0.command == "call_invite" })
        browser.respond(to: invite, [:])
        return try #require(invite.call)
    }

    /// A browser has a call with a phone of the trunk east.
    private func browserCallsPhone(_ bench: CallBench, _ browser: StandInBrowser) async throws -> (call: String, phone: StandInLeg) {
        browser.request("start_call", ["dest": "901", "offer": offer])
        await bench.settle()
        let phone = try #require(bench.agent.legs.last)
        phone.receive(.success(sdp: "a phone's answer \(phone.id)"))
        await bench.settle()
        return (try #require(browser.known.last), phone)
    }

    // MARK: Two parties

    @Test("a phone calls a browser, which answers and hangs up")
    func phoneToBrowser() async throws {
        try await play { bench in
            let alice = bench.browser("alice")
            let phone = bench.phone(calls: "alice")
            await bench.settle()
            let call = try invitation(alice)
            alice.request("ring_call", ["call_id": .string(call)])
            await bench.settle()
            #expect(phone.sent == ["180"])
            alice.request("answer_call", ["call_id": .string(call), "answer": answer])
            await bench.settle()
            #expect(phone.sent == ["180", "200"])
            phone.receive(.acknowledged(sdp: nil))
            alice.request("hangup_call", ["call_id": .string(call)])
            await bench.settle()
            #expect(phone.sent == ["180", "200", "BYE"])
            #expect(alice.calls[call]?.ends == ["hangup"])
            phone.receive(.byeAnswered)
        }
    }

    @Test("a browser calls a phone, which answers and hangs up")
    func browserToPhone() async throws {
        try await play { bench in
            let alice = bench.browser("alice")
            let (call, phone) = try await browserCallsPhone(bench, alice)
            #expect(phone.sent == ["INVITE offer", "ACK"] && alice.calls[call]?.isAnswered == true)
            phone.receive(.bye(nil))
            await bench.settle()
            #expect(alice.calls[call]?.ends == ["hangup"])
        }
    }

    @Test("a caller that cancels while it rings ends it for all that ring")
    func cancelled() async throws {
        try await play { bench in
            let bob = bench.browser("bob")
            let phone = bench.phone(calls: "bob")
            await bench.settle()
            let call = try invitation(bob)
            phone.receive(.cancelled(nil))
            await bench.settle()
            #expect(bob.calls[call]?.ends == ["hangup"])
            let called = bench.agent.all.filter(\.isOurs)
            #expect(called.map(\.sent) == [["INVITE offer", "CANCEL"], ["INVITE offer", "CANCEL"]])
            for leg in called { leg.receive(.failure(status: 487, phrase: "", reason: nil)) }
        }
    }

    @Test("a client that leaves while it rings leaves the call to the others")
    func leaves() async throws {
        try await play { bench in
            let (first, second) = (bench.browser("carol"), bench.browser("carol"))
            let phone = bench.phone(calls: "carol")
            await bench.settle()
            _ = try invitation(first)
            let call = try invitation(second)
            first.logOut()
            await bench.settle()
            #expect(phone.finalResponses == 0)
            second.logOut()
            await bench.settle()
            #expect(phone.sent == ["480"] && second.calls[call]?.ends.count ?? 0 <= 1)
        }
    }

    @Test("a client that rejects the call while its early answer is on its way gets an answer to each request")
    func rejectedEarly() async throws {
        try await play { bench in
            let alice = bench.browser("alice")
            bench.phone(calls: "alice")
            await bench.settle()
            let call = try invitation(alice)
            let ring = alice.request("ring_call", ["call_id": .string(call), "answer": answer])
            let reject = alice.request("reject_call", ["call_id": .string(call)])
            await bench.settle()
            #expect(alice.responses[ring]?.code == 3_004 && alice.responses[reject].map { $0.code == nil } == true)
        }
    }

    @Test("a client that answers keeps the call, whatever has become of its invitation")
    func unacceptedInvitation() async throws {
        try await play { bench in
            let alice = bench.browser("alice")
            let phone = bench.phone(calls: "alice")
            await bench.settle()
            let call = try #require(alice.requests.first?.call)
            alice.request("answer_call", ["call_id": .string(call), "answer": answer])
            await bench.settle()
            phone.receive(.acknowledged(sdp: nil))
            bench.clock.turn(by: .seconds(11))
            await bench.settle()
            #expect(phone.sent == ["200"] && alice.calls[call]?.ends == [])
        }
    }

    @Test("a hold by command is offered to the phone, and its end as well")
    func hold() async throws {
        try await play { bench in
            let alice = bench.browser("alice")
            let (call, phone) = try await browserCallsPhone(bench, alice)
            for command in ["hold_call", "resume_call"] {
                let request = alice.request(command, ["call_id": .string(call)])
                await bench.settle()
                #expect(phone.sent.last == "re-INVITE offer" && alice.open[request] != nil)
                phone.receive(.success(sdp: "answer to \(command)"))
                await bench.settle()
                #expect(alice.responses[request].map { $0.code == nil } == true)
            }
            #expect(alice.events.filter { $0.object == call }.map(\.type).suffix(2) == ["hold", "resume"])
        }
    }

    // MARK: Forks

    @Test("two phones and a browser ring, one answers, and the others are told that it was answered elsewhere")
    func fork() async throws {
        try await play { bench in
            bench.faults.logLevel = .info
            let bob = bench.browser("bob")
            let caller = bench.phone(calls: "bob", trunk: 10)
            await bench.settle()
            let call = try invitation(bob)
            let phones = bench.agent.legs.filter(\.isOurs)
            try #require(phones.count == 2)
            phones[1].receive(.success(sdp: "a phone's answer"))
            await bench.settle()
            #expect(caller.sent == ["200"] && phones[1].sent == ["INVITE offer", "ACK"])
            #expect(phones[0].sent == ["INVITE offer", "CANCEL elsewhere"])
            #expect(bob.calls[call]?.ends == ["answered_elsewhere"])
            caller.receive(.acknowledged(sdp: nil))
            phones[0].receive(.failure(status: 487, phrase: "", reason: nil))
            caller.receive(.bye(nil))
            await bench.settle()
            #expect(phones[1].sent.last == "BYE")
            phones[1].receive(.byeAnswered)
            // Its line in the log says who took it, and by which dialogs.
            let line = try #require(bench.faults.ends.first)
            #expect(line["answered_by"] == "bob" && line["result"] == "answered" && line["by"] == "caller" && line["source"] == "trunk west", "\(line)")
            #expect(line["caller_call_id"] == "\(caller.id)" && line["callee_call_id"] == "\(phones[1].id)" && line["target"] != nil, "\(line)")
        }
    }

    // MARK: Transfers

    @Test("a browser transfers its phone to another one, and leaves when that has answered")
    func blindTransfer() async throws {
        try await play { bench in
            let alice = bench.browser("alice")
            let (call, phone) = try await browserCallsPhone(bench, alice)
            alice.request("transfer_call", ["call_id": .string(call), "dest": "801"])
            await bench.settle()
            let target = try #require(bench.agent.legs.last)
            #expect(target !== phone && alice.calls[call]?.ends == [])
            target.receive(.success(sdp: "the target's answer"))
            await bench.settle()
            #expect(phone.sent.last == "re-INVITE offer")
            phone.receive(.success(sdp: "the phone's answer to the transfer"))
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
        try await play { bench in
            let alice = bench.browser("alice")
            let (_, phone) = try await browserCallsPhone(bench, alice)
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
        try await play { bench in
            let alice = bench.browser("alice")
            let (call, _) = try await browserCallsPhone(bench, alice)
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
        try await play { bench in
            let carol = bench.browser("carol"), (first, second) = (bench.browser("alice"), bench.browser("alice"))
            carol.request("start_call", ["dest": "alice", "offer": offer])
            await bench.settle()
            let call = try invitation(first)
            first.request("answer_call", ["call_id": .string(call), "answer": answer])
            await bench.settle()
            second.requests = []
            first.request("transfer_call", ["call_id": .string(call), "dest": "alice"])
            await bench.settle()
            first.request("hangup_call", ["call_id": .string(call)])
            await bench.settle()
            carol.respond(to: try #require(carol.requests.first), ["offer": offer])
            await bench.settle()
            let (rings, new) = (try invitation(first), try invitation(second))
            #expect(rings == new && new != call)
            let again = first.request("hangup_call", ["call_id": .string(call)])
            #expect(first.responses[again]?.code == 3_002)
            second.request("answer_call", ["call_id": .string(new), "answer": answer])
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
        try await play { bench in
            let (alice, carol, bob) = (bench.browser("alice"), bench.browser("carol"), bench.browser("bob"))
            let start = alice.request("start_call", ["dest": "carol", "offer": offer])
            await bench.settle()
            let call = try invitation(carol)
            carol.request("answer_call", ["call_id": .string(call), "answer": answer])
            await bench.settle()
            let session = try #require(alice.responses[start]?.data["session_id"]?.stringValue)
            let watchers = ["alice", "carol"].map { bench.browser($0) }
            for watcher in watchers + [bob] { watcher.subscribe() }
            alice.request("transfer_call", ["call_id": .string(call), "dest": "bob"])
            await bench.settle()
            carol.respond(to: try #require(carol.requests.first), ["offer": offer])
            await bench.settle()
            bob.request("answer_call", ["call_id": .string(try invitation(bob)), "answer": answer])
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

    @Test("an offer of a phone whose call ends while it is transferred is refused, and the transfer goes on")
    func offerOfTransferee() async throws {
        try await play { bench in
            let alice = bench.browser("alice")
            let (call, phone) = try await browserCallsPhone(bench, alice)
            phone.receive(.offered(.invite, sdp: "the phone's own offer"))
            await bench.settle()
            alice.request("transfer_call", ["call_id": .string(call), "dest": "801"])
            alice.request("hangup_call", ["call_id": .string(call)])
            await bench.settle()
            #expect(phone.sent.last == "491" && alice.calls[call]?.ends == ["hangup"])
            let target = try #require(bench.agent.legs.last)
            target.receive(.success(sdp: "the target's answer"))
            await bench.settle()
            #expect(phone.sent.last == "re-INVITE offer")
            phone.receive(.bye(nil))
            await bench.settle()
        }
    }

    @Test("a phone that refers one of its calls to the other hears of it, and both others go on with each other")
    func attendedTransfer() async throws {
        try await play { bench in
            let (alice, carol) = (bench.browser("alice"), bench.browser("carol"))
            var phones: [StandInLeg] = []
            for browser in [alice, carol] {
                let phone = bench.phone(calls: browser.user, trunk: 10, offer: "offer to \(browser.user)")
                await bench.settle()
                browser.request("answer_call", ["call_id": .string(try invitation(browser)), "answer": answer])
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
                browser.respond(to: request, [what: offer])
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
        try await play { bench in
            let alice = bench.browser("alice")
            let (call, phone) = try await browserCallsPhone(bench, alice)
            let other = bench.phone(calls: "alice", trunk: trunk, offer: "the offer of the one that replaces", replaces: phone.id)
            await bench.settle()
            guard trunk == 20 else {
                #expect(other.sent == ["403"] && phone.isAlive)
                phone.receive(.bye(nil))
                return
            }
            let request = try #require(alice.requests.first { $0.command == "replace_session" })
            alice.respond(to: request, ["answer": answer])
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
