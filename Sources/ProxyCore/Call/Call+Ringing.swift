import SDP

/// What those who are called do: ring, send early media, answer.
extension Call {
    mutating func ring(_ leg: Leg) -> [Action] {
        guard case .inviting(let invited) = state, invited.waiting.contains(leg), !callerRings else { return [] }
        callerRings = true
        return [.ringCaller]
    }

    /// Early media is for a call that rings one party: with several, nobody knows yet whose it should be.
    mutating func progress(_ leg: Leg, _ answer: RemoteDescription) -> [Action] {
        guard case .inviting(var invited) = state, invited.parties.map(\.leg) == [leg], invited.early == nil, !wantsOffer,
            takesEarlyMedia,
            let branch = branch(of: leg)
        else { return ring(leg) + [.progressDone(leg, nil)] }
        invited.early = Early(leg: leg, description: answer)
        state = .inviting(invited)
        return [.tellSession(.callee, .answered(answer), branch: branch)]
    }

    /// - Parameter description: Its answer, or its offer where the caller made none; nil for the early answer that came before.
    mutating func accept(_ leg: Leg, _ description: RemoteDescription?) -> [Action] {
        switch state {
        case .ended:
            return [.refuse(leg, .state("the call has ended"))]
        case .inviting(var invited) where invited.waiting.contains(leg):
            if var early = invited.early {
                guard early.answer == nil else { return establish(early, description) }
                early.acceptance = Early.Acceptance(answer: description)
                invited.early = early
                state = .inviting(invited)
                return []
            }
            guard let description else { return [.refuse(leg, .refused("the answer has no SDP"))] }
            guard let branch = branch(of: leg) else { return [] }
            state = .connecting(leg, invited)
            return wantsOffer
                ? [.tellSession(.callee, .offered(description), branch: branch)]
                : [.tellSession(.callee, .answered(description), branch: branch)]
        case .inviting:
            return [.refuse(leg, .state("this party is not being called any more"))]
        default:
            return [.refuse(leg, .state("the call has been answered before"))]
        }
    }

    /// The leg whose early answer the caller has takes the call. When its final description is another one, the session is
    /// changed to that as soon as it is established.
    mutating func establish(_ early: Early, _ final: RemoteDescription?) -> [Action] {
        guard let answer = early.answer else { return [] }
        let actions = connected(early.leg, answer: answer, others: [])
        guard let final, final.content != early.description.content else { return actions }
        answerIsForNobody = true
        return actions + [.tellSession(.callee, .offered(final), branch: carrying)]
    }

    mutating func connected(_ leg: Leg, answer: SessionDescription, others: Set<Leg>) -> [Action] {
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
