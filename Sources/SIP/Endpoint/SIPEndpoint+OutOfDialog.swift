internal import CSofiaSIP
internal import EventLoop
internal import SIPNames

/// Requests outside of dialogs: a new call, a question, or something that is not served.
extension SIPEndpoint {
    func receiveOutOfDialog(_ event: StackEvent, from stack: SIPStack) {
        guard let handle = event.handle else { return }
        switch event.kind {
        case .invite:
            receiveInvite(event, handle, from: stack)
        case .options:
            respond(event, handle, status: 200)
            nua_handle_destroy(handle)
        case .info, .update, .prack:
            // Sofia lets INFO in without a dialog (RFC 6086 section 4.2 does not).
            respond(event, handle, status: 481)
            nua_handle_destroy(handle)
        case .register:
            receiveRegister(event, handle)
        case .refer:
            // Nobody calls on behalf of somebody with whom there is no call.
            respond(event, handle, status: 403)
            nua_handle_destroy(handle)
        case .otherRequest:
            respond(event, handle, status: 501)
            nua_handle_destroy(handle)
        default:
            nua_handle_destroy(handle)
        }
    }

    private func receiveInvite(_ event: StackEvent, _ handle: OpaquePointer, from stack: SIPStack) {
        // Sofia has answered it already.
        guard event.status < 200, let invite = event.invite, let message = event.message else {
            return nua_handle_destroy(handle)
        }
        if let refusal = event.refusal?.response ?? refusal(of: invite, message) {
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
        leg.begin(by: invite.flow, message)
        leg.answerPracks()
        leg.wait(.decision)
        leg.settleSession(message)
        report(.incoming(id, invite))
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

    /// Answers a request of which Sofia made a handle of its own, or of a dialog's. Sofia adds Allow, Supported and, for
    /// OPTIONS, application/sdp in Accept.
    func respond(_ event: StackEvent, _ handle: OpaquePointer, status: Int) {
        guard event.status < 200, let request = event.request else { return }
        var tags = TagList()
        tags.add(tern_nutag_with(), request.message)
        if event.kind == .options { tags.add(tern_siptag_accept_str(), SIPStack.acceptedMultiparts) }
        tags.withTags {
            tern_nua_respond(handle, Int32(clamping: status), SofiaPhrases.pointer(nil, status: status), $0)
        }
    }
}
