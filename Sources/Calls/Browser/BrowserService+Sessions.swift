internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import Media
internal import ProxyCore

extension BrowserService {
    func startSession(_ command: StartSession, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let caller = command.offer.sdpType
        let kind: SessionKind = command.type == .echo ? .echo(caller) : .proxy(caller: caller, callee: command.sdpType)
        let phones = SIPProfile(srtp: switchboard.settings.srtp)
        let session = try makeSession(
            kind, command.options, profiles: [.caller: phones, .callee: phones], client, subscribe: command.subscribe)
        let id = session.id
        apiSessions[id] = APISession(
            session: session, client: client, offer: command.offer.description, registry: sessions, lineTests: switchboard.lineTests, reply: reply, answerWithin: switchboard.settings.ringTimeout,
            onEnded: { [weak self] in self?.apiSessions[id] = nil })
        session.receive(.offered(command.offer.description), from: .caller)
    }

    /// Makes a session for `client`, after the checks that every start goes through.
    func makeSession(
        _ kind: SessionKind, _ change: SessionOptionsChange, profiles: [SessionSide: SIPProfile], _ client: BrowserClient,
        subscribe: Bool
    ) throws(APIError) -> any MediaSession {
        guard !switchboard.isDraining else { throw APIError(.shuttingDown) }
        try switchboard.admission.checkRoom(forClientOf: client.user.name)
        return sessions.create(
            kind: kind, options: SessionOptions().applying(change), profiles: profiles, client: client,
            subscriber: subscribe ? client.id : nil)
    }

    func answerSession(_ command: AnswerSession, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let entry = try sessions.entry(command.sessionID, for: client, .watch)
        guard entry.call == nil, let own = apiSessions[command.sessionID] else {
            throw APIError(.wrongState, "this session belongs to a call: use answer_call")
        }
        own.answer(command.answer.description, reply: reply)
    }

    /// Options first, then the offer; the response carries the options or, where there was an offer, the answer.
    func updateSession(_ command: UpdateSession, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        if command.offer != nil { _ = try sessions.entry(command.sessionID, for: client, .negotiate) }
        let entry = try sessions.entry(command.sessionID, for: client, .control)
        guard !command.options.isEmpty else { return try renegotiate(command, entry, client, reply) }
        // Whichever of them will carry the call; what one of them cannot do is told of the first.
        for other in entry.others { other.update(command.options) { _ in } }
        entry.session.update(command.options) { [weak self] result in
            switch result {
            case .success(let options):
                guard command.offer != nil else { return reply.ok(options.json) }
                do throws(APIError) {
                    try self?.renegotiate(command, entry, client, reply)
                } catch {
                    reply.fail(error)
                }
            case .failure(let failure): reply.fail(failure.apiError)
            }
        }
    }

    private func renegotiate(
        _ command: UpdateSession, _ entry: SessionRegistry.Entry, _ client: BrowserClient, _ reply: BrowserReply
    ) throws(APIError) {
        guard let offer = command.offer?.description else { return }
        if let call = entry.call {
            try switchboard.offer(offer, in: call, by: client, reply: reply)
        } else if let own = apiSessions[command.sessionID] {
            own.offer(offer, reply: reply)
        } else {
            throw .unknownSession()
        }
    }

    func stopSession(_ command: StopSession, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let entry = try sessions.entry(command.sessionID, for: client, .hangUp)
        let end = SessionEnd(code: command.code ?? 200, reason: command.reason ?? "stopped")
        guard let id = entry.call else {
            reply.ok([:])
            return entry.session.stop(end)
        }
        let (call, role) = try switchboard.call(id, for: client, .hangUp, field: "session_id")
        reply.ok([:])
        // A client that rings and stops the session leaves the call to the user's other clients.
        let usual = if case .ringing = role { 480 } else { 200 }
        let status = command.code.flatMap { (200...699).contains($0) ? $0 : nil } ?? usual
        switchboard.hangUp(
            call, as: role, user: client.user.name, Switchboard.Farewell(status: status, reason: end.reason, code: end.code))
    }

    func candidate(
        _ id: String, of wanted: SessionSide?, _ candidate: TrickledCandidate, _ client: BrowserClient, _ reply: BrowserReply
    ) throws(APIError) {
        let entry = try sessions.entry(id, for: client, .negotiate)
        if let call = entry.call {
            try switchboard.candidate(candidate, in: call, by: client, side: wanted, to: entry.branches)
        } else {
            // An application server that drives a session speaks for whichever side is a browser.
            let side = wanted ?? (entry.session.kind.callerType == .webrtc ? .caller : .callee)
            if let failure = entry.session.trickle(candidate, from: side) { throw failure.apiError }
        }
        reply.ok([:])
    }

    func getInfo(_ command: GetInfo, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let entry = try sessions.entry(command.sessionID, for: client, .watch)
        guard command.statistics else { return reply.ok(.object(info(of: entry, for: client))) }
        LoopActor.task {
            var statistics: [String: JSONValue] = [:]
            for side in SessionSide.allCases {
                let counted = await entry.session.statistics(of: side)?.json ?? [:]
                if !counted.isEmpty { statistics[side.rawValue] = .object(counted) }
            }
            var info = self.info(of: entry, for: client)
            info["statistics"] = .object(statistics)
            reply.ok(.object(info))
        }
    }

    private func info(of entry: SessionRegistry.Entry, for client: BrowserClient) -> [String: JSONValue] {
        let session = entry.session
        var info: [String: JSONValue] = [
            "session_id": .string(session.id),
            "type": session.kind.calleeType == nil ? "echo" : "proxy",
            "state": .string(session.stateName),
            "options": session.options.json,
            "sides": .object(session.kind.sideTypes),
            "codecs": session.perSide { .string($0.codec.rawValue) },
            "media": session.perSide { ["direction": .string($0.direction.rawValue), "encrypted": .bool($0.isEncrypted)] },
            "flowing": .object(session.flowing.mapValues(JSONValue.bool)),
            "webrtc": session.isUp ? "up" : "down",
            "age": .integer(Int((ContinuousClock.now - session.started).components.seconds)),
        ]
        if !session.holders.isEmpty { info["held_by"] = .array(session.holders.map(\.rawValue).sorted().map(JSONValue.string)) }
        info["call_id"] = entry.call.map { .string(switchboard.table.name(of: $0, for: client.place)) }
        return info
    }

    func getList(_ command: GetList, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let user = command.user ?? client.user.name
        guard user == client.user.name || client.user.isAdmin else { throw .notYours(field: "user") }
        reply.ok(["session_ids": .array(sessions.list(of: user).map(JSONValue.string))])
    }

}

extension MediaSession {
    /// A value for each medium that each side has agreed on: `{"caller": {"audio": …}}`.
    func perSide(_ value: (AgreedMedium) -> JSONValue) -> JSONValue {
        var sides: [String: JSONValue] = [:]
        for side in SessionSide.allCases {
            let media = agreedMedia(of: side).map { ("\($0.kind)", value($0)) }
            if !media.isEmpty { sides[side.rawValue] = .object(Dictionary(media) { first, _ in first }) }
        }
        return .object(sides)
    }

    /// The state as `get_info` names it.
    var stateName: String {
        if isEnded { return "ended" }
        if isEstablished { return "established" }
        return pendingOffer == nil ? "negotiating" : "offered"
    }
}

extension SessionKind {
    /// Which profile each side speaks, as `get_info` tells it.
    var sideTypes: [String: JSONValue] {
        var sides: [String: JSONValue] = ["caller": .string(callerType.rawValue)]
        sides["callee"] = calleeType.map { .string($0.rawValue) }
        return sides
    }
}
