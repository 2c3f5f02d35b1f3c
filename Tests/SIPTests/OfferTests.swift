import EventLoop
import SIP
import Testing

extension SIPTests {
    @Suite("Offers within the dialog")
    struct OfferTests {}
}

extension SIPTests.OfferTests {
    @Test("a re-INVITE is accepted, in either direction")
    @LoopActor func accepted() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: sdp("hold"))
            #expect(try await callee.event() == .offer(leg, sdp: sdp("hold")))
            callee.endpoint.acceptOffer(leg, sdp: sdp("held"))
            #expect(try await caller.event() == .offerAccepted(out, sdp: sdp("held")))
            try await eventually(within: .seconds(2), "the ACK") { true }
            callee.endpoint.offer(leg, sdp: sdp("resume"))
            #expect(try await caller.event() == .offer(out, sdp: sdp("resume")))
            caller.endpoint.acceptOffer(out, sdp: sdp("resumed"))
            #expect(try await callee.event() == .offerAccepted(leg, sdp: sdp("resumed")))
            callee.endpoint.end(leg, status: 0, reason: nil)
            #expect(try await caller.event() == .ended(out, SIPEnd(.hungUp)))
        }
    }

    @Test("a refused re-INVITE leaves the session as it was", arguments: [(488, 488), (404, 488), (481, 488), (491, 491)])
    @LoopActor func refused(status: Int, sent: Int) async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: sdp("other"))
            #expect(try await callee.event() == .offer(leg, sdp: sdp("other")))
            callee.endpoint.rejectOffer(leg, SIPResponse(status: status, warning: "no \"common\" codec"))
            guard case .offerRejected(out, sent, _) = try await caller.event() else {
                Issue.record("no rejection with \(sent)")
                return
            }
            // It still stands, and the next offer goes through.
            callee.endpoint.offer(leg, sdp: sdp("again"))
            #expect(try await caller.event() == .offer(out, sdp: sdp("again")))
            caller.endpoint.acceptOffer(out, sdp: nil)
            #expect(try await callee.event() == .offerAccepted(leg, sdp: sdp("offer")))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("a re-INVITE with the description of before is answered by the endpoint itself")
    @LoopActor func refreshed() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: sdp("offer"))
            #expect(try await caller.event() == .offerAccepted(out, sdp: sdp("answer")))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("a re-INVITE without an offer gets ours in the 200, and its answer in the ACK")
    @LoopActor func lateOffer() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: nil)
            #expect(try await callee.event() == .offer(leg, sdp: nil))
            callee.endpoint.acceptOffer(leg, sdp: sdp("new"))
            #expect(try await caller.event() == .offerAccepted(out, sdp: sdp("new")))
            caller.endpoint.acknowledge(out, sdp: sdp("fine"))
            #expect(try await callee.event() == .offerCompleted(leg, sdp: sdp("fine")))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("offers that cross: one is refused with 491, and the call stands")
    @LoopActor func glare() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: sdp("one"))
            callee.endpoint.offer(leg, sdp: sdp("two"))
            guard case .offerRejected(out, 491, _) = try await caller.event(),
                case .offerRejected(leg, 491, _) = try await callee.event()
            else {
                Issue.record("glare was not refused on both sides")
                return
            }
            caller.endpoint.offer(out, sdp: sdp("three"))
            #expect(try await callee.event() == .offer(leg, sdp: sdp("three")))
            callee.endpoint.acceptOffer(leg, sdp: sdp("four"))
            #expect(try await caller.event() == .offerAccepted(out, sdp: sdp("four")))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("a second offer of ours while one is under way is refused at once")
    @LoopActor func overlapping() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: sdp("one"))
            caller.endpoint.offer(out, sdp: sdp("two"))
            #expect(try await caller.event() == .offerRejected(out, status: 491, phrase: "Request Pending"))
            #expect(try await callee.event() == .offer(leg, sdp: sdp("one")))
            callee.endpoint.end(leg, status: 0, reason: nil)
            guard case .offerRejected(out, 487, _) = try await caller.event() else {
                Issue.record("the offer was not ended")
                return
            }
            #expect(try await caller.event() == .ended(out, SIPEnd(.hungUp)))
        }
    }

    @Test("an offer that the core does not decide about is refused; the call stands")
    @LoopActor func undecided() async throws {
        try await withPair(adjust: { $0.decisionLimit = .milliseconds(200) }) { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: sdp("one"))
            #expect(try await callee.event() == .offer(leg, sdp: sdp("one")))
            guard case .offerRejected(out, 488, _) = try await caller.event() else {
                Issue.record("not refused")
                return
            }
            callee.endpoint.acceptOffer(leg, sdp: sdp("too late"))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("INFO with a body that a gateway knows arrives")
    @LoopActor func info() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.info(out, contentType: "application/dtmf-relay", body: "Signal=5\r\nDuration=160\r\n")
            #expect(try await callee.event()
                == .info(leg, contentType: "application/dtmf-relay", body: "Signal=5\r\nDuration=160\r\n"))
            caller.endpoint.info(out, contentType: "application/x-unknown", body: "?")
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }
}
