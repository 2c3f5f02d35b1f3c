internal import FoundationEssentials

extension CallRecord {
    /// The record as JSON on one line, its members in the order of their names.
    ///
    /// It is written here and not by `JSONEncoder`, which takes ten times as long: each call is written three times at least.
    public var json: String {
        var text = JSONText()
        text.object { record in
            record.add("answered_by", answeredBy)
            record.add("answered_user", answeredUser)
            record.add("callee_side", calleeSide.write)
            record.add("caller", caller.write)
            record.add("caller_side", callerSide.write)
            record.add("dialled", dialled)
            if let end { record.add("end", end.write) }
            record.add("gateway", gateway)
            record.add("id", id)
            record.add("legs", legs) { $0.object($1.write) }
            if let lineTest { record.add("line_test", lineTest.write) }
            record.add("number", number)
            record.add("recordings", recordings) { $0.string($1) }
            record.add("route", route)
            record.add("session", session)
            record.add("target", target)
            record.add("times", times.write)
            record.add("trunk", trunk)
        }
        return text.text
    }

    /// Nil for a text that is no record.
    public init?(json: String) {
        guard let record = try? JSONDecoder().decode(CallRecord.self, from: Data(json.utf8)) else { return nil }
        self = record
    }
}

/// A JSON text (RFC 8259) that is being written.
private struct JSONText {
    private(set) var text = ""
    /// Whether a value stands before the next one, at this depth.
    private var isFurther = false

    init() { text.reserveCapacity(2_048) }

    mutating func object(_ body: (inout JSONText) -> Void) { nest("{", "}", body) }

    private mutating func nest(_ open: String, _ close: String, _ body: (inout JSONText) -> Void) {
        text += open
        isFurther = false
        body(&self)
        text += close
        isFurther = true
    }

    private mutating func begin(_ name: StaticString) {
        text += isFurther ? ",\"" : "\""
        name.withUTF8Buffer { text += String(decoding: $0, as: UTF8.self) }
        text += "\":"
        isFurther = true
    }

    mutating func add(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        begin(name)
        string(value)
    }

    mutating func add(_ name: StaticString, _ value: Int?) {
        guard let value else { return }
        begin(name)
        text += String(value)
    }

    mutating func add(_ name: StaticString, _ value: Double?) {
        guard let value, value.isFinite else { return }
        begin(name)
        text += value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }

    mutating func add(_ name: StaticString, _ body: (inout JSONText) -> Void) {
        begin(name)
        object(body)
    }

    mutating func add<Element>(_ name: StaticString, _ elements: [Element], _ body: (inout JSONText, Element) -> Void) {
        begin(name)
        nest("[", "]") { array in
            for element in elements {
                if array.isFurther { array.text += "," }
                body(&array, element)
                array.isFurther = true
            }
        }
    }

    /// RFC 8259 section 7.
    mutating func string(_ value: String) {
        text += "\""
        if value.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            text += value
        } else {
            for scalar in value.unicodeScalars { text += JSONText.escaped(scalar) }
        }
        text += "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case _ where scalar.value < 0x10: "\\u000\(String(scalar.value, radix: 16))"
        case _ where scalar.value < 0x20: "\\u00\(String(scalar.value, radix: 16))"
        default: String(scalar)
        }
    }
}

extension CallRecord.Caller {
    fileprivate func write(_ object: inout JSONText) {
        object.add("address", address)
        object.add("client", client)
        object.add("kind", kind)
        object.add("name", name)
        object.add("source", source)
        object.add("user", user)
        object.add("user_agent", userAgent)
    }
}

extension CallRecord.LineTest {
    fileprivate func write(_ object: inout JSONText) {
        object.add("codes", codes) { $0.string($1) }
        object.add("verdict", verdict)
    }
}

extension CallRecord.Times {
    fileprivate func write(_ object: inout JSONText) {
        object.add("answered", answered)
        object.add("began", began)
        object.add("ended", ended)
        object.add("media", media)
        object.add("rang", rang)
    }
}

extension CallRecord.End {
    fileprivate func write(_ object: inout JSONText) {
        object.add("by", by)
        object.add("cause", cause)
        object.add("reason", reason)
        object.add("result", result)
        object.add("status", status)
        object.add("why", why)
    }
}

extension CallRecord.Side {
    fileprivate func write(_ object: inout JSONText) {
        if let audio { object.add("audio", audio.write) }
        object.add("call_id", callID)
        object.add("mos", mos)
        if let video { object.add("video", video.write) }
    }
}

extension CallRecord.Medium {
    fileprivate func write(_ object: inout JSONText) {
        object.add("codec", codec)
        object.add("from", from)
        object.add("received", received.write)
        object.add("sent", sent.write)
    }
}

extension CallRecord.Flow {
    fileprivate func write(_ object: inout JSONText) {
        object.add("bytes", bytes)
        object.add("jitter", jitter)
        object.add("lost", lost)
        object.add("packets", packets)
        object.add("round_trip", roundTrip)
    }
}

extension CallRecord.Leg {
    fileprivate func write(_ object: inout JSONText) {
        object.add("answered", answered)
        object.add("call_id", callID)
        object.add("client", client)
        object.add("ended", ended)
        object.add("invited", invited)
        object.add("kind", kind)
        object.add("number", number)
        object.add("rang", rang)
        object.add("reason", reason)
        object.add("status", status)
        object.add("target", target)
        object.add("trunk", trunk)
    }
}
