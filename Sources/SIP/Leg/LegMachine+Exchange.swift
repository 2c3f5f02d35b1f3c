/// Offers within the dialog (RFC 3261 section 14, RFC 3311, RFC 6337).
extension LegMachine {
    mutating func exchanging(
        _ descriptions: LegState.Descriptions, _ exchange: LegState.Exchange, _ input: LegInput
    ) -> [LegAction] {
        switch (exchange, input) {
        case (_, .offered(let method, let sdp)):
            return offered(descriptions, exchange, method, sdp)
        case (.offeredToUs(let method, let remote), .acceptOffer(let sdp)):
            return accept(descriptions, method, remote: remote, sdp: sdp ?? descriptions.local)
        case (.offeredToUs(let method, _), .rejectOffer(let response)):
            return refuse(descriptions, method, response)
        case (.offeredToUs(let method, _), .overdue):
            return refuse(descriptions, method, SIPResponse(status: 488, warning: "the offer was not decided in time"))
                + [.report(.offerWithdrawn(id))]
        case (.offeredToUs(.invite, _), .cancelled):
            return go(.established(descriptions, .idle), .wait(nil), .report(.offerWithdrawn(id)))
        case (.accepted(let answerDue), .acknowledged(let sdp)):
            guard answerDue else { return go(.established(descriptions, .idle), .wait(nil)) }
            let renewed = LegState.Descriptions(local: descriptions.local, remote: sdp ?? descriptions.remote)
            return go(.established(renewed, .idle), .wait(nil), .report(.offerCompleted(id, sdp: sdp)))
        case (.accepted, .overdue):
            return hangUp(nil, reporting: SIPEnd(.acknowledgementLost))
        case (.idle, .refreshDue):
            guard let local = descriptions.local else { return [] }
            return go(.established(descriptions, .refreshing), .reinvite(sdp: local), .wait(.transaction))
        case (_, .refreshDue):
            return [.refreshLater]
        case (.refreshing, .success(let sdp, _)):
            return refreshed(descriptions, sdp)
        case (.refreshing, .failure(408, _, _)), (.refreshing, .failure(481, _, _)):
            return expire()
        case (.refreshing, .failure):
            return go(.established(descriptions, .idle), .wait(nil), .refreshLater)
        default:
            return offering(descriptions, exchange, input)
        }
    }

    /// The peer may answer a refresh with another description than before.
    private mutating func refreshed(_ descriptions: LegState.Descriptions, _ sdp: String?) -> [LegAction] {
        let renewed = LegState.Descriptions(local: descriptions.local, remote: sdp ?? descriptions.remote)
        let actions = go(.established(renewed, .idle), .acknowledge(sdp: nil), .wait(nil))
        return renewed == descriptions ? actions : actions + [.report(.offerAccepted(id, sdp: sdp))]
    }

    /// The peer offers. What it offered before is a refresh, and is answered with what we answered before.
    private mutating func offered(
        _ descriptions: LegState.Descriptions, _ exchange: LegState.Exchange, _ method: LegState.OfferMethod,
        _ sdp: String?
    ) -> [LegAction] {
        if method == .update, sdp == nil { return [.respondToUpdate(SIPResponse(status: 200), sdp: nil)] }
        guard exchange == .idle else {
            // An offer that waits for our answer is no glare but an overlap (RFC 3311 section 5.2).
            let isOverlap = if case .offeredToUs = exchange { true } else { false }
            let glare = isOverlap ? SIPResponse(status: 500, retryAfter: 2) : SIPResponse(status: 491)
            return method == .update ? [.respondToUpdate(glare, sdp: nil)] : [.refuse(glare)]
        }
        if let sdp, sdp == descriptions.remote, let local = descriptions.local {
            return accept(descriptions, method, remote: sdp, sdp: local)
        }
        return go(
            .established(descriptions, .offeredToUs(method, sdp: sdp)), .wait(.decision), .report(.offer(id, sdp: sdp)))
    }

    private mutating func accept(
        _ descriptions: LegState.Descriptions, _ method: LegState.OfferMethod, remote: String?, sdp: String?
    ) -> [LegAction] {
        let renewed = LegState.Descriptions(local: sdp, remote: remote ?? descriptions.remote)
        switch method {
        case .update:
            return go(
                .established(renewed, .idle), .respondToUpdate(SIPResponse(status: 200), sdp: sdp), .wait(nil))
        case .invite:
            return go(
                .established(renewed, .accepted(answerDue: remote == nil)),
                .respond(status: 200, sdp: sdp), .wait(.transaction))
        }
    }

    private mutating func refuse(
        _ descriptions: LegState.Descriptions, _ method: LegState.OfferMethod, _ response: SIPResponse
    ) -> [LegAction] {
        let response = LegMachine.leavingSession(response)
        let action: LegAction = method == .update ? .respondToUpdate(response, sdp: nil) : .refuse(response)
        return go(.established(descriptions, .idle), action, .wait(nil))
    }

    /// We offer, by a re-INVITE.
    private mutating func offering(
        _ descriptions: LegState.Descriptions, _ exchange: LegState.Exchange, _ input: LegInput
    ) -> [LegAction] {
        switch (exchange, input) {
        case (.idle, .offer(let sdp)):
            return go(.established(descriptions, .offeredByUs(sdp: sdp)), .reinvite(sdp: sdp), .wait(.transaction))
        case (_, .offer):
            return refuseOwnOffer()
        case (.offeredByUs(let offer?), .success(let sdp, _)):
            let renewed = LegState.Descriptions(local: offer, remote: sdp ?? descriptions.remote)
            return go(
                .established(renewed, .idle), .acknowledge(sdp: nil), .wait(nil), .report(.offerAccepted(id, sdp: sdp)))
        case (.offeredByUs(nil), .success(let sdp, _)):
            return go(
                .established(descriptions, .acknowledging(remote: sdp)),
                .report(.offerAccepted(id, sdp: sdp)), .wait(.decision))
        case (.acknowledging(let remote), .acknowledge(let sdp)):
            let renewed = LegState.Descriptions(local: sdp, remote: remote ?? descriptions.remote)
            return go(.established(renewed, .idle), .acknowledge(sdp: sdp), .wait(nil))
        case (.acknowledging, .overdue):
            return hangUp(nil, reporting: SIPEnd(.undecided), after: .acknowledge(sdp: nil))
        case (.offeredByUs, .failure(let status, let phrase, _)):
            return go(
                .established(descriptions, .idle), .wait(nil),
                .report(.offerRejected(id, status: status, phrase: phrase)))
        case (.offeredByUs, .overdue), (.refreshing, .overdue):
            return hangUp(nil, reporting: SIPEnd(.failed))
        case (_, .success):
            // A refresh of the session timer, which the stack sent.
            return [.acknowledge(sdp: nil)]
        default:
            return []
        }
    }
}
