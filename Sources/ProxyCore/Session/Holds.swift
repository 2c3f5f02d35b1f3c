/// Who holds the session. By command, a side holds without a description of its own: a phone at the other side is offered to send nothing
/// (RFC 3264, section 8.4), and nothing flows in either direction. By its description, a side says so itself.
struct Holds: Sendable {
    private(set) var commanded: Set<SessionSide> = []
    private var described: Set<SessionSide> = []
    /// Those that have been announced.
    private var announced: Set<SessionSide> = []
    /// The phones that are held by command: what the other side has been told of them.
    private var known: [SessionSide: [SIPNegotiation.Presence]] = [:]

    var sides: Set<SessionSide> { commanded.union(described) }

    mutating func command(_ side: SessionSide, _ isOn: Bool) {
        if isOn { commanded.insert(side) } else { commanded.remove(side) }
    }

    /// The phone at `side` is offered a hold.
    mutating func beginHold(of side: SessionSide, _ phone: LegNegotiation?) { known[side] = phone?.presence }

    mutating func forgetHold(of side: SessionSide) { known[side] = nil }

    /// Whether the phone at `side`, whose hold has ended, has changed during it; asked once.
    mutating func endHold(of side: SessionSide, _ phone: LegNegotiation?) -> Bool {
        guard let before = known.removeValue(forKey: side), let phone else { return false }
        return phone.presence != before
    }

    /// Notes who holds by its description.
    mutating func update(_ sides: [SessionSide: LegNegotiation]) {
        for (side, leg) in sides {
            if leg.isPeerHolding(before: described.contains(side)) { described.insert(side) } else { described.remove(side) }
        }
    }

    /// Both sides have been told of each other.
    mutating func updateKnown(_ sides: [SessionSide: LegNegotiation]) {
        for phone in known.keys { known[phone] = sides[phone]?.presence ?? known[phone] }
    }

    /// What has changed since the last call.
    mutating func announcements() -> [ProxySession.Action] {
        let now = sides, before = announced
        announced = now
        return SessionSide.allCases.compactMap { side in
            now.contains(side) == before.contains(side) ? nil : .held(by: side, now.contains(side))
        }
    }
}
