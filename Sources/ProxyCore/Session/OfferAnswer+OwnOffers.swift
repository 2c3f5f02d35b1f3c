import SDP

/// Offers that are not carried from one side to the other: Tern makes or answers them alone.
extension OfferAnswer {
    /// A phone asks for an offer: in its dialog by a re-INVITE without SDP, or to begin an echo (RFC 3261, sections 13.2.1 and 14.2).
    mutating func receiveOfferRequest(from side: SessionSide) -> [Outcome] {
        guard case .sip? = sides[side] else { return refuse(side, .unsupported("this side of the session makes its own offers")) }
        switch state {
        case .new where kind == .echo(.rtp): return attach(nil, from: side, trickle: false)
        case .stable: return renew(side, .requested)
        default: return refuse(side, .glare)
        }
    }

    /// Offers the current session to `side` again.
    mutating func renew(_ side: SessionSide, _ renewal: Exchange.Renewal) -> [Outcome] {
        offer(Exchange(offerer: side.other, purpose: .renewal(renewal))) { (leg) throws(NegotiationError) in
            try leg.repeatOffer(widening: renewal == .requested)
        }
    }

    /// Offers a hold to the phone at the other side of its holder, or the end of one.
    mutating func offerHold(_ hold: Exchange.Hold) -> [Outcome] {
        offer(Exchange(offerer: hold.holder, purpose: .hold(hold))) { (leg) throws(NegotiationError) in
            try leg.repeatOffer(widening: !hold.isOn, holding: hold.isOn)
        }
    }

    private mutating func offer(
        _ exchange: Exchange, _ body: (inout LegNegotiation) throws(NegotiationError) -> SessionDescription
    ) -> [Outcome] {
        do {
            let offer = try negotiate(exchange.answerer, body)
            state = .offered(exchange, offer)
            return [.action(.sendOffer(exchange.answerer, offer))]
        } catch {
            let failure = SessionFailure.description(error)
            return exchange.purpose == .renewal(.requested) ? refuse(exchange.answerer, failure) : [.declined(exchange.purpose, failure)]
        }
    }

    /// A phone answers the refresh of its session timer otherwise than before (RFC 4028, section 7.4). An answer that cannot be used changes nothing.
    mutating func receiveRefresh(from side: SessionSide, _ answer: RemoteDescription) -> [Outcome] {
        guard state == .stable, case .sip(var leg)? = sides[side], let offer = try? leg.repeatOffer(widening: false) else { return [] }
        sides[side] = .sip(leg)
        state = .offered(Exchange(offerer: side.other, purpose: .renewal(.requested)), offer)
        return receiveAnswer(from: side, answer)
    }

    /// A phone offers before the call is answered (RFC 3311, section 5.1): another address, or fewer formats. Tern answers with its last description to the
    /// phone; the other side cannot be offered anything yet. Other media has to wait until the call is answered.
    mutating func receiveEarlyOffer(from side: SessionSide, _ offer: RemoteDescription) -> [Outcome] {
        guard state == .stable, case .sip(let before)? = sides[side] else { return refuse(side, .glare) }
        var leg = before
        do {
            let answer = try leg.repeatOffer(widening: false)
            _ = try leg.acceptAnswer(offer.read())
            guard leg.agreedMedia == before.standingMedia else {
                return refuse(side, .state("other media cannot be agreed on before the call is answered"))
            }
            sides[side] = .sip(leg)
            return [.action(.sendAnswer(side, answer)), .agreed(by: side)]
        } catch {
            return refuse(side, .description(error))
        }
    }
}
