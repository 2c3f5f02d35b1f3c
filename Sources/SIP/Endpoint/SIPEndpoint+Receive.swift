internal import CSofiaSIP
internal import EventLoop

/// What comes from the stack: to the leg that it is for, or to where requests outside of dialogs are answered.
extension SIPEndpoint {
    func receive(_ event: StackEvent, from stack: SIPStack) {
        guard let id = event.leg else {
            return receiveOutOfDialog(event, from: stack)
        }
        // A leg that is gone gave its handle back: what was queued for it then says nothing to anyone.
        guard let leg = legs[id], event.handle == leg.handle else { return }
        receive(event, on: leg)
    }

    private func receive(_ event: StackEvent, on leg: Leg) {
        switch event.kind {
        case .invite: receiveOffer(event, .invite, on: leg)
        case .update: receiveOffer(event, .update, on: leg)
        case .info: receiveInfo(event, on: leg)
        case .cancel: leg.handle(.cancelled(event.message?.reason))
        case .bye: leg.handle(.bye(event.message?.reason))
        case .acknowledgement:
            leg.startSession()
            leg.handle(.acknowledged(sdp: event.message?.sdp))
        case .inviteResponse: receiveResponse(event, on: leg)
        case .byeResponse: if event.status >= 200 { leg.handle(.byeAnswered) }
        case .terminated: leg.handle(.terminated(status: event.status))
        case .error: if event.status == 408 { leg.handle(.acknowledgementLost) }
        case .options, .otherRequest: refuseWithin(event)
        case .otherResponse, .shutdown, .ignored: break
        }
    }

    private func receiveResponse(_ event: StackEvent, on leg: Leg) {
        switch event.status {
        case ..<200:
            leg.handle(.provisional(status: event.status, phrase: event.phrase, sdp: event.message?.sdp))
        case 200..<300:
            leg.settleSession(event.message)
            leg.startSession()
            leg.handle(.success(sdp: event.message?.sdp))
        default:
            // Sofia's own troubles have statuses from 900 on.
            let status = event.status < 700 ? event.status : 503
            leg.handle(.failure(status: status, phrase: event.phrase, reason: event.message?.reason))
        }
    }

    /// A re-INVITE or an UPDATE. A body that is no session description is refused before the core sees it.
    private func receiveOffer(_ event: StackEvent, _ method: LegState.OfferMethod, on leg: Leg) {
        if method == .update { leg.update = event.request }
        if let refusal = event.message.flatMap({ bodyRefusal($0) }) {
            let action: LegAction = method == .update ? .respondToUpdate(refusal, sdp: nil) : .refuse(refusal)
            return leg.perform(action)
        }
        leg.settleSession(event.message)
        leg.handle(.offered(method, sdp: event.message?.sdp))
    }
}
