import EventLoop
import SIP
import Testing

extension SIPTests {
    /// 401 and 407 to our requests (RFC 3261 section 22).
    @Suite("Challenges")
    struct ChallengeTests {}
}

private let digest = "Digest realm=\"tern.test\", nonce=\"a, b\", algorithm=SHA-256, qop=\"auth\""
private func digest(_ realm: String, _ nonce: String, stale: Bool = false) -> String {
    "Digest realm=\"\(realm)\", nonce=\"\(nonce)\"\(stale ? ", stale=TRUE" : ""), qop=\"auth\""
}
private let older = "Digest realm=\"tern.test\", nonce=\"a, b\", algorithm=MD5, qop=\"auth\""

extension SIPTests.ChallengeTests {
    @Test("an INVITE that is challenged is repeated with credentials, and its ACK has them", arguments: [401, 407])
    @LoopActor func invite(status: Int) async throws {
        let authorizer = RecordedAuthorizer()
        let call = try await RawCallee(authorizer: authorizer)
        let asks = status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate"
        let answers = status == 401 ? "Authorization" : "Proxy-Authorization"
        call.respond(status, headers: ["\(asks): \(digest)", "\(asks): \(older)"])
        #expect(await call.raw.receive("ACK") != nil)
        let again = try #require(await call.raw.receive("INVITE"))
        #expect(authorizer.asked == [SIPChallenge(
            status: status, method: "INVITE", requestURI: call.invite.uri, values: [digest, older], attempt: 1)])
        #expect(again.headers(answers) == [RecordedAuthorizer.answer(authorizer.asked[0])])
        #expect(again.uri == call.invite.uri)
        #expect(again.header("Call-ID") == call.invite.header("Call-ID"))
        #expect(again.header("From") == call.invite.header("From"))
        #expect(again.header("To") == call.invite.header("To"))
        #expect(again.sequence == call.invite.sequence + 1)
        #expect(again.body == sdp("offer"))
        call.accept(again, body: sdp("answer"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
        let ack = try #require(await call.raw.receive("ACK"))
        #expect(ack.headers(answers) == again.headers(answers))
        try await call.finish()
    }

    @Test("a proxy and the server behind it are both answered, and each finds its own")
    @LoopActor func proxyAndServer() async throws {
        let authorizer = RecordedAuthorizer()
        let call = try await RawCallee(authorizer: authorizer)
        call.respond(407, headers: ["Proxy-Authenticate: \(digest)"])
        let second = try #require(await call.raw.receive("INVITE"))
        call.raw.send(rawResponse(401, "Who?", to: second, port: call.raw.port, headers: ["WWW-Authenticate: \(older)"]))
        let third = try #require(await call.raw.receive("INVITE"))
        #expect(third.headers("Proxy-Authorization") == [RecordedAuthorizer.answer(authorizer.asked[0])])
        #expect(third.headers("Authorization") == [RecordedAuthorizer.answer(authorizer.asked[1])])
        call.accept(third, body: sdp("answer"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
        try await call.finish()
    }

    @Test("a 422 between two challenges is followed as well")
    @LoopActor func challengedAndTooShort() async throws {
        let authorizer = RecordedAuthorizer()
        let call = try await RawCallee(authorizer: authorizer) {
            $0.sessionExpires = 90
            $0.minimumSessionExpires = 90
        }
        call.respond(401, headers: ["WWW-Authenticate: \(digest)"])
        let second = try #require(await call.raw.receive("INVITE"))
        call.raw.send(rawResponse(422, "Too small", to: second, port: call.raw.port, headers: ["Min-SE: 120"]))
        let third = try #require(await call.raw.receive("INVITE"))
        #expect(third.header("Min-SE") == "120")
        call.raw.send(rawResponse(401, "Stale", to: third, port: call.raw.port, headers: ["WWW-Authenticate: \(digest("tern.test", "another"))"]))
        let fourth = try #require(await call.raw.receive("INVITE"))
        #expect(fourth.header("Min-SE") == "120")
        #expect(fourth.headers("Authorization") == [RecordedAuthorizer.answer(authorizer.asked[1])])
        call.accept(fourth, body: sdp("answer"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
        try await call.finish()
    }

    @Test("another nonce is answered once more; a peer that challenges for ever is left after the third INVITE")
    @LoopActor func forEver() async throws {
        let authorizer = RecordedAuthorizer()
        let call = try await RawCallee(authorizer: authorizer)
        var invite = call.invite
        for attempt in 1...2 {
            call.challenge(401, invite, [digest("r", "\(attempt)")])
            invite = try #require(await call.raw.receive("INVITE"))
            #expect(invite.headers("Authorization") == [RecordedAuthorizer.answer(authorizer.asked[attempt - 1])])
        }
        call.challenge(401, invite, [digest("r", "3")])
        #expect(try await call.caller.event() == .rejected(call.leg, status: 401, phrase: "Who?", reason: nil))
        #expect(authorizer.asked.map(\.attempt) == [1, 2])
        try await call.stop()
        #expect(await call.raw.receive("INVITE", within: .milliseconds(200)) == nil)
    }

    @Test("the nonce that was answered, again, is a refusal, unless it is stale", arguments: [false, true])
    @LoopActor func sameNonce(stale: Bool) async throws {
        let authorizer = RecordedAuthorizer()
        let call = try await RawCallee(authorizer: authorizer)
        call.challenge(407, call.invite, [digest("r", "n")])
        let second = try #require(await call.raw.receive("INVITE"))
        call.challenge(407, second, [digest("r", "n", stale: stale)])
        if stale {
            let third = try #require(await call.raw.receive("INVITE"))
            call.accept(third, body: sdp("answer"))
            #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
            try await call.finish()
        } else {
            #expect(try await call.caller.event() == .rejected(call.leg, status: 407, phrase: "Who?", reason: nil))
            #expect(authorizer.asked.count == 1)
            try await call.stop()
        }
    }

    @Test("realms add up, of servers and of proxies, however many ask in turn", arguments: [[401, 407, 407], [407, 407, 401], [407, 401, 407, 401]])
    @LoopActor func realms(statuses: [Int]) async throws {
        let call = try await RawCallee(authorizer: RecordedAuthorizer())
        var invite = call.invite
        for (number, status) in statuses.enumerated() {
            call.challenge(status, invite, [digest("realm \(number)", "n")])
            invite = try #require(await call.raw.receive("INVITE"))
            let answers = invite.headers("Authorization") + invite.headers("Proxy-Authorization")
            #expect(answers.count == number + 1)
            for earlier in 0...number { #expect(answers.contains { $0.contains("realm=\"realm \(earlier)\"") }) }
        }
        call.accept(invite, body: sdp("answer"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
        try await call.finish()
    }

    @Test("a sixth response with a challenge is the end, whatever realm it is of")
    @LoopActor func rounds() async throws {
        let authorizer = RecordedAuthorizer()
        let call = try await RawCallee(authorizer: authorizer)
        var invite = call.invite
        for number in 1...5 {
            call.challenge(407, invite, [digest("realm \(number)", "n")])
            invite = try #require(await call.raw.receive("INVITE"))
        }
        call.challenge(407, invite, [digest("realm 6", "n")])
        #expect(try await call.caller.event() == .rejected(call.leg, status: 407, phrase: "Who?", reason: nil))
        #expect(authorizer.asked.count == 5)
        try await call.stop()
    }

    @Test("the challenges of two realms in one response are both answered")
    @LoopActor func twoRealms() async throws {
        let authorizer = RecordedAuthorizer()
        let call = try await RawCallee(authorizer: authorizer)
        call.challenge(407, call.invite, [digest("one", "n"), digest("two", "n"), digest("one", "m")])
        let second = try #require(await call.raw.receive("INVITE"))
        #expect(second.headers("Proxy-Authorization") == authorizer.asked.map(RecordedAuthorizer.answer))
        #expect(authorizer.asked.map(\.values) == [[digest("one", "n"), digest("one", "m")], [digest("two", "n")]])
        call.accept(second, body: sdp("answer"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
        try await call.finish()
    }

    @Test("without credentials, or without a challenge in it, the 401 is the end", arguments: [
        ("WWW-Authenticate: \(digest)", 0), ("WWW-Authenticate: Basic realm=\"x\"", 0), ("X-Nothing: there", 1),
        ("WWW-Authenticate: Basic realm=\"x\"", 1), ("WWW-Authenticate: Digest", 0),
    ])
    @LoopActor func givenUp(header: String, answers: Int) async throws {
        let authorizer = RecordedAuthorizer(answering: answers)
        let call = try await RawCallee(authorizer: authorizer)
        call.respond(401, headers: [header])
        #expect(try await call.caller.event() == .rejected(call.leg, status: 401, phrase: "Status", reason: nil))
        try await call.stop()
    }

    /// Sofia repeats it by itself, as often as it repeats anything.
    @Test("a challenge without a realm is answered a few times in vain", arguments: ["Digest nonce=\"x\"", "Strange a=b"])
    @LoopActor func noRealm(challenge: String) async throws {
        let call = try await RawCallee(authorizer: RecordedAuthorizer())
        var invites = 1
        call.respond(401, headers: ["WWW-Authenticate: \(challenge)"])
        while call.caller.unread.isEmpty, let again = await call.raw.receive("INVITE", within: .milliseconds(500)) {
            invites += 1
            call.raw.send(rawResponse(
                401, "Who?", to: again, port: call.raw.port, headers: ["WWW-Authenticate: \(challenge)"]))
        }
        #expect(invites <= 3)
        #expect(try await call.caller.event() == .rejected(call.leg, status: 401, phrase: "Who?", reason: nil))
        try await call.stop()
    }

    @Test("a call that is given up while its challenge is on the way is not made again")
    @LoopActor func cancelled() async throws {
        let authorizer = RecordedAuthorizer()
        let call = try await RawCallee(authorizer: authorizer)
        call.respond(401, headers: ["WWW-Authenticate: \(digest)"])
        call.caller.endpoint.end(call.leg, status: 0, reason: nil)
        #expect(await call.raw.receive("ACK") != nil)
        try await call.stop()
        #expect(await call.raw.receive("INVITE", within: .milliseconds(100)) == nil)
    }

    @Test("a call that is given up after its challenge was answered gets its CANCEL")
    @LoopActor func cancelledLate() async throws {
        let authorizer = RecordedAuthorizer()
        let call = try await RawCallee(authorizer: authorizer)
        call.respond(401, headers: ["WWW-Authenticate: \(digest)"])
        let again = try #require(await call.raw.receive("INVITE"))
        call.raw.send(rawResponse(180, "Ringing", to: again, port: call.raw.port))
        _ = try await call.caller.event()
        call.caller.endpoint.end(call.leg, status: 0, reason: nil)
        let cancel = try #require(await call.raw.receive("CANCEL"))
        #expect(cancel.sequence == again.sequence)
        call.accept(cancel)
        call.raw.send(rawResponse(487, "Gone", to: again, port: call.raw.port))
        try await call.stop()
    }

    @Test("PRACK, re-INVITE, INFO and BYE are repeated with credentials as well")
    @LoopActor func inDialog() async throws {
        let authorizer = RecordedAuthorizer()
        let call = try await RawCallee(authorizer: authorizer)
        call.reliable(183, 1, body: sdp("early"))
        _ = try await call.caller.event()
        call.accept(try await call.challenged("PRACK", authorizer))
        call.respond(200)
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("early")))
        #expect(await call.raw.receive("ACK") != nil)
        call.caller.endpoint.offer(call.leg, sdp: sdp("more"))
        let offer = try await call.challenged("INVITE", authorizer)
        #expect(offer.body == sdp("more"))
        call.accept(offer, body: sdp("fine"))
        #expect(try await call.caller.event() == .offerAccepted(call.leg, sdp: sdp("fine")))
        call.caller.endpoint.info(call.leg, .digit(SIPDigit("5"), .plain))
        call.accept(try await call.challenged("INFO", authorizer))
        #expect(try await call.caller.event() == .infoAnswered(call.leg, status: 200))
        call.caller.endpoint.end(call.leg, status: 0, reason: SIPReason(cause: 200, text: "Enough"))
        let bye = try await call.challenged("BYE", authorizer)
        #expect(bye.header("Reason") == "SIP;cause=200;text=\"Enough\"")
        call.accept(bye)
        try await call.stop()
    }

    @Test("a refresh by UPDATE that is challenged is repeated")
    @LoopActor func refresh() async throws {
        let authorizer = RecordedAuthorizer()
        let call = try await RawCallee(authorizer: authorizer) {
            $0.sessionExpires = 4
            $0.minimumSessionExpires = 1
        }
        call.respond(
            200, headers: ["Allow: INVITE, ACK, BYE, UPDATE", "Require: timer", "Session-Expires: 4;refresher=uac"],
            body: sdp("answer"))
        _ = try await call.caller.event()
        let update = try await call.challenged("UPDATE", authorizer)
        call.accept(update, headers: ["Require: timer", "Session-Expires: 4;refresher=uac"])
        try await call.finish()
    }

    @Test("a called leg answers challenges to its BYE, once it is told how")
    @LoopActor func called() async throws {
        let authorizer = RecordedAuthorizer()
        let call = try await RawCall()
        call.callee.endpoint.authorize(call.leg, by: authorizer.closure)
        call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
        let answer = try #require(await call.raw.receive("SIP/2.0 200"))
        call.raw.send(call.invite.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await call.callee.event() == .established(call.leg))
        call.callee.endpoint.end(call.leg, status: 0, reason: nil)
        let bye = try #require(await call.raw.receive("BYE"))
        call.raw.send(rawResponse(
            407, "Who?", to: bye, port: call.raw.port, headers: ["Proxy-Authenticate: \(digest)"]))
        let again = try #require(await call.raw.receive("BYE"))
        #expect(authorizer.asked.map(\.requestURI) == [again.uri])
        #expect(again.headers("Proxy-Authorization").count == 1)
        call.raw.send(rawResponse(200, "OK", to: again, port: call.raw.port))
        try await call.stop()
    }

    @Test("a re-INVITE that is challenged in vain is refused, the session stands, and the next one is made")
    @LoopActor func refusedOffer() async throws {
        let call = try await RawCallee()
        call.respond(200, body: sdp("answer"))
        _ = try await call.caller.event()
        for _ in 1...2 {
            call.caller.endpoint.offer(call.leg, sdp: sdp("more"))
            // Once more as it was: see `Leg.answer`.
            for _ in 1...2 {
                let offer = try #require(await call.raw.receive("INVITE"))
                call.raw.send(rawResponse(
                    401, "Who?", to: offer, port: call.raw.port, headers: ["WWW-Authenticate: \(digest)"]))
            }
            #expect(try await call.caller.event() == .offerRejected(call.leg, status: 401, phrase: "Who?"))
        }
        try await call.finish()
    }

    @Test("a BYE that is challenged in vain ends the leg nevertheless")
    @LoopActor func refusedBye() async throws {
        let call = try await RawCallee()
        call.respond(200, body: sdp("answer"))
        _ = try await call.caller.event()
        call.caller.endpoint.end(call.leg, status: 0, reason: nil)
        let bye = try #require(await call.raw.receive("BYE"))
        call.raw.send(rawResponse(401, "Who?", to: bye, port: call.raw.port, headers: ["WWW-Authenticate: \(digest)"]))
        try await call.stop()
    }

    @Test("what a challenge says is bounded")
    @LoopActor func bounded() async throws {
        let authorizer = RecordedAuthorizer(answering: 0)
        let call = try await RawCallee(authorizer: authorizer)
        let long = "Digest realm=\"" + String(repeating: "x", count: 4_000) + "\", "
            + (1...100).map { "a\($0)=b" }.joined(separator: ", ")
        call.respond(401, headers: Array(repeating: "WWW-Authenticate: \(long)", count: 10))
        #expect(try await call.caller.event() == .rejected(call.leg, status: 401, phrase: "Status", reason: nil))
        let values = try #require(authorizer.asked.first?.values)
        #expect(values.count == SIPChallenge.most)
        #expect(values.allSatisfy { $0.utf8.count < 2_000 })
        try await call.stop()
    }
}

extension RawCallee {
    @LoopActor
    fileprivate func challenge(_ status: Int, _ request: String, _ values: [String]) {
        let name = status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate"
        raw.send(rawResponse(status, "Who?", to: request, port: raw.port, headers: values.map { "\(name): \($0)" }))
    }

    /// Receives a request, challenges it, and returns what comes then.
    @LoopActor
    fileprivate func challenged(_ method: String, _ authorizer: RecordedAuthorizer) async throws -> String {
        let first = try #require(await raw.receive(method))
        raw.send(rawResponse(401, "Who?", to: first, port: raw.port, headers: ["WWW-Authenticate: \(digest)"]))
        let again = try #require(await raw.receive(method))
        let challenge = try #require(authorizer.asked.last)
        #expect(challenge.method == method)
        #expect(challenge.requestURI == again.uri)
        #expect(challenge.attempt == 1)
        #expect(again.headers("Authorization") == [RecordedAuthorizer.answer(challenge)])
        #expect(again.header("Call-ID") == first.header("Call-ID"))
        #expect(again.header("To") == first.header("To"))
        #expect(again.sequence == first.sequence + 1)
        return again
    }
}
