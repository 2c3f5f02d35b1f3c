/// How a call ends: a party of it goes, or a branch, or all of it.
extension Call {
    mutating func lose(_ leg: Leg, _ end: CallEnd) -> [Action] {
        switch state {
        case .inviting(let invited):
            return lose(leg, end, invited)
        case .connecting(let chosen, var invited):
            if leg == chosen { return finish(end) }
            invited.waiting.remove(leg)
            state = .connecting(chosen, invited)
            return []
        case .completing(let chosen):
            return leg == chosen ? finish(end) : []
        case .established(let chosen):
            return leg == chosen ? finish(end) : []
        case .new, .preparing, .ended:
            return []
        }
    }

    /// One of the called is gone. A 6xx speaks for all of them (RFC 3261 section 16.7); else the last one to go decides.
    private mutating func lose(_ leg: Leg, _ end: CallEnd, _ invited: Invited) -> [Action] {
        guard invited.waiting.contains(leg) else { return [] }
        var invited = invited
        invited.waiting.remove(leg)
        note(end)
        state = .inviting(invited)
        if end.status >= 600 { return finish(end) }
        return invited.isOpen ? [] : exhausted(invited)
    }

    /// Refuses for legs that ring, as if each had refused by itself.
    mutating func dismiss(_ legs: [Leg], _ end: CallEnd) -> [Action] {
        var actions: [Action] = []
        for leg in legs where ringing.contains(leg) {
            let others = lose(leg, end)
            // With a leg that just answers, the call ends, and all legs with it.
            actions += (others.contains(.endCallee(leg, end)) ? [] : [.endCallee(leg, end)]) + others
        }
        return actions
    }

    /// A branch can carry nothing: whoever was called for it is let go, the others ring on.
    mutating func drop(_ branch: Branch, _ end: CallEnd) -> [Action] {
        guard failed.insert(branch).inserted else { return [] }
        offers[branch] = nil
        switch state {
        case .inviting(var invited):
            let actions = release(branch, end, from: &invited)
            state = .inviting(invited)
            return actions + (invited.isOpen ? [] : exhausted(invited))
        case .connecting(let leg, var invited):
            let actions = release(branch, end, from: &invited)
            state = .connecting(leg, invited)
            return actions
        default:
            return []
        }
    }

    private mutating func release(_ branch: Branch, _ end: CallEnd, from invited: inout Invited) -> [Action] {
        guard invited.parties.contains(where: { $0.branch == branch }) else { return [] }
        let legs = invited.waiting.intersection(invited.legs(of: branch))
        invited.preparing.remove(branch)
        invited.waiting.subtract(legs)
        note(end)
        return legs.sorted().map { .endCallee($0, end) }
    }

    /// One of the parties leaves for another call, and is not told of any end.
    mutating func handOver(_ side: SessionSide, _ end: CallEnd) -> [Action] {
        guard case .established(let leg) = state else { return [] }
        state = .ended
        let told: [Action] = side == .callee ? [.hangUpCaller(end)] : leg.map { [.endCallee($0, end)] } ?? []
        // An offer of the party's, which nobody answers any more.
        let unanswered = Action.refuseOffer(side, side == .callee ? leg : nil, .state("the party goes on in another call"))
        return [.stopTimer(.duration), unanswered] + told + [.stopSession(end), .ended(end)]
    }

    mutating func finish(_ end: CallEnd) -> [Action] {
        var actions: [Action]
        switch state {
        case .ended:
            return []
        case .new:
            actions = [.rejectCaller(end)]
        case .preparing:
            actions = [.rejectCaller(end), .stopSession(end)]
        case .inviting(let invited), .connecting(_, let invited):
            actions = (invited.rings ? [.stopTimer(.ringing)] : []) + [.rejectCaller(end)]
                + invited.waiting.sorted().map { .endCallee($0, end) } + [.stopSession(end)]
        case .completing(let leg):
            actions = [.hangUpCaller(end), .endCallee(leg, end), .stopSession(end)]
        case .established(let leg):
            actions = [.stopTimer(.duration), .hangUpCaller(end)]
                + (leg.map { [.endCallee($0, end)] } ?? []) + [.stopSession(end)]
        }
        state = .ended
        actions.append(.ended(end))
        return actions
    }
}
