/// How a call ends: a party of it goes, or all of it.
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
    mutating func lose(_ leg: Leg, _ end: CallEnd, _ invited: Invited) -> [Action] {
        guard invited.waiting.contains(leg) else { return [] }
        var invited = invited
        invited.waiting.remove(leg)
        invited.refusal = Call.moreTelling(invited.refusal, end)
        state = .inviting(invited)
        guard end.status >= 600 || invited.waiting.isEmpty else { return [] }
        return finish(end.status >= 600 ? end : invited.refusal ?? end)
    }

    /// The response that a forking proxy would choose: the lowest class, and "busy" before "not there".
    private static func moreTelling(_ first: CallEnd?, _ second: CallEnd) -> CallEnd {
        guard let first else { return second }
        if first.status / 100 != second.status / 100 { return first.status < second.status ? first : second }
        return first.status == 480 || first.status == 408 ? second : first
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
            actions = [.stopTimer(.ringing), .rejectCaller(end)]
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
