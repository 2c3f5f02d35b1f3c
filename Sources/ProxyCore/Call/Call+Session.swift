import SDP

/// What the sessions of a call say: one of them once the call is answered, any of its branches before.
extension Call {
    mutating func sessionOffers(_ side: SessionSide, _ offer: SessionDescription, _ branch: Branch) -> [Action] {
        switch (state, side) {
        case (.preparing(branch), .caller):
            state = .established(nil)
            return settle(branch) + [.answerCaller(offer), .startTimer(.duration)]
        case (.inviting(var invited), .callee) where invited.preparing.contains(branch):
            offers[branch] = offer
            let actions = ring(&invited, branch)
            state = .inviting(invited)
            return actions
        case (.connecting(_, let invited), .callee) where invited.preparing.contains(branch):
            offers[branch] = offer
            return []
        case (.connecting(let leg, let invited), .caller) where branch == self.branch(of: leg):
            state = .completing(leg)
            let others = invited.waiting.subtracting([leg]).sorted()
            return [.stopTimer(.ringing)] + settle(branch) + [.answerCaller(offer)]
                + others.map { .endCallee($0, .answeredElsewhere) }
        case (.established(let leg), _) where asking == side && branch == carrying:
            asking = nil
            return [.sendAnswer(side, side == .callee ? leg : nil, offer)]
        case (.established(let leg), _) where branch == carrying:
            return [.sendOffer(side, side == .callee ? leg : nil, offer)]
        default:
            return []
        }
    }

    mutating func sessionAnswers(_ side: SessionSide, _ answer: SessionDescription, _ branch: Branch) -> [Action] {
        if let actions = earlyOutcome(side, branch, .success(answer)) { return actions }
        switch (state, side) {
        case (.preparing(branch), .caller):
            state = .established(nil)
            return settle(branch) + [.answerCaller(answer), .startTimer(.duration)]
        case (.inviting(var invited), .caller):
            guard var early = invited.early, branch == self.branch(of: early.leg) else { return [] }
            early.answer = answer
            if let acceptance = early.acceptance { return establish(early, acceptance.answer) }
            invited.early = early
            callerRings = true
            state = .inviting(invited)
            return [.progressCaller(answer), .progressDone(early.leg, nil)]
        case (.connecting(let leg, let invited), .caller) where branch == self.branch(of: leg):
            return connected(leg, answer: answer, others: invited.waiting.subtracting([leg]))
        case (.completing(let leg), .callee) where branch == carrying:
            state = .established(leg)
            return [.confirmCallee(leg, answer: answer), .startTimer(.duration)]
        case (.established(let leg), _) where branch == carrying:
            if side == .callee, answerIsForNobody {
                answerIsForNobody = false
                return []
            }
            return [.sendAnswer(side, side == .callee ? leg : nil, answer)]
        default:
            return []
        }
    }

    mutating func offerRefused(_ side: SessionSide, _ failure: SessionFailure, _ branch: Branch) -> [Action] {
        if let actions = earlyOutcome(side, branch, .failure(failure)) { return actions }
        switch state {
        case .established(let leg):
            guard branch == carrying else { return [] }
            if asking == side {
                asking = nil
            } else if side == .callee, answerIsForNobody {
                answerIsForNobody = false
                return []
            }
            return [.refuseOffer(side, side == .callee ? leg : nil, failure)]
        case .connecting(let leg, _) where branch == self.branch(of: leg):
            return [.refuse(leg, failure)] + finish(.failed(failure))
        case .inviting, .connecting:
            return drop(branch, .failed(failure))
        case .preparing(branch), .completing:
            return finish(.failed(failure))
        case .new, .preparing, .ended:
            return []
        }
    }

    mutating func answerRefused(_ failure: SessionFailure, _ branch: Branch) -> [Action] {
        switch state {
        case .inviting(var invited):
            guard let early = invited.early, branch == self.branch(of: early.leg) else { return [] }
            invited.early = nil
            state = .inviting(invited)
            let told: [Action] = [.progressDone(early.leg, failure)]
            guard let acceptance = early.acceptance else { return told + ring(early.leg) }
            return told + accept(early.leg, acceptance.answer)
        case .connecting(let leg, var invited) where branch == self.branch(of: leg):
            // Whose offer came meanwhile is invited now.
            let late = invited.preparing.filter { offers[$0] != nil }.sorted()
            let actions = late.flatMap { ring(&invited, $0) }
            state = .inviting(invited)
            return [.refuse(leg, failure)] + actions
        case .completing where branch == carrying: return finish(.failed(failure))
        case .established(nil) where wantsOffer && branch == carrying:
            // The answer to the echo's offer came in the ACK, and none follows. One that the session does not wait for is another.
            if case .state = failure { return [] }
            return finish(.failed(failure))
        default: return []
        }
    }

    /// A session ended by itself: with it go those who were called for it, or the call that it carries.
    mutating func sessionEnded(_ end: CallEnd, _ branch: Branch) -> [Action] {
        switch state {
        case .inviting(let invited):
            if let early = invited.early, self.branch(of: early.leg) == branch { return finish(end) }
            return drop(branch, end)
        case .connecting(let leg, _):
            return self.branch(of: leg) == branch ? finish(end) : drop(branch, end)
        case .completing, .established:
            return branch == carrying ? finish(end) : []
        case .preparing(let echo):
            return branch == echo ? finish(end) : []
        case .new:
            return finish(end)
        case .ended:
            return []
        }
    }

    mutating func callerAnswered(_ answer: RemoteDescription?) -> [Action] {
        guard case .completing = state else { return [] }
        guard let answer else { return finish(CallEnd(status: 488, reason: "The ACK brought no answer", by: .gateway)) }
        return [.tellSession(.caller, .answered(answer), branch: carrying)]
    }
}
