import Testing

@testable import ProxyCore

@Suite("A called party that is elsewhere")
struct RedirectionTests {
    private let end = CallEnd(status: 480, reason: "", by: .callee)

    private func ringing(_ legs: [Call.Leg] = [1, 2]) -> Call {
        var call = Call(id: "c", echo: false, legs: legs)
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionOffers(.callee, "P"))
        return call
    }

    @Test("has others ring in its place, beside those who ring already; who is gone is not called again")
    func joins() {
        var call = ringing([1, 2, 3])
        _ = call.handle(.calleeEnded(3, end))
        #expect(call.handle(.redirected(1, to: [Call.Party(7)], end)) == [.invite(7, offer: "P")])
        #expect(call.handle(.calleeEnded(2, end)) == [])
        _ = call.handle(.accepted(7, "A"))
        #expect(call.handle(.sessionAnswers(.caller, "B")).contains(.answerCaller("B")))
        #expect(call.answerer == 7)
    }

    @Test("gets a session of another kind the caller's offer first")
    func otherBranch() {
        var call = ringing([1])
        let actions = call.handle(.redirected(1, to: [Call.Party(7, branch: 2)], end))
        #expect(actions == [.tellSession(.caller, .offered("O"), branch: 2)])
        #expect(call.handle(.sessionOffers(.callee, "Q", branch: 2)) == [.invite(7, offer: "Q")])
        _ = call.handle(.accepted(7, "A"))
        #expect(call.handle(.sessionAnswers(.caller, "B", branch: 2)).contains(.settle(2)))
    }

    @Test("has failed where there is nobody else")
    func nobody() {
        var call = ringing([1])
        let end = CallEnd(status: 302, reason: "Moved", by: .callee, contacts: ["sip:a@b"])
        #expect(call.handle(.redirected(1, to: [], end)).contains(.rejectCaller(end)))
        #expect(call.isEnded)
    }

    @Test("is not heard any more when the call is answered")
    func late() {
        var call = ringing()
        _ = call.handle(.accepted(2, "A"))
        _ = call.handle(.sessionAnswers(.caller, "B"))
        #expect(call.handle(.redirected(1, to: [Call.Party(7)], end)) == [])
    }
}
