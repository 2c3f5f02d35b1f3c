internal import Events
internal import Logging

/// One log line before it is written.
struct LogEntry {
    typealias Field = (key: String, value: Logger.MetadataValue)

    var time: LogTime
    var level: Logger.Level
    var label: String
    var message: String
    /// In the order in which they are written.
    var metadata: [Field]
    /// Whether the line is an event of the gateway, where its output's lines are.
    var isEvent = true

    /// `2026-11-22T12:54:24.123Z info tern.sip: call answered call=1f… leg=a`.
    var text: String {
        var line: [UInt8] = []
        line.reserveCapacity(512)
        func add(_ text: String) {
            var text = text
            text.withUTF8 { line.append(contentsOf: $0) }
        }
        add(time.text)
        line.append(UInt8(ascii: " "))
        add(level.rawValue)
        line.append(UInt8(ascii: " "))
        add(LogText.plain(label))
        add(": ")
        add(LogText.plain(message))
        for (key, value) in metadata {
            line.append(UInt8(ascii: " "))
            add(LogText.plain(key))
            line.append(UInt8(ascii: "="))
            add(LogText.word(LogEntry.flat(value)))
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// `{"time":"…","level":"info","label":"tern.sip","message":"call answered","metadata":{"call":"1f…"}}`.
    var json: String {
        let head = [("time", time.text), ("level", level.rawValue), ("label", label), ("message", message)]
        var members = head.map { "\"\($0.0)\":\(LogText.json($0.1))" }
        if !metadata.isEmpty {
            let values = metadata.map { "\(LogText.json($0.key)):\(LogEntry.json($0.value, depth: 0))" }
            members.append("\"metadata\":{\(values.joined(separator: ","))}")
        }
        return "{\(members.joined(separator: ","))}"
    }

    /// The line as an event of the gateway.
    ///
    /// - Parameter text: As it is written.
    func line(_ text: String) -> LogLine {
        LogLine(level: level.rawValue, label: label, message: message, size: text.utf8.count + metadata.count * 32) { [metadata] in
            metadata.map { ($0.key, LogEntry.flat($0.value)) }
        }
    }

    /// The call that it is about, or else the session, or the dialog. An INVITE that SIP itself refuses has no call, but the Call-ID of its caller.
    var subject: Event.Subject {
        func value(_ name: String) -> String? { metadata.first { $0.key == name }.map { LogEntry.flat($0.value) } }
        return value("call").map { .call($0) } ?? value("session").map { .session($0) } ?? (value("sip_call_id") ?? value("caller_call_id")).map { .dialog($0) }
            ?? .gateway
    }

    private static func flat(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let other): other.description
        case .array, .dictionary: json(value, depth: 0)
        }
    }

    /// Numbers and truth values keep their type; what is nested deeper than 8 is left out.
    private static func json(_ value: Logger.MetadataValue, depth: Int) -> String {
        switch value {
        case .string(let text): LogText.json(text)
        case .stringConvertible(let other):
            other is any FixedWidthInteger || other is Bool ? other.description : LogText.json(other.description)
        case .array(let items):
            depth < 8 ? "[\(items.map { json($0, depth: depth + 1) }.joined(separator: ","))]" : "null"
        case .dictionary(let members):
            depth < 8 ? object(members, depth: depth) : "null"
        }
    }

    private static func object(_ members: Logger.Metadata, depth: Int) -> String {
        let sorted = members.sorted { $0.key < $1.key }
        return "{\(sorted.map { "\(LogText.json($0.key)):\(json($0.value, depth: depth + 1))" }.joined(separator: ","))}"
    }
}
