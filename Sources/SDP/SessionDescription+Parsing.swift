extension SessionDescription {
    /// Reads a description.
    ///
    /// Tolerant as phones and browsers are: LF for CRLF, no end on the last line, several spaces for one, lines after `v=` in any order,
    /// no `o=`, `s=` or `t=`, empty lines. Of a line that may stand once the first counts; one of an unknown type, or of the session behind an
    /// `m=`, is passed over. What is malformed and concerns one thing only, as an attribute does, costs that thing. Strict where guessing
    /// would be wrong; then the error says which line and why.
    public init(parsing text: String, limits: SDPLimits = .standard) throws(SDPError) {
        var reader = try LineReader(text, limits: limits)
        guard let first = try reader.next() else { throw SDPError(line: 0, reason: .missing("v")) }
        guard first.type == UInt8(ascii: "v") else { throw reader.error(.missing("v")) }
        guard first.value.trimmingSpaces() == "0" else { throw reader.error(.invalid("v=")) }
        var assembly = Assembly(limits: limits)
        while let line = try reader.next() {
            do {
                try assembly.add(line.type, line.value, at: reader.number)
            } catch {
                throw reader.error(error)
            }
        }
        self = try assembly.finish()
    }
}

/// A description while its lines come in.
private struct Assembly {
    let limits: SDPLimits
    var origin: Origin?
    var name: String?
    /// Everything of the session but origin and name, which `finish` puts in.
    var session = SessionDescription(origin: Origin(sessionID: 0, sessionVersion: 0, address: "0.0.0.0"), times: [])
    /// The numbers of the `m=` lines.
    var mediaLines: [Int] = []

    init(limits: SDPLimits) { self.limits = limits }

    mutating func add(_ type: UInt8, _ value: Substring, at line: Int) throws(SDPError.Reason) {
        if type == UInt8(ascii: "m") {
            guard session.media.count < limits.media else { throw .tooManyMedia(limit: limits.media) }
            guard let next = MediaDescription(value: value) else { throw .invalid("m=") }
            session.media.append(next)
            mediaLines.append(line)
        } else if session.media.isEmpty {
            try addToSession(type, value)
        } else {
            // In place: a copy for each line would cost more than all the rest.
            try Self.add(type, value, to: &session.media[session.media.count - 1], limits)
        }
    }

    private mutating func addToSession(_ type: UInt8, _ value: Substring) throws(SDPError.Reason) {
        switch type {
        case UInt8(ascii: "o"): Self.set(&origin, Origin(value: value))
        case UInt8(ascii: "s"): Self.set(&name, String(value))
        case UInt8(ascii: "i"): Self.set(&session.information, String(value))
        case UInt8(ascii: "u"): Self.set(&session.uri, String(value))
        case UInt8(ascii: "e"): session.emails.append(String(value))
        case UInt8(ascii: "p"): session.phones.append(String(value))
        case UInt8(ascii: "c"): Self.set(&session.connection, Connection(value: value))
        case UInt8(ascii: "b"): session.bandwidths += Bandwidth(text: value).map { [$0] } ?? []
        case UInt8(ascii: "t"): session.times.append(Timing(value: value) ?? Timing())
        case UInt8(ascii: "r"): if !session.times.isEmpty { session.times[session.times.count - 1].repeats.append(String(value)) }
        case UInt8(ascii: "z"): Self.set(&session.timeZones, String(value))
        case UInt8(ascii: "k"): Self.set(&session.key, String(value))
        case UInt8(ascii: "a"): try Self.addAttribute(value, to: &session.attributes, limits)
        case UInt8(ascii: "v"): throw .repeated("v")
        default: break
        }
    }

    private static func add(
        _ type: UInt8, _ value: Substring, to medium: inout MediaDescription, _ limits: SDPLimits
    ) throws(SDPError.Reason) {
        switch type {
        case UInt8(ascii: "i"): set(&medium.information, String(value))
        case UInt8(ascii: "c"): set(&medium.connection, Connection(value: value))
        case UInt8(ascii: "b"): medium.bandwidths += Bandwidth(text: value).map { [$0] } ?? []
        case UInt8(ascii: "k"): set(&medium.key, String(value))
        case UInt8(ascii: "a"): try addAttribute(value, to: &medium.attributes, limits)
        // Two descriptions in one: which of them is meant cannot be known.
        case UInt8(ascii: "v"): throw .repeated("v")
        default: break
        }
    }

    /// The first one counts.
    private static func set<Value>(_ field: inout Value?, _ value: Value?) { field = field ?? value }

    private static func addAttribute(
        _ value: Substring, to list: inout [Attribute], _ limits: SDPLimits
    ) throws(SDPError.Reason) {
        guard list.count < limits.attributes else { throw .tooManyAttributes(limit: limits.attributes) }
        list.append(Attribute(line: value))
    }

    /// The whole, with the lines that RFC 8866 requires. There must be an address for media, where there are any.
    mutating func finish() throws(SDPError) -> SessionDescription {
        let used = zip(session.media, mediaLines).filter { $0.0.port != 0 }
        if let (_, line) = used.first, used.allSatisfy({ session.connection(for: $0.0) == nil }) {
            throw SDPError(line: line, reason: .missing("c"))
        }
        if let origin { session.origin = origin }
        if let name { session.name = name }
        if session.times.isEmpty { session.times = [Timing()] }
        return session
    }
}
