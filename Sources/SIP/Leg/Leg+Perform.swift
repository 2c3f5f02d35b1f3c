internal import CSofiaSIP
internal import EventLoop

/// The machine's actions, as calls of NUA.
extension Leg {
    func perform(_ action: LegAction) {
        guard action.isRequestInDialog else { return carryOut(action) }
        nextHop.enqueue(action)
        sendWaiting()
    }

    /// Does what an action says, at once.
    func carryOut(_ action: LegAction) {
        switch action {
        case .respond, .refuse: endSetUp()
        default: break
        }
        switch action {
        case .respond(let status, let sdp): respond(status, sdp: sdp)
        case .refuse(let response): refuse(response)
        case .respondToUpdate(let response, let sdp): respondToUpdate(response, sdp: sdp)
        case .respondToPrack(let response, let sdp): respondToPrack(response, sdp: sdp)
        case .respondToTransfer(let response, let isSilent): respondToTransfer(response, isSilent: isSilent)
        case .notify(let fragment): notify(fragment)
        case .cancel(let reason): cancel(reason)
        case .bye(let reason): bye(reason)
        case .acknowledge(let sdp): acknowledge(sdp)
        case .prack(let rack): sendPrack(rack)
        case .reinvite(let sdp): reinvite(sdp)
        case .sendInfo(let info): sendInfo(info)
        case .report(let event): report(event)
        case .refreshLater: refreshLater()
        case .wait(let limit): wait(limit)
        case .close: close()
        }
    }

    private func respond(_ status: Int, sdp: String?) {
        setUp.respond(status)
        var tags = TagList()
        tags.add(tern_siptag_contact_str(), contact)
        tags.addBody(sdp)
        send(status, SofiaPhrases.pointer(nil, status: status), tags)
    }

    private func refuse(_ response: SIPResponse) {
        var tags = TagList()
        tags.add(response, status: response.finalStatus, agent: agent)
        send(response.finalStatus, SofiaPhrases.pointer(response.phrase, status: response.finalStatus), tags)
    }

    private func respondToUpdate(_ response: SIPResponse, sdp: String?) {
        guard let request = unanswered.updates.popLast() else { return }
        respond(to: request, response, sdp: sdp)
        if response.status == 200 { startSession() }
    }

    private func respondToPrack(_ response: SIPResponse, sdp: String?) {
        guard let request = unanswered.prack else { return }
        unanswered.prack = nil
        respond(to: request, response, sdp: sdp)
    }

    private func respond(to request: HeldRequest, _ response: SIPResponse, sdp: String?) {
        var response = response
        // RFC 3311 section 5.2: so that two who collided do not do so again.
        if response.status == 500, response.retryAfter != nil { response.retryAfter = Int.random(in: 0...10) }
        var tags = TagList()
        tags.add(tern_nutag_with(), request.message)
        let status = response.status == 200 ? 200 : response.finalStatus
        if status == 200 {
            tags.add(tern_siptag_contact_str(), contact)
            tags.addBody(sdp)
        } else {
            tags.add(response, status: status, agent: agent)
        }
        send(status, SofiaPhrases.pointer(response.phrase, status: status), tags)
    }

    private func send(_ status: Int, _ phrase: UnsafePointer<CChar>?, _ tags: consuming TagList) {
        tags.withTags { tern_nua_respond(handle, Int32(clamping: status), phrase, $0) }
    }

    private func cancel(_ reason: SIPReason?) {
        reasonTags(reason).withTags { tern_nua_cancel(handle, $0) }
    }

    private func bye(_ reason: SIPReason?) {
        reasonTags(reason).withTags { tern_nua_bye(handle, $0) }
    }

    private func reasonTags(_ reason: SIPReason?) -> TagList {
        var tags = TagList()
        tags.add(tern_siptag_reason_str(), ifPresent: reason.map(HeaderText.reason))
        return tags
    }

    private func acknowledge(_ sdp: String?) {
        var tags = TagList()
        tags.addBody(sdp)
        send(sdp, tags, by: tern_nua_ack)
    }

    private func sendPrack(_ rack: String) {
        var tags = TagList()
        tags.add(tern_siptag_rack_str(), rack)
        tags.withTags { tern_nua_prack(handle, $0) }
    }

    private func reinvite(_ sdp: String?) {
        var tags = TagList()
        tags.add(tern_siptag_contact_str(), contact)
        tags.addBody(sdp)
        send(sdp, tags, by: tern_nua_invite)
    }

    private func sendInfo(_ info: SIPInfo) {
        var tags = TagList()
        tags.addBody(info.body, type: info.contentType)
        tags.withTags { tern_nua_info(handle, $0) }
    }
}

extension SIPResponse {
    /// ``status`` where it is a final one other than 2xx.
    var finalStatus: Int { (300...699).contains(status) ? status : 500 }
}
