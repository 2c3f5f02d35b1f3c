/// The target of a `sip` route: a URI with a place for the dialled user.
enum RouteTarget {
    /// What stands for the dialled user.
    static let placeholder = "{user}"

    /// `target` with the dialled user in its place, escaped so that it stays a user part whatever a peer dialled
    /// (RFC 3261 section 25.1; escapes that are there already stay).
    static func uri(_ target: String, dialled: String) -> String {
        let parts = target.split(separator: placeholder, omittingEmptySubsequences: false)
        return parts.joined(separator: escaped(dialled))
    }

    static func escaped(_ user: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let bytes = Array(user.utf8)
        var result: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            let isEscape = byte == UInt8(ascii: "%") && bytes.count - index > 2
                && isHexDigit(bytes[index + 1]) && isHexDigit(bytes[index + 2])
            if isEscape || isUnreserved(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-_.!~*'()+".utf8.contains(byte)
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"): true
        default: false
        }
    }
}
