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
    private var bytes: [UInt8] = []
    /// Whether a value stands before the next one, at this depth.
    private var isFurther = false

    init() { bytes.reserveCapacity(2_048) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func object(_ body: (inout JSONText) -> Void) { nest(UInt8(ascii: "{"), UInt8(ascii: "}"), body) }

    private mutating func nest(_ open: UInt8, _ close: UInt8, _ body: (inout JSONText) -> Void) {
        bytes.append(open)
        isFurther = false
        body(&self)
        bytes.append(close)
        isFurther = true
    }

    private mutating func begin(_ name: StaticString) {
        if isFurther { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        isFurther = true
    }

    private mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        begin(name)
        string(value)
    }

    mutating func add(_ name: StaticString, _ value: Int?) {
        guard let value else { return }
        begin(name)
        append(String(value))
    }

    mutating func add(_ name: StaticString, _ value: Double?) {
        guard let value, value.isFinite else { return }
        begin(name)
        append(value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value))
    }

    mutating func add(_ name: StaticString, _ body: (inout JSONText) -> Void) {
        begin(name)
        object(body)
    }

    mutating func add<Element>(_ name: StaticString, _ elements: [Element], _ body: (inout JSONText, Element) -> Void) {
        begin(name)
        nest(UInt8(ascii: "["), UInt8(ascii: "]")) { array in
            for element in elements {
                if array.isFurther { array.bytes.append(UInt8(ascii: ",")) }
                body(&array, element)
                array.isFurther = true
            }
        }
    }

    /// RFC 8259 section 7.
    mutating func string(_ value: String) {
        var value = value
        bytes.append(UInt8(ascii: "\""))
        value.withUTF8 { text in
            if text.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
                bytes.append(contentsOf: text)
            } else {
                for byte in text { escape(byte) }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "\n"): append("\\n")
        case UInt8(ascii: "\r"): append("\\r")
        case UInt8(ascii: "\t"): append("\\t")
        case ..<0x10: append("\\u000" + String(byte, radix: 16))
        case ..<0x20: append("\\u00" + String(byte, radix: 16))
        default: bytes.append(byte)
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
