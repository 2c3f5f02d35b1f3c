internal import CSofiaSIP
internal import EventLoop

/// What comes from the stack: to the leg that it is for, or to where requests outside of dialogs are answered.
extension SIPEndpoint {
    func receive(_ event: StackEvent, from stack: SIPStack) {
        guard let id = event.leg else {
            return receiveOutOfDialog(event, from: stack)
        }
        // A leg that is gone gave its handle back: what was queued for it then says nothing to anyone.
        if let request = requests[id], event.handle == request.handle { return request.receive(event) }
        guard let leg = legs[id], event.handle == leg.handle else { return }
        if event.kind == .inviteResponse, leg.goesElsewhere(event) { return }
        if !leg.answers(event) { receive(event, on: leg) }
    }

    func receive(_ event: StackEvent, on leg: Leg) {
        switch event.kind {
        case .invite: receiveOffer(event, .invite, on: leg)
        case .update: receiveOffer(event, .update, on: leg)
        case .prack: receivePrack(event, on: leg)
        case .info: receiveInfo(event, on: leg)
        case .cancel: leg.handle(.cancelled(event.message?.reason))
        case .bye:
            leg.noteHangUp()
            leg.handle(.bye(event.message?.reason))
        case .acknowledgement:
            leg.isNamed(event.message, ours: false)
            leg.startSession()
            leg.handle(.acknowledged(sdp: event.message?.sdp))
        case .inviteResponse: receiveResponse(event, on: leg)
        case .updateResponse: receiveUpdateResponse(event, on: leg)
        case .byeResponse: if event.status >= 200 { leg.handle(.byeAnswered) }
        case .terminated: leg.handle(.terminated(status: event.status))
        case .error: receiveError(event, on: leg)
        case .refer: receiveTransfer(event, on: leg)
        case .options, .register, .otherRequest: refuseWithin(event)
        case .infoResponse: receiveInfoResponse(event, on: leg)
        case .prackResponse, .notifyResponse, .clientResponse, .otherResponse, .shutdown, .ignored: break
        }
    }

    private func receiveResponse(_ event: StackEvent, on leg: Leg) {
        if event.status < 300 { leg.note(event.message) }
        switch event.status {
        case ..<200:
            // Sofia does not show one twice, nor one out of order.
            if let rack = event.message?.rack {
                leg.reliableFork = leg.reliableFork ?? event.message?.toTag
                leg.perform(.prack(rack))
            }
            leg.handle(.provisional(
                status: event.status, phrase: event.phrase, sdp: event.message?.sdp, fork: event.message?.toTag ?? "",
                isReliable: event.message?.rack != nil))
        case 200..<300:
            leg.isNamed(event.message, ours: true)
            leg.settleSession(event.message)
            leg.startSession()
            leg.handle(.success(sdp: event.message?.sdp, fork: event.message?.toTag ?? ""))
        case 300..<400 where leg.machine.isCalling && event.message?.alternatives.isEmpty == false:
            leg.handle(.redirected(status: event.status, phrase: event.phrase, contacts: event.message?.alternatives ?? []))
        default:
            // Sofia's own troubles have statuses from 900 on.
            let status = event.status < 700 ? event.status : 503
            let disbelief = event.status == 503 ? leg.verifiedPeer.flatMap { leg.stack.tls?.refusal(of: $0) } : nil
            leg.handle(.failure(status: status, phrase: disbelief ?? event.phrase, reason: event.message?.reason))
        }
    }

    /// The end of an UPDATE of ours, which refreshes the session timer.
    private func receiveUpdateResponse(_ event: StackEvent, on leg: Leg) {
        switch event.status {
        case ..<200: break
        case 200..<300:
            leg.note(event.message)
            leg.settleSession(event.message)
            leg.startSession()
        default: leg.handle(.refreshFailed(status: event.status))
        }
    }

    /// What the stack gave up waiting for.
    private func receiveError(_ event: StackEvent, on leg: Leg) {
        switch (event.status, event.phrase) {
        case (408, "PRACK Timeout"), (504, _): leg.handle(.prackLost)
        case (408, _): leg.handle(.acknowledgementLost)
        default: break
        }
    }

    /// A re-INVITE or an UPDATE. A body that is no session description is refused before the core sees it.
    private func receiveOffer(_ event: StackEvent, _ method: LegState.OfferMethod, on leg: Leg) {
        if method == .update, let request = event.request { leg.updates.append(request) }
        if let refusal = event.message?.content.refusal {
            let action: LegAction = method == .update ? .respondToUpdate(refusal, sdp: nil) : .refuse(refusal)
            return leg.perform(action)
        }
        leg.note(event.message)
        if method == .invite || event.message?.session.expires != nil { leg.settleSession(event.message) }
        leg.handle(.offered(method, sdp: event.message?.sdp))
    }
}
