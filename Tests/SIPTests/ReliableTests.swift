import EventLoop
import SIP
import SIPNames
import Testing

extension SIPTests {
    /// RFC 3262, both roles.
    @Suite("Reliable provisional responses")
    struct ReliableTests {}
}

extension SIPTests.ReliableTests {
    static func quick(_ configuration: inout SIPEndpointConfiguration) {
        configuration.t1 = .milliseconds(40)
        configuration.t1x64 = .milliseconds(500)
    }

    // MARK: Called

    @Test("183 is repeated until its PRACK, where the caller can do that", arguments: ["Supported: 100rel", "Require: 100rel"])
    @LoopActor func acknowledged(header: String) async throws {
        let call = try await RawCall(headers: [header], adjust: { $0.t1 = .milliseconds(40) })
        call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
        let first = try #require(await call.raw.receive("SIP/2.0 183"))
        #expect(first.header("Require") == "100rel")
        #expect(first.header("RSeq") != nil)
        #expect(first.hasSuffix(sdp("early")))
        let second = try #require(await call.raw.receive("SIP/2.0 183"))
        #expect(second.header("RSeq") == first.header("RSeq"))
        call.raw.send(call.prack(first).text)
        let accepted = try #require(await call.raw.receive("SIP/2.0 200"))
        #expect(accepted.header("CSeq") == "2 PRACK")
        #expect(await call.raw.receive("SIP/2.0 183", within: .milliseconds(250)) == nil)
        call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
        let answer = try #require(await call.raw.receive("SIP/2.0 200"))
        #expect(answer.header("CSeq") == "1 INVITE")
        // When all of it was, as a line test tells it.
        let times = try #require(call.callee.endpoint.setUp(of: call.leg))
        let provisional = try #require(times.provisional), pracked = try #require(times.pracked), answered = try #require(times.answered)
        #expect(times.began <= provisional && provisional < pracked && pracked.duration(to: answered) >= .milliseconds(250) && times.acknowledged == nil)
        try await call.finish(answer)
    }

    @Test("180 is sent reliably only to a caller that requires it", arguments: [
        ("Require: 100rel", true), ("Supported: 100rel", false), ("Supported: timer", false),
    ])
    @LoopActor func ringing(header: String, reliably: Bool) async throws {
        let call = try await RawCall(headers: [header])
        call.callee.endpoint.ring(call.leg, status: 180, sdp: nil)
        let ringing = try #require(await call.raw.receive("SIP/2.0 180"))
        #expect((ringing.header("RSeq") != nil) == reliably)
        call.callee.endpoint.reject(call.leg, SIPResponse(status: 486))
        #expect(await call.raw.receive("SIP/2.0 486") != nil)
        try await call.stop()
    }

    @Test("no PRACK: the call ends with 504, and the core hears of it", arguments: [false, true])
    @LoopActor func lost(answered: Bool) async throws {
        let call = try await RawCall(headers: ["Supported: 100rel"], adjust: Self.quick)
        call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
        if answered { call.callee.endpoint.answer(call.leg, sdp: sdp("answer")) }
        #expect(try await call.callee.event() == .ended(call.leg, SIPEnd(.acknowledgementLost)))
        #expect(await call.raw.receive("SIP/2.0 504") != nil)
        try await call.stop()
    }

    @Test("an answer that comes before the PRACK waits for it (RFC 3262 section 3)")
    @LoopActor func answeredEarly() async throws {
        let call = try await RawCall(headers: ["Supported: 100rel"])
        call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
        call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
        let early = try #require(await call.raw.receive("SIP/2.0 183"))
        #expect(await call.raw.receive("SIP/2.0 200", within: .milliseconds(200)) == nil)
        call.raw.send(call.prack(early).text)
        var answers: [String] = []
        while answers.count < 2, let answer = await call.raw.receive("SIP/2.0 200") { answers.append(answer) }
        #expect(Set(answers.compactMap { $0.header("CSeq") }) == ["2 PRACK", "1 INVITE"])
        try await call.finish(try #require(answers.first { $0.header("CSeq") == "1 INVITE" }))
    }

    @Test("a PRACK with a body that is not understood is refused, and acknowledges all the same: the answer goes out at once")
    @LoopActor func unknownBody() async throws {
        let call = try await RawCall(headers: ["Supported: 100rel"])
        call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
        let early = try #require(await call.raw.receive("SIP/2.0 183"))
        var prack = call.prack(early, body: "words")
        prack.contentType = "text/plain"
        call.raw.send(prack.text)
        #expect(await call.raw.receive("SIP/2.0 415")?.header("CSeq") == "2 PRACK")
        call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
        let answer = try #require(await call.raw.receive("SIP/2.0 200"))
        #expect(answer.header("CSeq") == "1 INVITE")
        try await call.finish(answer)
    }

    @Test("a PRACK that is to nothing gets 481, and the right one still counts", arguments: [
        "4294967295 1 INVITE", "0 1 INVITE", "RSEQ 2 INVITE", "RSEQ 4294967295 INVITE",
    ])
    @LoopActor func wrong(rack: String) async throws {
        let call = try await RawCall(headers: ["Supported: 100rel"])
        call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
        let early = try #require(await call.raw.receive("SIP/2.0 183"))
        let text = rack.replacingOccurrence("RSEQ", with: early.header("RSeq") ?? "")
        call.raw.send(call.prack(early, rack: text).text)
        let refused = try #require(await call.raw.receive("SIP/2.0 4"))
        #expect(refused.hasPrefix("SIP/2.0 481 "), "\(refused)")
        call.raw.send(call.prack(early, sequence: 3).text)
        #expect(await call.raw.receive("SIP/2.0 200")?.header("CSeq") == "3 PRACK")
        call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
        try await call.finish(try #require(await call.raw.receive("SIP/2.0 200")))
    }

    @Test("a PRACK again: the same request gets the same 200, another one to the same response 481")
    @LoopActor func repeated() async throws {
        let call = try await RawCall(headers: ["Supported: 100rel"])
        call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
        let early = try #require(await call.raw.receive("SIP/2.0 183"))
        let prack = call.prack(early)
        call.raw.send(prack.text)
        #expect(await call.raw.receive("SIP/2.0 200") != nil)
        call.raw.send(prack.text)
        #expect(await call.raw.receive("SIP/2.0 200")?.header("CSeq") == "2 PRACK")
        call.raw.send(call.prack(early, sequence: 3).text)
        #expect(await call.raw.receive("SIP/2.0 481") != nil)
        call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
        try await call.finish(try #require(await call.raw.receive("SIP/2.0 200")))
    }

    @Test("PRACKs to nothing, garbled, in bursts and after the end: an answer or silence, and the next call works", arguments: [
        "", "RAck: \r\n", "RAck: x y z\r\n", "RAck: 1\r\n", "RAck: 1 1\r\n", "RAck: -1 -1 INVITE\r\n",
        "RAck: 1 1 INVITE\r\nRAck: 1 1 INVITE\r\n", "RAck: 99999999999999999999 1 INVITE\r\n",
    ])
    @LoopActor func garbled(header: String) async throws {
        let call = try await RawCall(headers: ["Require: 100rel"])
        call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
        let early = try #require(await call.raw.receive("SIP/2.0 183"))
        for sequence in 2..<6 {
            var prack = call.prack(early, sequence: sequence)
            prack.headers = []
            call.raw.send(prack.text.replacingOccurrence("Content-Length", with: header + "Content-Length"))
        }
        call.raw.send(call.prack(early, sequence: 7).text)
        #expect(await call.raw.receive("SIP/2.0 200")?.header("CSeq") == "7 PRACK")
        call.callee.endpoint.reject(call.leg, SIPResponse(status: 486))
        #expect(await call.raw.receive("SIP/2.0 486") != nil)
        call.raw.send(call.prack(early, sequence: 8).text)
        #expect(await call.raw.receive("SIP/2.0 481") != nil)
        try await call.stop()
    }

    @Test("a PRACK and a CANCEL, or a BYE, in one burst", arguments: ["CANCEL", "BYE"], [false, true])
    @LoopActor func burst(method: String, prackFirst: Bool) async throws {
        for answers in [false, true] {
            let call = try await RawCall(headers: ["Supported: 100rel"])
            call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
            if answers { call.callee.endpoint.answer(call.leg, sdp: sdp("answer")) }
            let early = try #require(await call.raw.receive("SIP/2.0 183"))
            let isCancel = method == "CANCEL"
            let end = call.invite.then(
                method, sequence: isCancel ? 1 : 3, toTag: isCancel ? nil : early.tag(of: "To"),
                branch: isCancel ? call.invite.branch : nil)
            let prack = call.prack(early, body: sdp("offer"))
            for request in prackFirst ? [prack, end] : [end, prack] { call.raw.send(request.text) }
            let event = try await call.callee.event()
            guard case .ended(call.leg, _) = event else {
                Issue.record("not ended but \(event)")
                return
            }
            try await call.stop()
        }
    }

    @Test("a PRACK with the offer of the INVITE gets the early answer again, one with another what the core says, or 488 where it has answered the call; the answer still goes")
    @LoopActor func offers() async throws {
        for (offer, status) in [(sdp("offer"), 200), (sdp("other"), 488)] {
            for answersFirst in [false, true] {
                let call = try await RawCall(headers: ["Supported: 100rel"])
                call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
                if answersFirst { call.callee.endpoint.answer(call.leg, sdp: sdp("early")) }
                let early = try #require(await call.raw.receive("SIP/2.0 183"))
                call.raw.send(call.prack(early, body: offer).text)
                if status == 488, !answersFirst {
                    #expect(try await call.callee.event() == .offer(call.leg, sdp: offer))
                    call.callee.endpoint.rejectOffer(call.leg, SIPResponse(status: 488, warning: "not now"))
                }
                var responses: [String] = []
                while responses.isEmpty || (answersFirst && responses.count < 2), let next = await call.raw.receive() {
                    if !next.hasPrefix("SIP/2.0 183") { responses.append(next) }
                }
                let prack = try #require(responses.first { $0.header("CSeq") == "2 PRACK" })
                #expect(prack.hasPrefix("SIP/2.0 \(status) "), "\(prack)")
                if status == 200 { #expect(prack.hasSuffix(sdp("early"))) } else { #expect(prack.header("Warning") != nil) }
                if !answersFirst {
                    call.callee.endpoint.answer(call.leg, sdp: sdp("early"))
                    responses.append(try #require(await call.raw.receive("SIP/2.0 200")))
                }
                try await call.finish(try #require(responses.first { $0.header("CSeq") == "1 INVITE" }))
            }
        }
    }

    @Test("an INVITE without an offer gets no description before the 200")
    @LoopActor func lateOffer() async throws {
        let call = try await RawCall(headers: ["Supported: 100rel"], body: "")
        call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
        let early = try #require(await call.raw.receive("SIP/2.0 183"))
        #expect(early.header("Content-Length") == "0")
        call.callee.endpoint.reject(call.leg, SIPResponse(status: 486))
        #expect(await call.raw.receive("SIP/2.0 486") != nil)
        try await call.stop()
    }

    // MARK: Calling

    @Test("reliable provisional responses get their PRACKs, in order and once each; the early answer is the call's")
    @LoopActor func pracked() async throws {
        let call = try await RawCallee()
        #expect(call.invite.header("Supported") == "timer, 100rel, replaces, norefersub")
        call.reliable(183, 100, body: sdp("early"))
        #expect(try await call.caller.event() == .provisional(call.leg, status: 183, phrase: "Status", sdp: sdp("early")))
        let first = try #require(await call.raw.receive("PRACK"))
        #expect(first.header("RAck") == "100 1 INVITE".replacingOccurrence("1 I", with: "\(call.invite.header("CSeq") ?? "")".replacingOccurrence(" INVITE", with: " I")))
        #expect(first.tag(of: "To") == "rawtag")
        call.accept(first)
        // Again, too far ahead, and too late: nothing.
        call.reliable(183, 100, body: sdp("early"))
        call.reliable(180, 102)
        call.reliable(180, 99)
        #expect(await call.raw.receive("PRACK", within: .milliseconds(200)) == nil)
        call.reliable(180, 101)
        let second = try #require(await call.raw.receive("PRACK"))
        #expect(second.header("RAck")?.hasPrefix("101 ") == true)
        call.accept(second)
        #expect(try await call.caller.event() == .provisional(call.leg, status: 180, phrase: "Status", sdp: nil))
        call.respond(200)
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("early")))
        #expect(await call.raw.receive("ACK") != nil)
        try await call.finish()
    }

    @Test("a PRACK that is refused or ignored ends the call: CANCEL, and one event", arguments: [481, 500, 0])
    @LoopActor func prackRefused(status: Int) async throws {
        let call = try await RawCallee { $0.t1 = .milliseconds(20); $0.t1x64 = .milliseconds(300) }
        call.reliable(183, 1, body: sdp("early"))
        _ = try await call.caller.event()
        let prack = try #require(await call.raw.receive("PRACK"))
        if status > 0 { call.raw.send(rawResponse(status, "No", to: prack, port: call.raw.port)) }
        let cancel = try #require(await call.raw.receive("CANCEL"))
        call.accept(cancel)
        call.respond(487)
        guard case .rejected(call.leg, _, _, _) = try await call.caller.event() else {
            Issue.record("not rejected")
            return
        }
        try await call.stop()
    }

    @Test("giving up after a reliable provisional response: CANCEL, and the leg goes")
    @LoopActor func cancelled() async throws {
        let call = try await RawCallee()
        call.reliable(183, 1, body: sdp("early"))
        _ = try await call.caller.event()
        call.accept(await call.raw.receive("PRACK"))
        call.caller.endpoint.end(call.leg, status: 0, reason: nil)
        let cancel = try #require(await call.raw.receive("CANCEL"))
        call.accept(cancel)
        call.respond(487)
        #expect(await call.raw.receive("ACK") != nil)
        try await call.stop()
    }

    @Test("nothing reliable is offered without an offer, or where the request says so", arguments: [true, false])
    @LoopActor func withheld(late: Bool) async throws {
        let call = try await RawCallee(sdp: late ? nil : sdp("offer")) { $0.offersReliableProvisionals = late }
        #expect(call.invite.header("Supported") == "timer, replaces, norefersub")
        call.respond(486)
        #expect(try await call.caller.event() == .rejected(call.leg, status: 486, phrase: "Status", reason: nil))
        try await call.stop()
    }

    @Test("between two endpoints: several provisional responses and the answer at once, over UDP and TCP", arguments: [
        ListenAddress.Transport.udp, .tcp,
    ])
    @LoopActor func pair(transport: ListenAddress.Transport) async throws {
        try await withPair { caller, callee in
            let out = caller.endpoint.invite(SIPInviteRequest(
                target: callee.uri("bob", transport), fromUser: "alice", sdp: sdp("offer")))
            let leg = try await callee.incoming().leg
            callee.endpoint.ring(leg, status: 183, sdp: sdp("one"))
            callee.endpoint.ring(leg, status: 183, sdp: sdp("two"))
            callee.endpoint.ring(leg, status: 183, sdp: sdp("three"))
            callee.endpoint.answer(leg, sdp: sdp("three"))
            var last = try await caller.event()
            while case .provisional = last { last = try await caller.event() }
            #expect(last == .answered(out, sdp: sdp("three")))
            #expect(try await callee.event() == .established(leg))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }
}
