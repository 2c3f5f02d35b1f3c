internal import CSofiaSIP
internal import EventLoop
internal import Logging
internal import SIPNames

/// Requests outside of dialogs: a new call, a question, or something that is not served.
extension SIPEndpoint {
    func receive(_ event: OutOfDialogEvent, _ handle: OpaquePointer, from stack: SIPStack) {
        switch event {
        case .invite(let invite, let message, let refusal):
            return receiveInvite(invite, message, refusal, handle, from: stack)
        case .register(let register, let request):
            return receiveRegister(register, request, handle)
        case .options(let request): respondToOptions(request, handle)
        case .unserved(let request, let status): respond(to: request, handle, status: status)
        case .over: break
        }
        nua_handle_destroy(handle)
    }

    private func receiveInvite(
        _ invite: SIPIncomingInvite, _ message: IncomingMessage, _ malformed: SIPRefusal?, _ handle: OpaquePointer, from stack: SIPStack
    ) {
        overload.arrive()
        if let refusal = malformed?.response ?? refusal(of: invite, message) {
            report(refusal, of: invite)
            var tags = TagList()
            tags.add(refusal, status: refusal.finalStatus, agent: agent)
            tags.withTags {
                tern_nua_respond(
                    handle, Int32(refusal.finalStatus),
                    SofiaPhrases.pointer(refusal.phrase, status: refusal.finalStatus), $0)
            }
            return nua_handle_destroy(handle)
        }
        let id = nextLegID()
        tern_nua_handle_bind(handle, UnsafeMutableRawPointer(bitPattern: id.number))
        let peer = invite.flow.flatMap { SocketAddress(address: $0.peerAddress, port: $0.peerPort) }
        let leg = Leg(
            .called(id, sdp: invite.sdp, provisionals: message.provisionals), stack: stack, handle: handle,
            contact: stack.contact(invite.transport, peer: peer, isSecure: message.isSecure && invite.transport == .tls), endpoint: self)
        remember(leg)
        leg.callID = invite.callID
        leg.peerAddress = invite.flow?.peerAddress
        leg.beginSetUp()
        watch(invite)
        leg.nextHop.begin(by: invite.flow, vias: message.vias)
        leg.apply(message)
        leg.answerPracks()
        leg.wait(.decision)
        leg.settleSession(message)
        report(.incoming(id, invite))
    }

    /// The source of an INVITE over UDP may be forged, where it has never answered. What it brings as credentials proves nothing yet.
    private func watch(_ invite: SIPIncomingInvite) {
        guard invite.transport == .udp, let address = invite.flow?.peerAddress,
            !SilentSources.isProven(address, at: .now)
        else { return }
        SilentSources.watch(invite.callID)
    }

    /// Why an INVITE is not even offered to the core.
    private func refusal(of invite: SIPIncomingInvite, _ message: IncomingMessage) -> SIPResponse? {
        if !hasRoom { return SIPResponse(status: 503, retryAfter: configuration.overloadRetryAfter) }
        if invite.maxForwards == 0 { return SIPResponse(status: 483) }
        let name = DialogName(callID: invite.callID, fromTag: message.fromTag)
        if ownDialogs.contains(name) { return SIPResponse(status: 482, phrase: "Loop Detected") }
        if !message.hasContact { return SIPResponse(status: 400, phrase: "Missing Contact Header") }
        return message.content.refusal
    }

    /// Writes the line of an INVITE that the core never hears of; in a flood of such INVITEs not each has one.
    private func report(_ refusal: SIPResponse, of invite: SIPIncomingInvite) {
        let (isAdmitted, omitted) = refusedLines.admit()
        guard isAdmitted else { return }
        let status = refusal.finalStatus
        let words =
            switch status {
            case 482: "the INVITE is one of this gateway's own, and has come back"
            case 483: "Max-Forwards is 0: the call goes round"
            case 503: isStopping ? "the gateway is stopping" : "there are as many legs as sip.maximum_calls allows"
            default: refusal.warning ?? refusal.phrase ?? SofiaText.field(SofiaPhrases.pointer(nil, status: status))
            }
        var fields: Logger.Metadata = [
            "result": "refused", "status": "\(status)", "reason": "\(words)", "by": "gateway", "from": "\(invite.from.uri)", "to": "\(invite.requestUser)",
            "address": "\(invite.source)", "caller_call_id": "\(invite.callID)",
        ]
        fields["user_agent"] = invite.userAgent.map { "\($0)" }
        if omitted > 0 { fields["omitted"] = "\(omitted)" }
        logger.info("call ended", metadata: fields)
    }

    /// An OPTIONS gets what an INVITE would get at the moment (RFC 3261 section 11).
    private func respondToOptions(_ request: HeldRequest, _ handle: OpaquePointer) {
        let takesCalls = takesCalls()
        respond(
            to: request, handle, status: takesCalls ? 200 : 503, isOptions: true, retryAfter: takesCalls ? nil : SIPEndpoint.drainRetryAfter)
    }

    /// Retry-After of an OPTIONS while no calls are taken, in seconds.
    static let drainRetryAfter = 10

    /// Answers a request of which Sofia made a handle of its own, or of a dialog's. Sofia adds Allow, Supported and, for
    /// OPTIONS, application/sdp in Accept.
    func respond(to request: HeldRequest, _ handle: OpaquePointer, status: Int, isOptions: Bool = false, retryAfter: Int? = nil) {
        var tags = TagList()
        if let retryAfter { tags.add(SIPResponse(status: status, retryAfter: retryAfter), status: status, agent: agent) }
        tags.add(tern_nutag_with(), request.message)
        if isOptions { tags.add(tern_siptag_accept_str(), SIPStack.acceptedMultiparts) }
        tags.withTags {
            tern_nua_respond(handle, Int32(clamping: status), SofiaPhrases.pointer(nil, status: status), $0)
        }
    }
}
