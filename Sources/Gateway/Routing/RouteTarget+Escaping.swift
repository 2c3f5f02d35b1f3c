extension RouteTarget {
    /// `user` as the user part of a URI, which it stays whatever a peer dialled (RFC 3261 section 25.1).
    ///
    /// - Parameter user: Without escapes: a `%` is one. If escapes were taken as they are, `%2530` would pass the rules as
    ///   `%30` and leave as `0`.
    static func escaped(_ user: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in user.utf8 {
            if isUnreserved(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// What stands in a user part as it is.
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-_.!~*'()+".utf8.contains(byte)
        }
    }
}
