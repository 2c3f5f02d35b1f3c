/// Hold and resume. By command, a side holds without a description of its own: a phone at the other side is offered to send nothing
/// (RFC 3264, section 8.4), and nothing is passed on in either direction. By its description, a side says so itself.
extension ProxySession {
    /// What waits for its turn.
    enum Change: Sendable, Equatable {
        case options(SessionOptionsChange)
        case hold(SessionSide, Bool)
    }

    /// A hold, or the end of one, that the phone at the other side has been offered.
    struct Holding: Sendable, Equatable {
        let number: Int
        let side: SessionSide
        let isOn: Bool
    }

    /// Who holds.
    struct Holds: Sendable, Equatable {
        var commanded: Set<SessionSide> = []
        var described: Set<SessionSide> = []
        /// Those of whom has been told.
        var announced: Set<SessionSide> = []
        /// The phones that are held by command: what the other side has heard of them.
        var known: [SessionSide: [SIPNegotiation.Presence]] = [:]

        var sides: Set<SessionSide> { commanded.union(described) }
    }

    /// Who holds the session, in whatever way.
    public var holders: Set<SessionSide> { holds.sides }

    var audioFlows: Bool { options.useAudio && holds.commanded.isEmpty }
    var videoFlows: Bool { options.useVideo && holds.commanded.isEmpty }

    mutating func hold(_ number: Int, by side: SessionSide, _ isOn: Bool) -> [Action] {
        guard sides[side] != nil else { return [.updateFailed(number: number, .unsupported("the session has no such side"))] }
        guard isEstablished else { return [.updateFailed(number: number, .state("the session is not established"))] }
        guard updates.count < ProxySession.maximumWaitingUpdates else {
            return [.updateFailed(number: number, .state("too many updates are waiting"))]
        }
        updates.append((number, .hold(side, isOn)))
        return nextUpdate()
    }

    /// Carries out a hold whose turn has come; one that changes nothing is done.
    mutating func beginHold(_ number: Int, by side: SessionSide, _ isOn: Bool) -> [Action] {
        guard isOn != holds.commanded.contains(side) else { return [.holdDone(number: number)] + nextUpdate() }
        guard case .sip(var leg)? = sides[side.other] else {
            command(side, isOn)
            return apply(.hold(number, side, isOn, isAgreed: false))
        }
        do {
            let known = leg.presence
            let offer = try leg.repeatOffer(widening: !isOn, holding: isOn)
            sides[side.other] = .sip(leg)
            if isOn { holds.known[side.other] = known }
            state = .holding(Holding(number: number, side: side, isOn: isOn))
            return [.deliverOffer(side.other, offer)]
        } catch {
            return [.updateFailed(number: number, .description(error))] + nextUpdate()
        }
    }

    mutating func command(_ side: SessionSide, _ isOn: Bool) {
        if isOn { holds.commanded.insert(side) } else { holds.commanded.remove(side) }
    }

    /// The phone answers: it has agreed to the hold, or to its end.
    mutating func holdAnswered(_ holding: Holding, _ sdp: String) -> [Action] {
        let phone = holding.side.other
        do {
            let text = try negotiate(phone) { (leg) throws(NegotiationError) in try leg.acceptAnswer(sdp) }
            state = .stable
            command(holding.side, holding.isOn)
            lookAtDescriptions()
            agreed[phone] = sides[phone]?.legMedia
            let applying = apply(.hold(holding.number, holding.side, holding.isOn, isAgreed: true))
            // What the phone changed while it was held goes to the other side.
            guard !holding.isOn, case .sip(let leg)? = sides[phone], let known = holds.known.removeValue(forKey: phone),
                known != leg.presence
            else { return applying }
            return applying + advance(text, Exchange(offerer: phone, isFirst: false, purpose: .other))
        } catch {
            return holdDeclined(holding, .description(error))
        }
    }

    /// The phone does not take it: what stood before stands.
    mutating func holdDeclined(_ holding: Holding, _ failure: SessionFailure) -> [Action] {
        let phone = holding.side.other
        sides[phone]?.rollback()
        if holding.isOn { holds.known[phone] = nil }
        state = .stable
        return [.updateFailed(number: holding.number, failure)] + nextUpdate()
    }

    // MARK: Who holds

    /// An exchange is through: both sides have heard of each other.
    mutating func lookWhoHolds() -> [Action] {
        for phone in holds.known.keys {
            if case .sip(let leg)? = sides[phone] { holds.known[phone] = leg.presence }
        }
        lookAtDescriptions()
        return announceHolds()
    }

    private mutating func lookAtDescriptions() {
        for (side, leg) in sides {
            if leg.isPeerHolding(before: holds.described.contains(side)) {
                holds.described.insert(side)
            } else {
                holds.described.remove(side)
            }
        }
    }

    /// Tells of what has changed since it was told last.
    mutating func announceHolds() -> [Action] {
        let now = holds.sides, before = holds.announced
        holds.announced = now
        return SessionSide.allCases.compactMap { side in
            now.contains(side) == before.contains(side) ? nil : .held(by: side, now.contains(side))
        }
    }
}
