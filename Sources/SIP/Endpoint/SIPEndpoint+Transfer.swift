internal import CSofiaSIP

/// Transfers that a peer asks for (RFC 3515), and dialogs by their names (RFC 3891).
extension SIPEndpoint {
    public func acceptTransfer(_ leg: SIPLegID) { legs[leg]?.handle(.acceptTransfer) }

    public func refuseTransfer(_ leg: SIPLegID, _ response: SIPResponse) { legs[leg]?.handle(.refuseTransfer(response)) }

    public func reportTransfer(_ leg: SIPLegID, status: Int, phrase: String? = nil) {
        legs[leg]?.handle(.reportTransfer(status: status, phrase: phrase))
    }

    public func leg(replacedBy replaces: SIPReplaces) -> SIPLegID? {
        let name = SIPDialogName(callID: replaces.callID, localTag: replaces.toTag, remoteTag: replaces.fromTag)
        return namedLegs[name]
    }

    public func dialog(of leg: SIPLegID) -> SIPDialog? {
        guard let leg = legs[leg], let name = leg.name else { return nil }
        let way = leg.nextHop.wayForOthers
        guard way != .none else { return nil }
        return SIPDialog(
            replaces: SIPReplaces(callID: name.callID, toTag: name.remoteTag, fromTag: name.localTag), target: leg.nextHop.target, routes: leg.nextHop.routes,
            hop: { if case .hop(let hop) = way { hop } else { nil } }(), supportsReplaces: leg.peerSupportsReplaces)
    }

    public func setUp(of leg: SIPLegID) -> SIPSetUpTimes? { legs[leg]?.setUp }

    public func callID(of leg: SIPLegID) -> String? { legs[leg]?.callID }

    public func remoteDescription(of leg: SIPLegID) -> String? {
        guard case .established(let descriptions, _)? = legs[leg]?.machine.state else { return nil }
        return descriptions.remote
    }

    public func localDescription(of leg: SIPLegID) -> String? {
        guard case .established(let descriptions, _)? = legs[leg]?.machine.state else { return nil }
        return descriptions.local
    }

    func receiveTransfer(
        _ transfer: Result<SIPTransferRequest, SIPRefusal>, _ message: IncomingMessage, _ request: HeldRequest, on leg: Leg
    ) {
        leg.unanswered.refer = request
        leg.apply(message)
        switch transfer {
        case .success(let transfer): leg.handle(.transferRequested(transfer))
        case .failure(let refusal): leg.perform(.respondToTransfer(refusal.response, isSilent: false))
        }
    }
}

/// What names a dialog at one of its ends (RFC 3261 section 12).
struct SIPDialogName: Hashable {
    let callID: String
    let localTag: String
    let remoteTag: String
}

extension Leg {
    /// Learns the dialog's name: from the ACK to our 2xx, or from the peer's 2xx.
    func isNamed(_ message: IncomingMessage?, ours: Bool) {
        guard name == nil, let message, !message.toTag.isEmpty else { return }
        let name = SIPDialogName(
            callID: message.callID, localTag: ours ? message.fromTag : message.toTag,
            remoteTag: ours ? message.toTag : message.fromTag)
        self.name = name
        endpoint?.namedLegs[name] = id
        SilentSources.establish(name)
    }

    func respondToTransfer(_ response: SIPResponse, isSilent: Bool) {
        guard let request = unanswered.refer else { return }
        unanswered.refer = nil
        var tags = TagList()
        tags.add(tern_nutag_with(), request.message)
        let status = response.status == 202 || Leg.leavesDialog.contains(response.status) ? response.status : 403
        if status == 202 {
            tags.add(tern_siptag_contact_str(), contact)
            if isSilent { tags.add(tern_siptag_header_str(), "Refer-Sub: false") }
        } else {
            tags.add(response, status: status, agent: agent)
        }
        let phrase = SofiaPhrases.pointer(response.phrase, status: status)
        tags.withTags { tern_nua_respond(handle, Int32(clamping: status), phrase, $0) }
    }

    /// What a REFER may be refused with: 404 and the like would end the dialog (RFC 5057 section 5.1).
    private static let leavesDialog: Set = [400, 403, 488, 491, 500, 503, 603]

    /// A NOTIFY with the response's first line (RFC 3515 section 2.4.5).
    func notify(_ fragment: LegAction.Fragment) {
        var tags = TagList()
        tags.add(tern_nutag_method(), "NOTIFY")
        tags.add(tern_siptag_contact_str(), contact)
        tags.add(tern_siptag_event_str(), fragment.eventID.map { "refer;id=\($0)" } ?? "refer")
        tags.add(tern_siptag_subscription_state_str(), fragment.isLast ? "terminated;reason=noresource" : "active;expires=\(Leg.referralSeconds)")
        let phrase = HeaderText.line(fragment.phrase ?? SofiaPhrases.text(status: fragment.status), limit: 128)
        tags.addBody("SIP/2.0 \(fragment.status) \(phrase)\r\n", type: "message/sipfrag;version=2.0")
        tags.withTags { tern_nua_method(handle, $0) }
    }

    /// What a subscription that a REFER begins is said to last.
    private static let referralSeconds = 600
}
