/// The limit of what a phone sends, where no browser is there to be told by RTCP: it stands in what the phone is told (`b=`), so that a change
/// of it is an offer to that side, of which the other one hears nothing.
extension ProxySession {
    /// An update that changes the limit: the sides are told one after the other.
    struct Limiting: Sendable {
        /// Nil when sides are offered the established session again: a limit, or another offer that they had accepted, came to nothing.
        let update: Int?
        /// The options that act when all have taken it.
        let options: SessionOptions
        var rest: [SessionSide]
        /// Those that have taken it, but for the one that has been told last.
        var told: [SessionSide] = []
        var last: SessionSide?
        var failure: SessionFailure?
    }

    /// Tells the next side; after the last one the rest of the update follows.
    mutating func limitNext(_ current: Limiting) -> [Action] {
        var current = current
        guard current.failure == nil, !current.rest.isEmpty else {
            limiting = nil
            guard let update = current.update else { return nextUpdate() }
            guard let failure = current.failure else {
                let before = options
                options = current.options
                return apply(.update(update, before: before))
            }
            for side in kind.sidesLimitedByDescription { sides[side]?.limit(to: options.bitrate) }
            // The sides that have taken it are told that it is as it was.
            if !current.told.isEmpty { limiting = Limiting(update: nil, options: options, rest: current.told) }
            return [.updateFailed(number: update, failure)] + nextUpdate()
        }
        let side = current.rest.removeFirst()
        if let last = current.last { current.told.append(last) }
        current.last = side
        limiting = current
        do {
            if kind.sidesLimitedByDescription.contains(side) { sides[side]?.limit(to: current.options.bitrate) }
            let offer: String
            switch sides[side] {
            case .sip(var leg):
                offer = try leg.repeatOffer(widening: false)
                sides[side] = .sip(leg)
                state = .reoffered(side, isLimit: true)
            case .webrtc(var leg):
                offer = try leg.repeatOffer()
                sides[side] = .webrtc(leg)
                state = .exchanging(Exchange(offerer: side.other, isFirst: false, purpose: .renewal))
                pendingOffer = offer
            case nil:
                return limitNext(current)
            }
            return [.deliverOffer(side, offer)]
        } catch {
            return limitDeclined(.description(error))
        }
    }

    /// The side that was told does not take it: what it was told before stands.
    mutating func limitDeclined(_ failure: SessionFailure) -> [Action] {
        for side in SessionSide.allCases { sides[side]?.rollback() }
        pendingOffer = nil
        limiting?.failure = failure
        state = .stable
        return nextUpdate()
    }
}
