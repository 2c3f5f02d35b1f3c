/// Changes to an established call: offers from either side, and their answers.
extension Call {
    func offered(_ side: SessionSide, _ sdp: String, trickle: Bool) -> [Action] {
        guard case .established(let leg) = state else {
            return [.refuseOffer(side, nil, .state("the call is not established"))]
        }
        guard !answerIsForNobody else {
            return [.refuseOffer(side, side == .callee ? leg : nil, .state("another offer is being answered"))]
        }
        return [.offerSession(side, sdp: sdp, trickle: trickle, branch: carrying)]
    }

    mutating func offerWanted(_ side: SessionSide) -> [Action] {
        guard case .established(let leg) = state else {
            return [.refuseOffer(side, nil, .state("the call is not established"))]
        }
        guard !answerIsForNobody, asking == nil else {
            return [.refuseOffer(side, side == .callee ? leg : nil, .state("another offer is being answered"))]
        }
        asking = side
        return [.askSession(side, branch: carrying)]
    }

    func answered(_ side: SessionSide, _ sdp: String, trickle: Bool) -> [Action] {
        guard case .established = state else { return [] }
        return [.answerSession(sdp: sdp, trickle: trickle, branch: carrying)]
    }

    func declined(_ side: SessionSide, _ failure: SessionFailure) -> [Action] {
        guard case .established = state else { return [] }
        return [.declineSession(failure)]
    }
}
