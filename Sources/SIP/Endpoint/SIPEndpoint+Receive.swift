internal import CSofiaSIP
internal import EventLoop

/// What comes from the stack: to the leg that it is for, or to where requests outside of dialogs are answered.
extension SIPEndpoint {
    func receive(_ event: StackEvent, from stack: SIPStack) {
        switch event {
        case .outOfDialog(let event, let handle):
            receive(event, handle, from: stack)
        // A leg that is gone gave its handle back: what was queued for it then says nothing to anyone.
        case .clientResponse(let id, let outcome, let response, let handle):
            if let request = requests[id], request.handle == handle { request.receive(outcome, response) }
        case .leg(let id, .response(let response), let handle) where response.method == .other && requests[id]?.handle == handle:
            guard response.status >= 200 else { return }
            let outcome = SIPClientOutcome(status: response.status, phrase: response.phrase, nil, isFromPeer: !response.isLocal)
            requests[id]?.receive(outcome, response)
        case .leg(let id, let event, let handle):
            if let leg = legs[id], leg.handle == handle { receive(event, on: leg) }
        }
    }

    private func receive(_ event: LegEvent, on leg: Leg) {
        switch event {
        case .invite(let message): receiveOffer(message, .invite, on: leg)
        case .update(let message, let request):
            if let request { leg.unanswered.updates.append(request) }
            receiveOffer(message, .update, on: leg)
        case .prack(let message, let request): receivePrack(message, request, on: leg)
        case .info(let message, let request): receiveInfo(message, request, on: leg)
        case .refer(let transfer, let message, let request): receiveTransfer(transfer, message, request, on: leg)
        case .options(let request): respond(to: request, leg.handle, status: 200, isOptions: true)
        case .unserved(let request): respond(to: request, leg.handle, status: 501)
        case .cancel(let reason): leg.handle(.cancelled(reason))
        case .bye(let reason):
            leg.noteHangUp()
            leg.handle(.bye(reason))
        case .acknowledgement(let message):
            leg.isProven()
            leg.setUp.takeAcknowledgement()
            leg.isNamed(message, ours: false)
            leg.startSession()
            leg.handle(.acknowledged(sdp: message?.sdp))
        case .response(let response):
            if response.method == .invite, leg.goesElsewhere(response) { return }
            if !leg.answers(response) { receive(response, on: leg) }
        case .terminated(let status): leg.handle(.terminated(status: status))
        case .error(let status, let phrase): receiveError(status, phrase, on: leg)
        }
    }

    /// A response that is no challenge, or a challenge to which there is no answer.
    func receive(_ response: StackResponse, on leg: Leg) {
        switch response.method {
        case .invite: receiveInviteResponse(response, on: leg)
        case .update: receiveUpdateResponse(response, on: leg)
        case .bye: if response.status >= 200 { leg.handle(.byeAnswered) }
        case .info: if response.status >= 200 { leg.handle(.infoAnswered(status: response.sipStatus)) }
        case .prack, .other, .register, .options: break
        }
    }

    private func receiveInviteResponse(_ response: StackResponse, on leg: Leg) {
        let message = response.message
        if response.status < 300 { leg.apply(message) }
        switch response.status {
        case ..<200:
            // Sofia does not show one twice, nor one out of order.
            if let rack = message?.rack {
                leg.reliableForks.receive(from: message?.toTag)
                leg.perform(.prack(rack))
            }
            leg.handle(.provisional(
                status: response.status, phrase: response.phrase, sdp: message?.sdp, fork: message?.toTag ?? "", isReliable: message?.rack != nil))
        case 200..<300:
            leg.isNamed(message, ours: true)
            leg.settleSession(message)
            leg.startSession()
            leg.handle(.success(sdp: message?.sdp, fork: message?.toTag ?? ""))
        case 300..<400 where leg.machine.isCalling && message?.alternatives.isEmpty == false:
            leg.handle(.redirected(status: response.status, phrase: response.phrase, contacts: message?.alternatives ?? []))
        default:
            let certificateRefusal = response.status == 503 ? leg.verifiedPeer.flatMap { leg.stack.tls?.refusal(of: $0) } : nil
            leg.handle(.failure(status: response.sipStatus, phrase: certificateRefusal ?? response.phrase, reason: message?.reason))
        }
    }

    /// The end of an UPDATE of ours, which refreshes the session timer.
    private func receiveUpdateResponse(_ response: StackResponse, on leg: Leg) {
        switch response.status {
        case ..<200: break
        case 200..<300:
            leg.apply(response.message)
            leg.settleSession(response.message)
            leg.startSession()
        default: leg.handle(.refreshFailed(status: response.status))
        }
    }

    /// What the stack gave up waiting for.
    private func receiveError(_ status: Int, _ phrase: String, on leg: Leg) {
        switch (status, phrase) {
        case (408, "PRACK Timeout"), (504, _): leg.handle(.prackLost)
        case (408, _): leg.handle(.acknowledgementLost)
        default: break
        }
    }

    /// A re-INVITE or an UPDATE. A body that is no session description is refused before the core sees it.
    private func receiveOffer(_ message: IncomingMessage?, _ method: LegState.OfferMethod, on leg: Leg) {
        if let refusal = message?.content.refusal {
            let action: LegAction = method == .update ? .respondToUpdate(refusal, sdp: nil) : .refuse(refusal)
            return leg.perform(action)
        }
        leg.apply(message)
        if method == .invite || message?.session.expires != nil { leg.settleSession(message) }
        leg.handle(.offered(method, sdp: message?.sdp))
    }
}
