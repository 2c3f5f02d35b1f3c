internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import ProxyCore

extension BrowserService {
    func startCall(_ command: StartCall, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let destination = try switchboard.destination(of: command)
        let session: MediaSession
        let offer: MediaDescriptionObject?
        switch command.source {
        case .offer(let description):
            guard description.sdpType == .webrtc else { throw APIError(.invalidField, "`offer.sdp_type` must be \"webrtc\"") }
            session = try makeSession(
                switchboard.kind(from: .webrtc, to: destination), command.options,
                profiles: switchboard.profiles(to: destination), client, subscribe: command.subscribe)
            offer = description
        case .session(let id):
            session = try adopt(id, for: client, destination)
            offer = nil
        }
        let caller = CallParty(
            id: client.user.name, name: offer?.callerName ?? configuration.user(named: client.user.name)?.displayName)
        switchboard.start(
            from: client, caller: caller, dialled: command.dest, destination: destination, session: session,
            offer: offer, subscribe: command.subscribe, reply: reply)
    }

    /// Takes over a proxy session that the client started before and that has not been answered.
    private func adopt(
        _ id: String, for client: BrowserClient, _ destination: RouteDestination
    ) throws(APIError) -> MediaSession {
        let entry = try sessions.entry(id, for: client)
        guard entry.call == nil, entry.session.pendingOffer != nil else {
            throw APIError(.wrongState, "`session_id`: the session does not wait for an answer")
        }
        guard entry.session.kind == switchboard.kind(from: entry.session.kind.callerType, to: destination) else {
            throw APIError(.wrongState, "`session_id`: the session's offer is not for this kind of destination")
        }
        if case .sip(_, let srtp?) = destination, srtp != configuration.sip.srtp {
            throw APIError(.wrongState, "`session_id`: the session's offer is not of the encryption that the destination wants")
        }
        apiSessions.removeValue(forKey: id)?.handOver()
        return entry.session
    }

    func ringCall(_ command: RingCall, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let (call, leg) = try switchboard.called(command.callID, client)
        if let answer = command.answer {
            call.handle(.progress(leg, sdp: answer.sdp))
        } else {
            call.handle(.ringing(leg))
        }
        reply.ok([:])
    }

    func answerCall(_ command: AnswerCall, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let (call, leg) = try switchboard.called(command.callID, client)
        guard let callee = call.callees[leg] as? BrowserCalleeLeg, callee.answering(reply) else {
            throw APIError(.wrongState, "an answer to this call is being processed")
        }
        let (description, isOffer) =
            switch command.description {
            case .answer(let answer): (answer, false)
            case .offer(let offer): (offer, true)
            }
        guard isOffer == call.wantsOffer else {
            callee.refuse(.state(isOffer ? "the call came with an offer: answer it" : "the call came without an offer: make one"))
            return
        }
        call.handle(.accepted(leg, sdp: description.sdp, trickle: description.trickleICE))
    }

    /// `reject_call` and `hangup_call`: whatever ends the client's part in the call.
    func endCall(
        _ command: EndCall, _ client: BrowserClient, _ reply: BrowserReply, otherwise code: Int
    ) throws(APIError) {
        try switchboard.checkAccess(command.callID, client)
        reply.ok([:])
        switchboard.hangUp(
            command.callID, client: client, status: command.code ?? code, reason: command.reason)
    }
}
