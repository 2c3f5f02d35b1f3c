import Testing

@testable import ProxyCore

/// Phones and browsers that ring at once, and what is tried one after the other.
@Suite("A call in stages")
struct CallStageTests {
    private let busy = CallEnd(status: 486, reason: "Busy Here", by: .callee)
    private let gone = CallEnd(status: 480, reason: "Temporarily Unavailable", by: .callee)
    private let failed = CallEnd(status: 500, reason: "Server Error", by: .callee)

    /// A browser (1, session 1) and a phone (2, session 2) that ring at once.
    private func ringingBoth() -> Call {
        var call = Call(id: "c", stages: [.parties([.init(1, branch: 1), .init(2, branch: 2)])])
        _ = call.handle(.start(offer: RemoteDescription("O", trickle: true)))
        _ = call.handle(.sessionOffers(.callee, "W", branch: 1))
        _ = call.handle(.sessionOffers(.callee, "R", branch: 2))
        return call
    }

    @Test("the offer goes to a session for each kind of party, and each party gets its own session's")
    func offersToEachKind() {
        var call = Call(id: "c", stages: [.parties([.init(1, branch: 1), .init(2, branch: 2), .init(3, branch: 2)])])
        #expect(
            call.handle(.start(offer: RemoteDescription("O", trickle: true))) == [
                .tellSession(.caller, .offered(RemoteDescription("O", trickle: true)), branch: 1),
                .tellSession(.caller, .offered(RemoteDescription("O", trickle: true)), branch: 2),
            ])
        #expect(
            call.handle(.sessionOffers(.callee, "R", branch: 2)) == [
                .startTimer(.ringing), .invite(2, offer: "R"), .invite(3, offer: "R"),
            ])
        #expect(call.handle(.sessionOffers(.callee, "W", branch: 1)) == [.invite(1, offer: "W")])
    }

    @Test("legs that somebody else refuses for stop ringing, and no others; those that do not ring any more are not told")
    func dismissed() {
        var call = Call(id: "c", stages: [.parties([.init(1), .init(2), .init(3)])])
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionOffers(.callee, "R"))
        _ = call.handle(.calleeEnded(3, busy))
        #expect(call.handle(.dismissed([1, 3], gone)) == [.endCallee(1, gone)])
        #expect(call.ringing == [2])
        let last = call.handle(.dismissed([2], gone))
        #expect(last.first == .endCallee(2, gone) && last.last == .ended(busy), "\(last)")
        #expect(call.handle(.dismissed([2], gone)) == [])
    }

    @Test("the session of whoever answers carries the call, the others are dropped and the others stop ringing")
    func settles() {
        var call = ringingBoth()
        #expect(
            call.handle(.accepted(2, "A")) == [.tellSession(.callee, .answered("A"), branch: 2)])
        #expect(
            call.handle(.sessionAnswers(.caller, "B", branch: 2)) == [
                .stopTimer(.ringing), .settle(2), .confirmCallee(2, answer: nil), .answerCaller("B"),
                .endCallee(1, .answeredElsewhere), .startTimer(.duration),
            ])
        #expect(call.handle(.sessionEnded(.stopped, branch: 1)) == [])
        #expect(
            call.handle(.offered(.caller, "N")) == [
                .tellSession(.caller, .offered("N"), branch: 2)
            ])
        #expect(call.handle(.sessionAnswers(.caller, "X", branch: 1)) == [])
    }

    @Test("a session that cannot take the offer costs its own parties only")
    func oneSessionFails() {
        var call = ringingBoth()
        let failure = SessionFailure.refused("no codec in common")
        #expect(call.handle(.offerRefused(.caller, failure, branch: 2)) == [.endCallee(2, .failed(failure))])
        #expect(call.handle(.sessionEnded(.stopped, branch: 2)) == [])
        #expect(
            call.handle(.accepted(1, "A")) == [.tellSession(.callee, .answered("A"), branch: 1)])
    }

    @Test("when every session fails, the caller is told why")
    func everySessionFails() {
        var call = Call(id: "c", stages: [.parties([.init(1, branch: 1), .init(2, branch: 2)])])
        _ = call.handle(.start(offer: RemoteDescription("O", trickle: true)))
        let failure = SessionFailure.refused("no codec in common")
        #expect(call.handle(.offerRefused(.caller, failure, branch: 1)) == [])
        #expect(call.handle(.offerRefused(.caller, failure, branch: 2)).last == .ended(.failed(failure)))
    }

    @Test("an answer that cannot be used lets the others ring on, with those whose offer came meanwhile")
    func refusedAnswer() {
        var call = Call(id: "c", stages: [.parties([.init(1, branch: 1), .init(2, branch: 2)])])
        _ = call.handle(.start(offer: RemoteDescription("O", trickle: true)))
        _ = call.handle(.sessionOffers(.callee, "R", branch: 2))
        _ = call.handle(.accepted(2, "bad"))
        #expect(call.handle(.sessionOffers(.callee, "W", branch: 1)) == [])
        let failure = SessionFailure.refused("no")
        #expect(call.handle(.answerRefused(failure, branch: 2)) == [.refuse(2, failure), .invite(1, offer: "W")])
    }

    @Test("when all of a stage have failed the next one is tried")
    func nextStage() {
        var call = Call(id: "c", stages: [.parties([.init(1)]), .parties([.init(2, branch: 2)]), .reject(busy)])
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionOffers(.callee, "P"))
        #expect(
            call.handle(.calleeEnded(1, failed)) == [
                .stopTimer(.ringing), .tellSession(.caller, .offered("O"), branch: 2),
            ])
        #expect(call.handle(.sessionOffers(.callee, "R", branch: 2)) == [.startTimer(.ringing), .invite(2, offer: "R")])
        #expect(
            call.handle(.calleeEnded(2, gone)) == [
                .stopTimer(.ringing), .rejectCaller(busy), .stopSession(busy), .ended(busy),
            ])
    }

    @Test("a stage whose session has its offer already is invited at once")
    func sameSessionAgain() {
        var call = Call(id: "c", stages: [.parties([.init(1)]), .parties([.init(2)])])
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionOffers(.callee, "P"))
        #expect(
            call.handle(.calleeEnded(1, failed)) == [.stopTimer(.ringing), .startTimer(.ringing), .invite(2, offer: "P")])
        #expect(call.handle(.ringing(2)) == [.ringCaller])
    }

    @Test("a person's no is final", arguments: [486, 600, 603])
    func declined(status: Int) {
        var call = Call(id: "c", stages: [.parties([.init(1)]), .parties([.init(2)])])
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionOffers(.callee, "P"))
        let end = CallEnd(status: status, reason: "no", by: .callee)
        #expect(call.handle(.calleeEnded(1, end)).last == .ended(end))
    }

    @Test("who does not answer in time stops ringing, and the next stage rings")
    func ringingOver() {
        var call = Call(id: "c", stages: [.parties([.init(1)]), .parties([.init(2)])])
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionOffers(.callee, "P"))
        #expect(
            call.handle(.ringingOver) == [.endCallee(1, .noAnswer), .startTimer(.ringing), .invite(2, offer: "P")])
        #expect(call.handle(.calleeEnded(1, gone)) == [])
        #expect(call.handle(.ringingOver).last == .ended(.noAnswer))
    }

    @Test("after early media nobody else is tried: the caller heard it")
    func earlyMediaIsFinal() {
        var call = Call(id: "c", stages: [.parties([.init(1)]), .parties([.init(2)])])
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionOffers(.callee, "P"))
        #expect(call.handle(.progress(1, "E")) == [.tellSession(.callee, .answered("E"))])
        #expect(call.handle(.sessionAnswers(.caller, "F")) == [.progressCaller("F"), .progressDone(1, nil)])
        #expect(call.handle(.calleeEnded(1, failed)).last == .ended(failed))
    }

    @Test("the echo may be what comes last")
    func echoAtLast() {
        var call = Call(id: "c", stages: [.parties([.init(1)]), .echo(2)])
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionOffers(.callee, "P"))
        #expect(
            call.handle(.calleeEnded(1, gone)) == [
                .stopTimer(.ringing), .tellSession(.caller, .offered("O"), branch: 2),
            ])
        #expect(
            call.handle(.sessionAnswers(.caller, "A", branch: 2)) == [.settle(2), .answerCaller("A"), .startTimer(.duration)])
    }

    @Test("a caller without an offer gets that of whoever answers first")
    func lateOffer() {
        var call = Call(id: "c", stages: [.parties([.init(1, branch: 1), .init(2, branch: 2)])])
        #expect(
            call.handle(.start(offer: nil)) == [
                .startTimer(.ringing), .invite(1, offer: nil), .invite(2, offer: nil),
            ])
        #expect(
            call.handle(.accepted(2, "O")) == [
                .tellSession(.callee, .offered("O"), branch: 2)
            ])
        #expect(
            call.handle(.sessionOffers(.caller, "P", branch: 2)) == [
                .stopTimer(.ringing), .settle(2), .answerCaller("P"), .endCallee(1, .answeredElsewhere),
            ])
    }
}
