/// A called party that says where it is instead (RFC 3261 section 8.1.3.4).
extension Call {
    /// Others ring in place of a leg, together with those that ring already.
    mutating func redirected(_ leg: Leg, to parties: [Party], _ end: CallEnd) -> [Action] {
        let possible = parties.filter { !failed.contains($0.branch) }
        guard case .inviting(var invited) = state, invited.waiting.contains(leg), invited.early == nil, !possible.isEmpty else {
            return lose(leg, end)
        }
        joined += possible
        invited.waiting.remove(leg)
        // Those who are gone are not called again.
        invited.parties = invited.parties.filter { invited.waiting.contains($0.leg) || invited.preparing.contains($0.branch) } + possible
        var actions: [Action] = []
        if let offer = callerOffer {
            for branch in possible.map(\.branch) where offers[branch] == nil && !invited.preparing.contains(branch) {
                invited.preparing.insert(branch)
                actions.append(.tellSession(.caller, .offered(offer), branch: branch))
            }
            for branch in Set(possible.map(\.branch)).subtracting(invited.preparing).sorted() { actions += ring(&invited, branch) }
        } else {
            invited.waiting.formUnion(possible.map(\.leg))
            actions += possible.map { .invite($0.leg, offer: nil) }
        }
        state = .inviting(invited)
        return actions
    }
}
