internal import CJanusPlugin
internal import Glibc
internal import Version

/// What a handle is asked for.
enum Requests {
    /// Answers a request that is answered at once.
    ///
    /// - Parameter description: The type of the session description that came with it.
    /// - Returns: Nil where an event follows with the same transaction.
    static func answer(
        _ fields: Fields, transaction: String, description: String?, of session: JanusSession, with leg: LegPointer
    ) -> Reply? {
        var name = ""
        do throws(RequestError) {
            guard let request = try fields.string("request", longest: 64) else { throw .malformed("\"request\" is missing.") }
            name = request
            if name == "give" {
                try give(fields, transaction, session, leg)
                return nil
            }
            return try answer(request, fields, description, session, leg)
        } catch {
            return Reply(error, to: name)
        }
    }

    private static func answer(
        _ name: String, _ fields: Fields, _ description: String?, _ session: JanusSession, _ leg: LegPointer
    ) throws(RequestError) -> Reply {
        switch name {
        case "version":
            let reply = Reply(name)
            reply.set("protocol", Int64(TernVersion.engineProtocol))
            reply.set("version", TernVersion.current)
            reply.set("api", Int64(JANUS_PLUGIN_API_VERSION))
            return reply
        case "open":
            let request = try OpenRequest(fields)
            return try with(leg, session) { () throws(RequestError) in try request.apply(to: leg) }
        case "configure":
            let request = try ConfigureRequest(fields)
            var remains = Remains()
            defer { remains.dispose() }
            let generation = try with(leg, session) { () throws(RequestError) in
                try request.apply(to: leg, &remains)
                return leg.pointee.sending.locked { leg.pointee.generation }
            }
            leg.sendLimit(generation: generation, now: Clock.now())
            return Reply(name)
        case "attach":
            let reply = Reply(name)
            reply.set("leg", try id(leg, session))
            return reply
        case "take":
            guard description != nil else { throw .malformed("\"take\" comes with a session description.") }
            try with(leg, session) { () throws(RequestError) in
                try leg.becomeWebRTC()
                Setups.begin(leg)
                leg.pointee.sending.locked { leg.pointee.hasDescription = true }
            }
            return Reply(name)
        case "keyframe":
            let generation = leg.pointee.sending.locked { leg.pointee.generation }
            let reply = Reply(name)
            reply.set("asked", leg.requestKeyframeForGateway(generation: generation, now: Clock.now()))
            return reply
        case "signal":
            let request = try SignalRequest(fields)
            try with(leg, session) { () throws(RequestError) in try request.apply(to: leg) }
            return Reply(name)
        case "statistics":
            let reply = Reply(name)
            reply.set("leg", try id(leg, session))
            Statistics.describe(leg, of: session, in: reply)
            return reply
        default:
            throw .malformed("There is no request \"\(name)\".")
        }
    }

    private static func give(
        _ fields: Fields, _ transaction: String, _ session: JanusSession, _ leg: LegPointer
    ) throws(RequestError) {
        let reference = try with(leg, session) { () throws(RequestError) in
            try leg.becomeWebRTC()
                Setups.begin(leg)
            return leg.pointee.sending.locked { leg.reference }
        }
        let description = try Description(fields, transaction: transaction, leg: reference)
        try leg.pointee.sending.locked { () throws(RequestError) in
            // The core would wait five seconds for candidates, and other legs for it.
            guard description.type == "offer" || leg.pointee.hasDescription else { throw .conflict("There is no offer to be answered.") }
        }
        try Descriptions.of(leg).append(description)
    }

    private static func id(_ leg: LegPointer, _ session: JanusSession) throws(RequestError) -> UInt64 {
        let (id, isCurrent) = leg.pointee.sending.locked { (leg.pointee.id, leg.pointee.session == session) }
        guard isCurrent else { throw RequestError(code: 404, reason: "The leg has ended.") }
        return id
    }

    /// Runs under ``Legs``' lock, if the leg is still the handle's.
    private static func with<Result>(
        _ leg: LegPointer, _ session: JanusSession, _ body: () throws(RequestError) -> Result
    ) throws(RequestError) -> Result {
        try Legs.shared.lock.locked { () throws(RequestError) -> Result in
            guard leg.locked({ leg.pointee.session == session }) else { throw RequestError(code: 404, reason: "The leg has ended.") }
            return try body()
        }
    }
}

extension LegPointer {
    /// - Throws: 409 for a plain leg.
    fileprivate func becomeWebRTC() throws(RequestError) {
        try locked { () throws(RequestError) in
            guard pointee.kind != .plain else { throw .conflict("The leg is plain; it has no PeerConnection.") }
            pointee.kind = .webrtc
        }
    }
}
