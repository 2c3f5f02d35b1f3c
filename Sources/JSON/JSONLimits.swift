/// What a text may cost before it is parsed.
public struct JSONLimits: Sendable, Equatable {
    /// Longest text, in bytes of UTF-8.
    public var size: Int
    /// Deepest nesting of arrays and objects.
    public var depth: Int

    public init(size: Int = 1 << 20, depth: Int = 64) {
        self.size = size
        self.depth = depth
    }

    /// Checks `text` without parsing it: a scan that knows only strings and brackets, and does not recurse.
    func check(_ text: UnsafeBufferPointer<UInt8>) throws(JSONError) {
        guard text.count <= size else {
            throw JSONError(line: 0, column: 0, reason: "longer than \(size) bytes")
        }
        var depth = 0, line = 1, column = 0
        var inString = false, escaped = false
        for byte in text {
            if byte & 0xC0 != 0x80 { column += 1 }
            switch byte {
            case UInt8(ascii: "\n"):
                line += 1
                column = 0
            case _ where escaped:
                escaped = false
            case UInt8(ascii: "\\"):
                escaped = inString
            case UInt8(ascii: "\""):
                inString.toggle()
            case _ where inString:
                break
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                guard depth <= self.depth else {
                    throw JSONError(line: line, column: column, reason: "nested deeper than \(self.depth) levels")
                }
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
            default:
                break
            }
        }
    }
}
