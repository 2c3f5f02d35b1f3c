/// One stage after the other: who is called, and what comes when they have failed.
extension Call {
    mutating func start(offer: RemoteDescription?) -> [Action] {
        guard state == .new else { return [] }
        callerOffer = offer
        wantsOffer = offer == nil
        return goOn()
    }

    /// Begins the next stage that has anything to try; without one the call is over.
    mutating func goOn() -> [Action] {
        while begun < stages.count {
            let stage = stages[begun]
            begun += 1
            switch stage {
            case .reject(let end):
                return finish(end)
            case .echo(let branch):
                state = .preparing(branch)
                guard let offer = callerOffer else { return [.tellSession(.caller, .offerWanted, branch: branch)] }
                return [.tellSession(.caller, .offered(offer), branch: branch)]
            case .parties(let parties):
                let possible = parties.filter { !failed.contains($0.branch) }
                if !possible.isEmpty { return invite(possible) }
            }
        }
        return finish(refusal ?? .notReachable)
    }

    /// Gives the caller's offer to each branch that has not got it; whose branch has its offer ready is invited at once.
    private mutating func invite(_ parties: [Party]) -> [Action] {
        var invited = Invited(parties: parties, preparing: [])
        guard let offer = callerOffer else {
            invited.waiting = Set(parties.map(\.leg))
            invited.rings = true
            state = .inviting(invited)
            return [.startTimer(.ringing)] + parties.map { .invite($0.leg, offer: nil) }
        }
        var actions: [Action] = []
        for branch in parties.map(\.branch) where offers[branch] == nil && !invited.preparing.contains(branch) {
            invited.preparing.insert(branch)
            actions.append(.tellSession(.caller, .offered(offer), branch: branch))
        }
        for branch in Set(parties.map(\.branch)).subtracting(invited.preparing).sorted() {
            actions += ring(&invited, branch)
        }
        state = .inviting(invited)
        return actions
    }

    /// Invites the parties of a branch, which has its offer.
    func ring(_ invited: inout Invited, _ branch: Branch) -> [Action] {
        invited.preparing.remove(branch)
        guard let offer = offers[branch] else { return [] }
        let legs = invited.legs(of: branch).filter { !invited.waiting.contains($0) }
        let timer: [Action] = invited.rings ? [] : [.startTimer(.ringing)]
        invited.rings = true
        invited.waiting.formUnion(legs)
        return timer + legs.map { .invite($0, offer: offer) }
    }

    /// Nobody of the stage is left. A person's "no" is final, and so is one after early media: the caller heard it.
    mutating func exhausted(_ invited: Invited) -> [Action] {
        guard begun < stages.count, refusal?.isFinal != true, invited.early == nil else {
            return finish(refusal ?? .notReachable)
        }
        return (invited.rings ? [.stopTimer(.ringing)] : []) + leave(invited) + goOn()
    }

    mutating func ringingOver() -> [Action] {
        switch state {
        case .inviting(let invited) where begun < stages.count && invited.early == nil:
            note(.noAnswer)
            return leave(invited) + goOn()
        case .inviting, .connecting:
            return finish(.noAnswer)
        case .new, .preparing, .completing, .established, .ended:
            return []
        }
    }

    /// Those who still ring stop.
    private mutating func leave(_ invited: Invited) -> [Action] {
        state = .inviting(Invited(parties: [], preparing: []))
        return invited.waiting.sorted().map { .endCallee($0, .noAnswer) }
    }

    /// Keeps the response that a forking proxy would choose: the lowest class, and "busy" before "not there".
    mutating func note(_ end: CallEnd) {
        guard let first = refusal else {
            refusal = end
            return
        }
        if first.status / 100 != end.status / 100 {
            refusal = first.status < end.status ? first : end
        } else if first.status == 480 || first.status == 408 {
            refusal = end
        }
    }
}

extension CallEnd {
    /// Whether a person, or whoever speaks for all of a user's devices, said no (RFC 3261 sections 21.4.24 and 21.6).
    var isFinal: Bool { status == 486 || status >= 600 }
}
