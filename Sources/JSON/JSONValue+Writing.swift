internal import CJansson

extension JSONValue {
    /// The JSON text: compact, members sorted by the bytes of their names.
    ///
    /// JSON has no word for a real that is infinite or not a number: it is written as `null`. It is written here and not by jansson, which would have each value
    /// copied first, and takes six times as long: every request to the media engine, response and event is written.
    public var text: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += value ? "true".utf8 : "false".utf8
        case .integer(let value): bytes += String(value).utf8
        case .real(let value): bytes += JSONValue.text(of: value).utf8
        case .string(let value): JSONValue.write(value, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            var isFurther = false
            for (name, value) in members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                if isFurther { bytes.append(UInt8(ascii: ",")) }
                isFurther = true
                JSONValue.write(name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// As jansson has it: with as many digits as the value needs to be read again, and with a point or an exponent.
    private static func text(of real: Double) -> String {
        guard real.isFinite, let value = json_real(real) else { return "null" }
        defer { json_decref(value) }
        guard let written = json_dumps(value, Int(JSON_ENCODE_ANY)) else { return "null" }
        defer { free(written) }
        return String(cString: written)
    }

    /// RFC 8259 section 7: escaped is what must be.
    private static func write(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { text in
            if text.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
                bytes.append(contentsOf: text)
            } else {
                for byte in text { escape(byte, to: &bytes) }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func escape(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case 0x08: bytes += "\\b".utf8
        case 0x09: bytes += "\\t".utf8
        case 0x0A: bytes += "\\n".utf8
        case 0x0C: bytes += "\\f".utf8
        case 0x0D: bytes += "\\r".utf8
        case ..<0x20:
            let digits = String(byte, radix: 16, uppercase: true)
            bytes += (digits.utf8.count == 1 ? "\\u000" : "\\u00").utf8
            bytes += digits.utf8
        default: bytes.append(byte)
        }
    }
}
