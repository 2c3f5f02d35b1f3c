@testable import Calls
import EventLoop
import JSON
@testable import SIP
import Testing

@Suite("Whole calls without sockets", .timeLimit(.minutes(1)))
@LoopActor
struct WholeCallTests {
    // MARK: Refusals

    @Test("a call that is refused before there is one has its line, which says why, by which route and where that leads")
    func refusals() async throws {
        try await CallBench.play { bench in
            bench.faults.logLevel = .info
            let alice = bench.browser("alice")
            alice.request("start_call", ["dest": "carol", "offer": .offer])
            alice.request("start_call", ["dest": "nobody", "offer": .offer])
            let stranger = bench.phone(calls: "17"), other = bench.phone(calls: "carol")
            let third = bench.phone(calls: "801")
            await bench.settle()
            #expect(stranger.sent == ["480"] && other.sent == ["480"] && third.sent == ["401"])
            let lines = bench.faults.ends
            // A challenge is no end.
            try #require(lines.count == 4)
            #expect(lines[0]["reason"] == "carol has no phone or browser" && lines[0]["from"] == "alice" && lines[0]["to"] == "carol")
            #expect(lines[0]["route"] == "tern.yaml:14:5" && lines[0]["routed_to"] == "user carol" && lines[0]["source"] == "user alice")
            #expect(lines[0]["result"] == "not_found" && lines[0]["status"] == "480" && lines[0]["code"] == "3004")
            #expect(lines[1]["reason"] == "the route * leads nowhere: there is no user of that name" && lines[1]["result"] == "not_found")
            #expect(lines[1]["code"] == "3009" && lines[1]["route"] == "tern.yaml:14:5")
            #expect(lines[2]["status"] == "480" && lines[2]["reason"] == "the route * leads nowhere: there is no user of that name")
            #expect(lines[3]["status"] == "480" && lines[3]["reason"] == "carol has no phone or browser" && lines[3]["caller_call_id"] != nil)
            for line in lines { #expect(line["call"] != nil && line["by"] == "gateway") }
        }
    }

    @Test("a flood of refused calls has a bounded number of lines, and the next one says how many were left out")
    func flood() async throws {
        try await CallBench.play { bench in
            bench.faults.logLevel = .info
            for _ in 1...120 { _ = bench.phone(calls: "17") }
            await bench.settle()
            // A second may have passed in between.
            #expect((50...100).contains(bench.faults.ends.count))
        }
    }

    // MARK: The echo

    @Test("a line test has the times of the caller's set-up: its ringing, the PRACK, the answer and the ACK")
    func setUpTimes() async throws {
        try await CallBench.play { bench in
            let phone = bench.phone(calls: "echo", trunk: 10)
            await bench.settle()
            let call = try #require(bench.switchboard.calls.values.first)
            var times = SIPSetUpTimes(began: call.times.began)
            times.provisional = times.began + .milliseconds(20)
            times.pracked = times.began + .milliseconds(45)
            times.answered = times.began + .milliseconds(70)
            times.acknowledged = times.began + .milliseconds(95)
            bench.agent.setUps[phone.id] = times
            phone.receive(.acknowledged(sdp: nil))
            await bench.settle()
            let setUp = try #require(LineTestSubject(call)).setUp
            #expect(setUp.ringing == 20 && setUp.pracked == 45 && setUp.answered == 70 && setUp.acknowledged == 95)
            phone.receive(.bye(nil))
            await bench.settle()
        }
    }

    // MARK: Two parties

    @Test("a phone calls a browser, which answers and hangs up")
    func phoneToBrowser() async throws {
        try await CallBench.play { bench in
            let alice = bench.browser("alice")
            let phone = bench.phone(calls: "alice")
            await bench.settle()
            let call = try alice.invitation()
            alice.request("ring_call", ["call_id": .string(call)])
            await bench.settle()
            #expect(phone.sent == ["180"])
            alice.request("answer_call", ["call_id": .string(call), "answer": .answer])
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
        try await CallBench.play { bench in
            let alice = bench.browser("alice")
            let (call, phone) = try await bench.callsPhone(alice)
            #expect(phone.sent == ["INVITE offer", "ACK"] && alice.calls[call]?.isAnswered == true)
            phone.receive(.bye(nil))
            await bench.settle()
            #expect(alice.calls[call]?.ends == ["hangup"])
        }
    }

    @Test("a caller that cancels while it rings ends it for all that ring")
    func cancelled() async throws {
        try await CallBench.play { bench in
            let bob = bench.browser("bob")
            let phone = bench.phone(calls: "bob")
            await bench.settle()
            let call = try bob.invitation()
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
        try await CallBench.play { bench in
            let (first, second) = (bench.browser("carol"), bench.browser("carol"))
            let phone = bench.phone(calls: "carol")
            await bench.settle()
            _ = try first.invitation()
            let call = try second.invitation()
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
        try await CallBench.play { bench in
            let alice = bench.browser("alice")
            bench.phone(calls: "alice")
            await bench.settle()
            let call = try alice.invitation()
            let ring = alice.request("ring_call", ["call_id": .string(call), "answer": .answer])
            let reject = alice.request("reject_call", ["call_id": .string(call)])
            await bench.settle()
            #expect(alice.responses[ring]?.code == 3_004 && alice.responses[reject].map { $0.code == nil } == true)
        }
    }

    @Test("a client that answers keeps the call, whatever has become of its invitation")
    func unacceptedInvitation() async throws {
        try await CallBench.play { bench in
            let alice = bench.browser("alice")
            let phone = bench.phone(calls: "alice")
            await bench.settle()
            let call = try #require(alice.requests.first?.call)
            alice.request("answer_call", ["call_id": .string(call), "answer": .answer])
            await bench.settle()
            phone.receive(.acknowledged(sdp: nil))
            bench.clock.turn(by: .seconds(11))
            await bench.settle()
            #expect(phone.sent == ["200"] && alice.calls[call]?.ends == [])
        }
    }

    @Test("a hold by command is offered to the phone, and its end as well")
    func hold() async throws {
        try await CallBench.play { bench in
            let alice = bench.browser("alice")
            let (call, phone) = try await bench.callsPhone(alice)
            for command in ["hold_call", "resume_call"] {
                let request = alice.request(command, ["call_id": .string(call)])
                await bench.settle()
                #expect(phone.sent.last == "re-INVITE offer" && alice.open[request] != nil)
                phone.receive(.success(sdp: sdp("answer to \(command)")))
                await bench.settle()
                #expect(alice.responses[request].map { $0.code == nil } == true)
            }
            #expect(alice.events.filter { $0.object == call }.map(\.type).suffix(2) == ["hold", "resume"])
        }
    }

    @Test("a client that loses its connection, and the answer to its resume, comes back with the same token to its call and what happened meanwhile")
    func lostAnswerToResume() async throws {
        try await CallBench.play { bench in
            let alice = bench.browser("alice")
            let (call, phone) = try await bench.callsPhone(alice)
            alice.disconnect()
            phone.receive(.offered(.invite, sdp: sdp("the phone's offer")))
            await bench.settle()
            bench.resumeInVain(alice)
            bench.resume(alice)
            let back = try #require(bench.browsers.first)
            let offered = try #require(back.requests.first { $0.command == "renegotiate_session" })
            back.respond(to: offered, ["answer": .answer])
            await bench.settle()
            #expect(phone.sent.last == "200" && back.calls[call]?.ends == [])
            phone.receive(.acknowledged(sdp: nil))
            phone.receive(.bye(nil))
            await bench.settle()
            #expect(back.calls[call]?.ends == ["hangup"])
        }
    }

    // MARK: Forks

    @Test("two phones and a browser ring, one answers, and the others are told that it was answered elsewhere")
    func fork() async throws {
        try await CallBench.play { bench in
            bench.faults.logLevel = .info
            let bob = bench.browser("bob")
            let caller = bench.phone(calls: "bob", trunk: 10)
            await bench.settle()
            let call = try bob.invitation()
            let phones = bench.agent.legs.filter(\.isOurs)
            try #require(phones.count == 2)
            phones[1].receive(.success(sdp: sdp("a phone's answer")))
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
}
