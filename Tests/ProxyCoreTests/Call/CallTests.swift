import TestRandom
import Testing

@testable import ProxyCore

extension Call {
    /// The echo, or parties that ring at once over one session.
    init(id: String, echo: Bool, legs: [Leg]) {
        self.init(id: id, stages: echo ? [.echo()] : [.parties(legs.map { Party($0) })])
    }
}

@Suite("A call")
struct CallTests {
    private let busy = CallEnd(status: 486, reason: "Busy Here", by: .callee)
    private let declined = CallEnd(status: 603, reason: "Decline", by: .callee)

    /// A call whose legs have been invited.
    private func inviting(_ legs: [Call.Leg] = [1]) -> Call {
        var call = Call(id: "c", echo: false, legs: legs)
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionOffers(.callee, "P"))
        return call
    }

    private func established() -> Call {
        var call = inviting()
        _ = call.handle(.accepted(1, "A"))
        _ = call.handle(.sessionAnswers(.caller, "B"))
        return call
    }

    @Test("takes the offer through the session to every leg, and starts the ringing limit")
    func invites() {
        var call = Call(id: "c", echo: false, legs: [1, 2])
        #expect(call.handle(.start(offer: RemoteDescription("O", trickle: true))) == [.tellSession(.caller, .offered(RemoteDescription("O", trickle: true)))])
        #expect(
            call.handle(.sessionOffers(.callee, "P")) == [
                .startTimer(.ringing), .invite(1, offer: "P"), .invite(2, offer: "P"),
            ])
    }

    @Test("tells the caller once that it rings")
    func rings() {
        var call = inviting([1, 2])
        #expect(call.handle(.ringing(1)) == [.ringCaller])
        #expect(call.handle(.ringing(2)) == [])
        #expect(call.handle(.ringing(1)) == [])
        #expect(call.handle(.ringing(7)) == [])
    }

    @Test("the echo answers at once")
    func echo() {
        var call = Call(id: "c", echo: true, legs: [])
        #expect(call.handle(.start(offer: "O")) == [.tellSession(.caller, .offered("O"))])
        #expect(call.handle(.sessionAnswers(.caller, "A")) == [.answerCaller("A"), .startTimer(.duration)])
        #expect(call.isEstablished)
        let end = CallEnd.normal(by: .caller)
        #expect(
            call.handle(.callerEnded(end)) == [
                .stopTimer(.duration), .hangUpCaller(end), .stopSession(end), .ended(end),
            ])
        #expect(call.isEnded)
    }

    @Test("the first to answer has the call, the others stop once its answer stands")
    func firstAnswerWins() {
        var call = inviting([1, 2, 3])
        #expect(
            call.handle(.accepted(2, RemoteDescription("A", trickle: true))) == [.tellSession(.callee, .answered(RemoteDescription("A", trickle: true)))])
        guard case .refuse(3, .state) = call.handle(.accepted(3, "C")).first else {
            Issue.record("a second answer was taken")
            return
        }
        #expect(
            call.handle(.sessionAnswers(.caller, "B")) == [
                .stopTimer(.ringing), .confirmCallee(2, answer: nil), .answerCaller("B"),
                .endCallee(1, .answeredElsewhere), .endCallee(3, .answeredElsewhere), .startTimer(.duration),
            ])
    }

    @Test("an answer that the session refuses changes nothing: it rings on")
    func refusedAnswer() {
        var call = inviting([1, 2])
        _ = call.handle(.accepted(1, "bad"))
        let failure = SessionFailure.refused("no")
        #expect(call.handle(.answerRefused(failure)) == [.refuse(1, failure)])
        #expect(
            call.handle(.accepted(2, "A")) == [.tellSession(.callee, .answered("A"))])
    }

    @Test("answering twice, or after the end, is refused")
    func answeredTwice() {
        var call = established()
        #expect(
            call.handle(.accepted(1, "A")) == [
                .refuse(1, .state("the call has been answered before"))
            ])
        _ = call.handle(.callerEnded(.normal(by: .caller)))
        #expect(
            call.handle(.accepted(1, "A")) == [.refuse(1, .state("the call has ended"))])
    }

    @Test("the last refusal ends it with the most telling status")
    func refusals() {
        var call = inviting([1, 2])
        #expect(call.handle(.calleeEnded(1, busy)) == [])
        let actions = call.handle(.calleeEnded(2, .notReachable))
        #expect(
            actions == [.stopTimer(.ringing), .rejectCaller(busy), .stopSession(busy), .ended(busy)])
    }

    @Test("a 6xx speaks for all")
    func decline() {
        var call = inviting([1, 2])
        #expect(
            call.handle(.calleeEnded(1, declined)) == [
                .stopTimer(.ringing), .rejectCaller(declined), .endCallee(2, declined), .stopSession(declined),
                .ended(declined),
            ])
    }

    @Test("CANCEL while it rings stops every leg")
    func cancel() {
        var call = inviting([1, 2])
        #expect(
            call.handle(.callerEnded(.cancelled)) == [
                .stopTimer(.ringing), .rejectCaller(.cancelled), .endCallee(1, .cancelled),
                .endCallee(2, .cancelled), .stopSession(.cancelled), .ended(.cancelled),
            ])
    }

    @Test("CANCEL while the answer is on its way ends the leg that answered as well")
    func cancelCrossesAnswer() {
        var call = inviting()
        _ = call.handle(.accepted(1, "A"))
        let actions = call.handle(.callerEnded(.cancelled))
        #expect(actions.contains(.endCallee(1, .cancelled)))
        #expect(actions.contains(.stopSession(.cancelled)))
        #expect(call.handle(.sessionAnswers(.caller, "B")) == [])
    }

    @Test("nobody answers in time")
    func timeout() {
        var call = inviting()
        let actions = call.handle(.terminate(.noAnswer))
        #expect(actions.contains(.rejectCaller(.noAnswer)))
        #expect(actions.contains(.endCallee(1, .noAnswer)))
        #expect(actions.last == .ended(.noAnswer))
    }

    @Test("either side hangs up an established call", arguments: [CallEnd.Party.caller, .callee])
    func hangUp(by party: CallEnd.Party) {
        var call = established()
        let end = CallEnd.normal(by: party)
        let actions = call.handle(party == .caller ? .callerEnded(end) : .calleeEnded(1, end))
        #expect(
            actions == [
                .stopTimer(.duration), .hangUpCaller(end), .endCallee(1, end), .stopSession(end), .ended(end),
            ])
        #expect(call.handle(.callerEnded(end)) == [])
    }

    @Test("a session that fails to start rejects the caller with the status that says why")
    func sessionFails() {
        var call = Call(id: "c", echo: false, legs: [1])
        _ = call.handle(.start(offer: "O"))
        let end = CallEnd(status: 503, reason: "no media server", by: .gateway, retryAfter: 5)
        #expect(
            call.handle(.offerRefused(.caller, .unavailable("no media server"))) == [
                .rejectCaller(end), .stopSession(end), .ended(end),
            ])
    }

    @Test("a media path that breaks ends both legs")
    func mediaLost() {
        var call = established()
        let actions = call.handle(.sessionEnded(.mediaServerLost))
        let end = CallEnd(status: 503, reason: "the media server was lost", by: .gateway, retryAfter: 5)
        #expect(actions.contains(.hangUpCaller(end)))
        #expect(actions.contains(.endCallee(1, end)))
    }

    @Test("a user without a client is not reachable")
    func nobody() {
        var call = Call(id: "c", echo: false, legs: [])
        #expect(
            call.handle(.start(offer: "O")) == [
                .rejectCaller(.notReachable), .ended(.notReachable),
            ])
    }

    @Test("one leg going while another's answer is on its way disturbs nothing")
    func otherLegGoes() {
        var call = inviting([1, 2])
        _ = call.handle(.accepted(1, "A"))
        #expect(call.handle(.calleeEnded(2, busy)) == [])
        #expect(
            call.handle(.sessionAnswers(.caller, "B")) == [
                .stopTimer(.ringing), .confirmCallee(1, answer: nil), .answerCaller("B"), .startTimer(.duration),
            ])
    }

    @Test("whatever comes in whatever order, it ends once and never traps")
    func anyOrder() {
        var generator = SeededRandom("events of a call in any order")
        for _ in 0..<5_000 {
            var course = CallCourse(&generator)
            for _ in 0..<20 { course.step(&generator) }
            course.finish()
            guard course.faults.isEmpty else {
                Issue.record("\(course.faults)\n\(course.log.joined(separator: "\n"))")
                return
            }
        }
    }

    // MARK: Early media

    @Test("an early answer reaches the caller while it rings, and is its answer when the phone takes the call")
    func earlyMedia() {
        var call = inviting()
        #expect(call.handle(.progress(1, "E")) == [.tellSession(.callee, .answered("E"))])
        #expect(call.handle(.sessionAnswers(.caller, "F")) == [.progressCaller("F"), .progressDone(1, nil)])
        #expect(
            call.handle(.accepted(1, "E")) == [
                .stopTimer(.ringing), .confirmCallee(1, answer: nil), .answerCaller("F"), .startTimer(.duration),
            ])
    }

    @Test("another description in the 200 than in the 183 changes the session once it is established")
    func changedAfterEarlyMedia() {
        var call = inviting()
        _ = call.handle(.progress(1, "E"))
        _ = call.handle(.sessionAnswers(.caller, "F"))
        #expect(
            call.handle(.accepted(1, "G")).last
                == .tellSession(.callee, .offered("G")))
        #expect(call.handle(.sessionOffers(.caller, "H")) == [.sendOffer(.caller, nil, "H")])
        #expect(
            call.handle(.answered(.caller, "I")) == [.tellSession(.caller, .answered("I"))])
        #expect(call.handle(.sessionAnswers(.callee, "J")) == [])
        #expect(
            call.handle(.offered(.callee, "K")) == [
                .tellSession(.callee, .offered("K"))
            ])
    }

    @Test("a phone that answers before its early answer is through is answered when it is")
    func acceptedDuringEarlyMedia() {
        var call = inviting()
        _ = call.handle(.progress(1, "E"))
        #expect(call.handle(.accepted(1, nil)) == [])
        #expect(
            call.handle(.sessionAnswers(.caller, "F")) == [
                .stopTimer(.ringing), .confirmCallee(1, answer: nil), .answerCaller("F"), .startTimer(.duration),
            ])
    }

    @Test("an early answer that cannot be used only rings, and its leg is told why")
    func badEarlyMedia() {
        var call = inviting()
        _ = call.handle(.progress(1, "bad"))
        #expect(call.handle(.answerRefused(.refused("no"))) == [.progressDone(1, .refused("no")), .ringCaller])
        _ = call.handle(.progress(1, "bad"))
        #expect(call.handle(.answerRefused(.refused("no"))) == [.progressDone(1, .refused("no"))])
        #expect(
            call.handle(.accepted(1, "A")) == [.tellSession(.callee, .answered("A"))])
    }

    @Test("with several parties ringing an early answer is only a sign of ringing")
    func earlyMediaOfOneOfMany() {
        var call = inviting([1, 2])
        #expect(call.handle(.progress(1, "E")) == [.ringCaller, .progressDone(1, nil)])
    }

    // MARK: Late offer

    @Test("a caller without an offer gets the called party's, and answers it in its ACK")
    func lateOffer() {
        var call = Call(id: "c", echo: false, legs: [1])
        #expect(
            call.handle(.start(offer: nil)) == [.startTimer(.ringing), .invite(1, offer: nil)])
        #expect(
            call.handle(.accepted(1, RemoteDescription("O", trickle: true))) == [
                .tellSession(.callee, .offered(RemoteDescription("O", trickle: true)))
            ])
        #expect(call.handle(.sessionOffers(.caller, "P")) == [.stopTimer(.ringing), .answerCaller("P")])
        #expect(call.handle(.callerAnswered("A")) == [.tellSession(.caller, .answered("A"))])
        #expect(
            call.handle(.sessionAnswers(.callee, "B")) == [.confirmCallee(1, answer: "B"), .startTimer(.duration)])
        #expect(call.isEstablished)
    }

    @Test("an ACK without the answer that was due ends the call")
    func lateOfferWithoutAnswer() {
        var call = Call(id: "c", echo: false, legs: [1])
        _ = call.handle(.start(offer: nil))
        _ = call.handle(.accepted(1, "O"))
        _ = call.handle(.sessionOffers(.caller, "P"))
        let actions = call.handle(.callerAnswered(nil))
        guard case .hangUpCaller(let end) = actions.first else {
            Issue.record("the call goes on")
            return
        }
        #expect(end.status == 488 && actions.contains(.endCallee(1, end)))
    }

    // MARK: Changes

    @Test("an offer of one side is carried to the other and its answer back", arguments: SessionSide.allCases)
    func reoffer(by side: SessionSide) {
        var call = established()
        let leg: (SessionSide) -> Call.Leg? = { $0 == .callee ? 1 : nil }
        #expect(
            call.handle(.offered(side, "R")) == [.tellSession(side, .offered("R"))])
        #expect(call.handle(.sessionOffers(side.other, "S")) == [.sendOffer(side.other, leg(side.other), "S")])
        #expect(
            call.handle(.answered(side.other, "T")) == [.tellSession(side.other, .answered("T"))])
        #expect(call.handle(.sessionAnswers(side, "U")) == [.sendAnswer(side, leg(side), "U")])
    }

    @Test("a declined offer is refused to whoever made it, and the call goes on")
    func declinedReoffer() {
        var call = established()
        _ = call.handle(.offered(.caller, "R"))
        _ = call.handle(.sessionOffers(.callee, "S"))
        let failure = SessionFailure.refused("no")
        #expect(call.handle(.declined(.callee, failure)) == [.tellSession(.callee, .declined(failure))])
        #expect(call.handle(.offerRefused(.caller, failure)) == [.refuseOffer(.caller, nil, failure)])
        #expect(call.isEstablished)
    }
}
