internal import CJanusPlugin
internal import Glibc
internal import Version

/// What a handle is asked for.
enum Requests {
    /// Answers a request that is answered at once.
    static func answer(_ fields: Fields, of session: JanusSession, with leg: LegPointer) -> Reply {
        var name = ""
        do throws(RequestError) {
            guard let request = try fields.string("request", longest: 64) else { throw .malformed("\"request\" is missing.") }
            name = request
            return try answer(request, fields, session, leg)
        } catch {
            return Reply(error, to: name)
        }
    }

    private static func answer(
        _ name: String, _ fields: Fields, _ session: JanusSession, _ leg: LegPointer
    ) throws(RequestError) -> Reply {
        switch name {
        case "version":
            let reply = Reply(name)
            reply.set("protocol", Int64(1))
            reply.set("version", TernVersion.current)
            return reply
        case "open":
            let request = try OpenRequest(fields)
            return try with(leg, session) { () throws(RequestError) in try request.apply(to: leg) }
        case "configure":
            let request = try ConfigureRequest(fields)
            var remains = Remains()
            defer { remains.dispose() }
            try with(leg, session) { () throws(RequestError) in try request.apply(to: leg, &remains) }
            return Reply(name)
        case "statistics":
            let reply = Reply(name)
            let id = leg.pointee.sending.locked { leg.pointee.id }
            reply.set("leg", id)
            Statistics.describe(leg, in: reply)
            return reply
        default:
            throw .malformed("There is no request \"\(name)\".")
        }
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
