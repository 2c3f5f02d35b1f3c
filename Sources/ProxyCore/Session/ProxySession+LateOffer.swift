/// A phone that wants an offer (RFC 3261 sections 13.2.1 and 14.2): in its dialog by a re-INVITE without SDP, or to begin with.
extension ProxySession {
    mutating func offerWanted(by side: SessionSide) -> [Action] {
        guard case .sip(let leg)? = sides[side] else {
            return [.refuseOffer(side, .unsupported("this side of the session makes its own offers"))]
        }
        switch state {
        case .new where kind == .echo(.rtp):
            state = .attaching(offer: nil, trickle: false, by: side)
            return [.perform(.attach(kind.sides))]
        case .stable:
            return reoffer(leg, to: side)
        default:
            return [.refuseOffer(side, ProxySession.glare)]
        }
    }

    // MARK: Within the dialog

    private mutating func reoffer(_ leg: SIPNegotiation, to side: SessionSide) -> [Action] {
        var leg = leg
        do {
            let offer = try leg.repeatOffer()
            sides[side] = .sip(leg)
            state = .reoffered(side, isLimit: false)
            return [.deliverOffer(side, offer)]
        } catch {
            return [.refuseOffer(side, .description(error))]
        }
    }

    /// The phone answers. Its leg is told of another address or direction; the other side gets an offer when the media has changed.
    ///
    /// - Parameter isLimit: Whether the phone was offered a changed limit.
    mutating func reanswered(by side: SessionSide, _ sdp: String, isLimit: Bool) -> [Action] {
        guard case .sip(let before)? = sides[side] else { return [] }
        do {
            let text = try negotiate(side) { (leg) throws(NegotiationError) in try leg.acceptAnswer(sdp) }
            guard case .sip(let after)? = sides[side] else { return [] }
            if after.agreedMedia != before.standingMedia, !before.withholdsKeys, sides[side.other] != nil {
                // It has agreed to this, whatever the other side says to it.
                let applying = agree(by: side)
                return applying + advance(text, Exchange(offerer: side, isFirst: false, purpose: .other))
            }
            state = .stable
            return agree()
        } catch {
            return notReanswered(by: side, .description(error), isLimit: isLimit)
        }
    }

    /// The endpoint refreshes a session with what was sent last, which the phone may answer otherwise than before (RFC 4028,
    /// section 7.4). An answer that cannot be used changes nothing. One that comes while something else is under way has its turn after that; of
    /// several the last one counts.
    mutating func refreshed(by side: SessionSide, _ sdp: String) -> [Action] {
        guard state == .stable else {
            refreshes[side] = sdp
            return []
        }
        guard case .sip(var leg)? = sides[side], (try? leg.repeatOffer(widening: false)) != nil else { return [] }
        sides[side] = .sip(leg)
        state = .reoffered(side, isLimit: false)
        return reanswered(by: side, sdp, isLimit: false)
    }

    /// A phone offers before the call is answered (RFC 3311 section 5.1): another address, or fewer of the formats. It is answered with what
    /// was said to it last, and the other side hears nothing, as it cannot be offered anything yet. Other media has to wait until the call is
    /// answered.
    mutating func offeredEarly(by side: SessionSide, _ sdp: String) -> [Action] {
        guard state == .stable, case .sip(let before)? = sides[side] else { return [.refuseOffer(side, ProxySession.glare)] }
        var leg = before
        do {
            let answer = try leg.repeatOffer(widening: false)
            _ = try leg.acceptAnswer(sdp)
            guard leg.agreedMedia == before.standingMedia else {
                return [.refuseOffer(side, .state("other media cannot be agreed on before the call is answered"))]
            }
            sides[side] = .sip(leg)
            return [.deliverAnswer(side, answer)] + agree()
        } catch {
            return [.refuseOffer(side, .description(error))]
        }
    }

    /// The answer did not come, or cannot be used: what stood before stands. The update whose limit was offered fails.
    mutating func notReanswered(by side: SessionSide, _ failure: SessionFailure, isLimit: Bool) -> [Action] {
        sides[side]?.rollback()
        if isLimit {
            limiting?.failure = if case .refused(let reason) = failure { .refused("the phone does not take the limit: \(reason)") } else { failure }
        }
        state = .stable
        return nextUpdate()
    }

    // MARK: The echo

    /// The phone is offered all our codecs; its answer says where its media is.
    mutating func beginEcho() -> [Action] {
        guard case .sip(let leg)? = sides[.caller] else { return [] }
        return advance(leg.offerForEcho, Exchange(offerer: .callee, isFirst: true, purpose: .other))
    }
}
