internal import Events

/// What the lines of a trace say, in a few words.
enum TraceLabels {
    /// Longest label, in characters.
    private static let longest = 200

    static func sip(_ message: SIPMessage) -> String {
        let line = startLine(of: message.text[...])
        // "SIP/2.0 200 OK" and "INVITE sip:bob@example.org SIP/2.0" without the version.
        var words = line.split(separator: " ", omittingEmptySubsequences: true)
        if message.status != nil { words = Array(words.dropFirst()) } else if words.last?.uppercased().hasPrefix("SIP/") == true { words = words.dropLast() }
        let text = words.joined(separator: " ")
        return cut(message.status == nil ? text : "\(text) (\(message.method))")
    }

    /// The text up to its first line end.
    static func startLine(of text: Substring) -> Substring {
        let end = text.utf8.firstIndex { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") } ?? text.endIndex
        return text[..<end]
    }

    /// Nil for what other lines say.
    static func call(_ event: CallEvent) -> String? {
        switch event {
        case .began(let start): cut("call begins: \(start.callerKind) \(start.caller) (\(start.source)) dials \(start.dialled)")
        case .invited(let leg, let party, let trunk): cut("calls \(party)\(trunk.map { " by trunk \($0)" } ?? "") (leg \(leg))")
        case .refused(let leg, let status, let reason): cut("leg \(leg) is over: \(status) \(reason)")
        case .rings: "the caller hears that it rings"
        case .answered: "call answered"
        case .transferred(let call): "goes on in call \(call)"
        case .notAdmitted(_, _, _, let outcome): cut("call not admitted: \(outcome.status) \(outcome.reason)")
        case .ended(let outcome): cut("call ended by \(outcome.by): \(outcome.status) \(outcome.reason)")
        default: nil
        }
    }

    /// Whether there is a label.
    static func isShown(_ event: CallEvent) -> Bool {
        switch event {
        case .began, .invited, .refused, .rings, .answered, .transferred, .notAdmitted, .ended: true
        default: false
        }
    }

    /// Whether there is a label.
    static func isShown(_ change: SessionChange) -> Bool {
        switch change {
        case .up, .flowing, .digit, .offered, .answered, .ended: true
        case .counted(let count): count.isFinal
        default: false
        }
    }

    /// Nil for what other lines say.
    static func session(_ change: SessionChange) -> String? {
        switch change {
        case .up: "media can flow"
        case .flowing(let kind, let isOn): isOn ? "\(kind) arrives" : "no \(kind) arrives any more"
        case .digit(let side, let digit, let milliseconds): "DTMF digit \(digit) of the \(side), \(milliseconds) ms"
        case .offered(let side): "the \(side) offers"
        case .answered(let side): "the \(side) answers"
        case .counted(let count): count.isFinal ? counted(count) : nil
        case .ended(let code, let reason): cut("session ended: \(code) \(reason)")
        default: nil
        }
    }

    private static func counted(_ count: MediaCount) -> String {
        var parts = ["\(count.received.packets) received", "\(count.received.lost.map(String.init) ?? "?") lost"]
        if let jitter = count.received.jitter { parts.append("jitter \(jitter) ms") }
        parts.append("\(count.sent.packets) sent")
        if let trip = count.roundTrip { parts.append("round trip \(trip) ms") }
        if let score = count.score { parts.append("MOS \((score * 100).rounded() / 100)") }
        return "\(count.kind) of the \(count.side): \(parts.joined(separator: ", "))"
    }

    /// - Parameter request: The command of the request that this answers.
    static func api(_ scan: MessageScan, answering request: String?) -> String {
        if let result = scan.string("result") {
            let command = request ?? "answer"
            guard result == "ok" else { return cut("\(command): error \(scan.token("code") ?? "") \(scan.string("error") ?? "")") }
            return cut("\(command): ok")
        }
        guard let command = scan.string("cmd") else { return "message" }
        guard command == "event" else { return cut(command) }
        return cut("event \(scan.string("type") ?? "")")
    }

    /// - Parameter verb: That of the request which this answers.
    static func engine(_ message: EngineMessage) -> String {
        guard !message.isSent else { return cut(message.name) }
        let scan = MessageScan(message.text)
        let verb = message.request
        switch message.name {
        case "success": return "\(verb ?? "request"): ok"
        case "error": return cut("\(verb ?? "request"): error \(scan.string("reason") ?? "")")
        case "event":
            if scan.string("tern") == "event" { return cut("event \(scan.string("event") ?? "")") }
            if let error = scan.string("error") { return cut("\(verb ?? "request"): error \(error)") }
            return "\(verb ?? "request"): ok"
        case "media": return cut("event media \(scan.string("type") ?? "")")
        default: return cut("event \(message.name)")
        }
    }

    static func log(_ line: LogLine) -> String { cut("\(line.level) \(line.label): \(line.message)") }

    /// A field a line, without secrets.
    static func fields(of line: LogLine) -> String { SecretRemoval.clean(line.fields.map { "\($0.name)=\($0.value)" }.joined(separator: "\n")) }

    /// Without secrets, and then cut: a secret that is cut may not look like one.
    static func cut(_ text: String) -> String {
        let text = SecretRemoval.clean(text)
        return text.utf8.count <= longest ? text : String(text.prefix(longest)) + "…"
    }
}
