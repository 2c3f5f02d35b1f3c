/// Reads the parts of a DNS message (RFC 1035 section 4). Nothing that stands in it makes it read outside or without end.
struct DNSMessageReader {
    /// The message ends where there should be more, or points where it must not.
    struct Malformed: Error {}

    let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func byte() throws(Malformed) -> UInt8 {
        guard bytes.indices.contains(offset) else { throw Malformed() }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func number16() throws(Malformed) -> Int {
        Int(try byte()) << 8 | Int(try byte())
    }

    mutating func number32() throws(Malformed) -> Int {
        try number16() << 16 | number16()
    }

    mutating func slice(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - offset else { throw Malformed() }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    mutating func skip(to end: Int) throws(Malformed) {
        guard (offset...bytes.count).contains(end) else { throw Malformed() }
        offset = end
    }

    /// A character string (section 3.3): a length and as many bytes.
    mutating func string() throws(Malformed) -> String {
        String(decoding: try slice(Int(try byte())), as: UTF8.self)
    }

    /// A name (section 4.1.4), its pointers followed; nil where it has characters that no name of ours has.
    ///
    /// A pointer must lead to before the part that it ends, so there are no loops; the length is bounded by 255 bytes.
    mutating func name() throws(Malformed) -> DNSName? {
        var text: [UInt8] = []
        var isOurs = true
        var start = offset
        var resume: Int?
        while true {
            let length = Int(try byte())
            switch length {
            case 0:
                if let resume { offset = resume }
                guard isOurs else { return nil }
                return DNSName(text.isEmpty ? "." : String(decoding: text, as: UTF8.self))
            case 1...63:
                let label = try slice(length)
                guard text.count + length <= 254 else { throw Malformed() }
                if !label.allSatisfy(DNSName.mayContain) { isOurs = false }
                if !text.isEmpty { text.append(UInt8(ascii: ".")) }
                text += label
            case 0xC0...0xFF:
                let target = (length & 0x3F) << 8 | Int(try byte())
                guard target < start else { throw Malformed() }
                if resume == nil { resume = offset }
                offset = target
                start = target
            default:
                throw Malformed()
            }
        }
    }
}
