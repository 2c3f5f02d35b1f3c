import SDP

/// Changes to an established call: offers from either side, and their answers.
extension Call {
    mutating func party(_ side: SessionSide, _ event: PartyEvent, _ leg: Leg?) -> [Action] {
        switch event {
        case .offered: offered(side, event)
        case .offeredEarly: offeredEarly(side, event, leg)
        case .offerWanted: offerWanted(side, leg)
        case .withdrawn: withdrawn(side)
        case .answered, .declined, .refreshed, .received: isEstablished ? [.tellSession(side, event, branch: carrying)] : []
        }
    }

    private func offered(_ side: SessionSide, _ event: PartyEvent) -> [Action] {
        guard case .established(let leg) = state else {
            return [.refuseOffer(side, nil, .state("the call is not established"))]
        }
        guard !answerIsForNobody else {
            return [.refuseOffer(side, side == .callee ? leg : nil, .state("another offer is being answered"))]
        }
        return [.tellSession(side, event, branch: carrying)]
    }

    /// Once the early answer has settled what is spoken (RFC 3311 section 5.1). The other side of the session hears nothing of it.
    private mutating func offeredEarly(_ side: SessionSide, _ event: PartyEvent, _ leg: Leg?) -> [Action] {
        guard case .inviting(var invited) = state, var early = invited.early, early.answer != nil, early.offerer == nil,
            side == .caller || leg == early.leg, let branch = branch(of: early.leg)
        else { return [.refuseOffer(side, leg, .state("nothing has been agreed on yet"))] }
        early.offerer = side
        invited.early = early
        state = .inviting(invited)
        return [.tellSession(side, event, branch: branch)]
    }

    /// The session's answer to such an offer, or its refusal; nil where there is none.
    mutating func earlyOutcome(_ side: SessionSide, _ branch: Branch, _ outcome: Result<SessionDescription, SessionFailure>) -> [Action]? {
        guard case .inviting(var invited) = state, var early = invited.early, early.offerer == side, branch == self.branch(of: early.leg)
        else { return nil }
        early.offerer = nil
        if side == .caller, case .success(let answer) = outcome { early.answer = answer }
        invited.early = early
        state = .inviting(invited)
        let leg = side == .callee ? early.leg : nil
        switch outcome {
        case .success(let answer): return [.sendAnswer(side, leg, answer)]
        case .failure(let failure): return [.refuseOffer(side, leg, failure)]
        }
    }

    private mutating func offerWanted(_ side: SessionSide, _ asker: Leg?) -> [Action] {
        guard case .established(let leg) = state else {
            return [.refuseOffer(side, asker, .state("the call is not established"))]
        }
        guard !answerIsForNobody, asking == nil else {
            return [.refuseOffer(side, side == .callee ? leg : nil, .state("another offer is being answered"))]
        }
        asking = side
        return [.tellSession(side, .offerWanted, branch: carrying)]
    }

    private mutating func withdrawn(_ side: SessionSide) -> [Action] {
        if case .inviting(var invited) = state, var early = invited.early, early.offerer == side, let branch = branch(of: early.leg) {
            early.offerer = nil
            invited.early = early
            state = .inviting(invited)
            return [.tellSession(side, .withdrawn, branch: branch)]
        }
        guard case .established = state else { return [] }
        if asking == side { asking = nil }
        return [.tellSession(side, .withdrawn, branch: carrying)]
    }
}
