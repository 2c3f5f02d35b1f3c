internal import Glibc
internal import JSON
internal import Registrar
internal import SIPNames

/// Both clocks at one moment, in milliseconds: bindings in Redis have wall-clock times, and end here by the monotonic clock.
struct ClusterClock: Sendable {
    var monotonic: ContinuousClock.Instant
    /// Milliseconds since 1970.
    var wall: Int

    static var current: ClusterClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return ClusterClock(monotonic: .now, wall: time.tv_sec * 1_000 + time.tv_nsec / 1_000_000)
    }

    func wall(of instant: ContinuousClock.Instant) -> Int { wall + Int((instant - monotonic) / .milliseconds(1)) }

    /// Nil where the time is nowhere near ours.
    func instant(of wall: Int) -> ContinuousClock.Instant? {
        let (distance, overflow) = wall.subtractingReportingOverflow(self.wall)
        // A year: no binding lasts longer.
        guard !overflow, abs(distance / 1_000) < 366 * 86_400 else { return nil }
        return monotonic + .milliseconds(distance)
    }
}

/// A binding as Redis has it.
enum BindingText {
    /// Bytes of one.
    private static let most = 32_768

    static func write(_ binding: Binding, clock: ClusterClock) -> String {
        var fields: [String: JSONValue] = [
            "id": .integer(Int(binding.id)), "user": .string(binding.user), "contact": .string(binding.contact.text),
            "expires": .integer(clock.wall(of: binding.expires)), "updated": .integer(clock.wall(of: binding.updated)),
            "call_id": .string(binding.callID), "cseq": .integer(Int(binding.cSeq)), "path": .array(binding.path.map(JSONValue.string)),
            "flow": .string(binding.flow), "received": .string(binding.received),
        ]
        fields["q"] = binding.q.map(JSONValue.integer)
        fields["user_agent"] = binding.userAgent.map(JSONValue.string)
        fields["instance"] = binding.instance.map(JSONValue.string)
        fields["registration_id"] = binding.registrationID.map(JSONValue.integer)
        return JSONValue.object(fields).text
    }

    /// Nil where the text is none of a binding's, or the binding has ended.
    static func read(_ text: String, clock: ClusterClock, longest: Int) -> Binding? {
        guard let json = try? JSONValue(parsing: text, limits: JSONLimits(size: most, depth: 4)),
            let id = json["id"]?.intValue, id > 0, id < Int.max / 2, let user = json["user"]?.stringValue, !user.isEmpty,
            let contact = json["contact"]?.stringValue.flatMap({ SIPURI($0) }), let callID = json["call_id"]?.stringValue,
            let cSeq = json["cseq"]?.intValue.flatMap(UInt32.init(exactly:)), let flow = json["flow"]?.stringValue,
            let expires = json["expires"]?.intValue.flatMap(clock.instant), expires > clock.monotonic,
            let updated = json["updated"]?.intValue.flatMap(clock.instant)
        else { return nil }
        return Binding(
            id: Int64(id), user: user, contact: contact, q: json["q"]?.intValue.map { max(0, min(1_000, $0)) },
            expires: min(expires, clock.monotonic + .seconds(longest)), updated: updated, callID: callID, cSeq: cSeq,
            path: json["path"]?.arrayValue?.prefix(16).compactMap(\.stringValue) ?? [], flow: flow, userAgent: json["user_agent"]?.stringValue,
            received: json["received"]?.stringValue ?? "", instance: json["instance"]?.stringValue, registrationID: json["registration_id"]?.intValue)
    }
}
