/// What those who are called do: ring, send early media, answer.
extension Call {
    mutating func ring(_ leg: Leg) -> [Action] {
        guard case .inviting(let invited) = state, invited.waiting.contains(leg), !callerRings else { return [] }
        callerRings = true
        return [.ringCaller]
    }

    /// Early media is for a call that rings one party: with several, nobody knows yet whose it should be.
    mutating func progress(_ leg: Leg, _ sdp: String) -> [Action] {
        guard case .inviting(var invited) = state, invited.parties.map(\.leg) == [leg], invited.early == nil, !wantsOffer,
            takesEarlyMedia,
            let branch = branch(of: leg)
        else { return ring(leg) + [.progressDone(leg, nil)] }
        invited.early = Early(leg: leg, sdp: sdp)
        state = .inviting(invited)
        return [.answerSession(.callee, sdp: sdp, trickle: false, branch: branch)]
    }

    mutating func accept(_ leg: Leg, _ accepted: Accepted) -> [Action] {
        switch state {
        case .ended:
            return [.refuse(leg, .state("the call has ended"))]
        case .inviting(var invited) where invited.waiting.contains(leg):
            if var early = invited.early {
                guard early.answer == nil else { return establish(early, accepted) }
                early.acceptedMeanwhile = accepted
                invited.early = early
                state = .inviting(invited)
                return []
            }
            guard let sdp = accepted.sdp else { return [.refuse(leg, .refused("the answer has no SDP"))] }
            guard let branch = branch(of: leg) else { return [] }
            state = .connecting(leg, invited)
            return wantsOffer
                ? [.offerSession(.callee, sdp: sdp, trickle: accepted.trickle, branch: branch)]
                : [.answerSession(.callee, sdp: sdp, trickle: accepted.trickle, branch: branch)]
        case .inviting:
            return [.refuse(leg, .state("this party is not being called any more"))]
        default:
            return [.refuse(leg, .state("the call has been answered before"))]
        }
    }

    /// The leg whose early answer the caller has takes the call. When its final description is another one, the session is
    /// changed to that as soon as it is established.
    mutating func establish(_ early: Early, _ accepted: Accepted) -> [Action] {
        guard let answer = early.answer else { return [] }
        let actions = connected(early.leg, answer: answer, others: [])
        guard let sdp = accepted.sdp, sdp != early.sdp else { return actions }
        answerIsForNobody = true
        return actions + [.offerSession(.callee, sdp: sdp, trickle: accepted.trickle, branch: carrying)]
    }

    mutating func connected(_ leg: Leg, answer: String, others: Set<Leg>) -> [Action] {
        state = .established(leg)
        return [.stopTimer(.ringing)] + settle(on: leg) + [.confirmCallee(leg, answer: nil), .answerCaller(answer)]
            + others.sorted().map { .endCallee($0, .answeredElsewhere) } + [.startTimer(.duration)]
    }

    /// The session of this leg carries the call. There is something to say about it where there are others.
    mutating func settle(on leg: Leg) -> [Action] { branch(of: leg).map { settle($0) } ?? [] }

    mutating func settle(_ branch: Branch) -> [Action] {
        settled = branch
        return branches.count > 1 ? [.settle(branch)] : []
    }

    private var branches: Set<Branch> {
        var branches = Set(joined.map(\.branch))
        for stage in stages {
            switch stage {
            case .parties(let parties): branches.formUnion(parties.map(\.branch))
            case .echo(let branch): branches.insert(branch)
            case .reject: break
            }
        }
        return branches
    }
}
