import SDP

extension Crypto {
    /// The suites that the media engine knows, and the bytes of key and salt together (RFC 4568, section 6.2; RFC 6188, section 4;
    /// RFC 7714, section 12).
    private static let suites = [
        "AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30, "AES_256_CM_HMAC_SHA1_80": 46, "AES_256_CM_HMAC_SHA1_32": 46,
        "AEAD_AES_128_GCM": 28, "AEAD_AES_256_GCM": 44,
    ]

    /// The line for a key of ours, made of random bytes; nil for a suite that is not known, or with too few of them.
    init?(suite: String, material: [UInt8]) {
        guard let bytes = Self.suites[suite], material.count >= bytes else { return nil }
        self.init(tag: 1, suite: suite, key: "inline:\(base64(material.prefix(bytes)))")
    }

    /// Master key and salt in base64, without what may stand around them.
    var bareKey: String { String(key.dropFirst("inline:".count)) }

    /// This with the bare key and the suite's name in capitals, when it is one that the engine can use: a single key of the suite's length, a legal
    /// lifetime or none, no key identifier, no session parameters. rtpengine leaves out the padding that others want.
    var withoutLifetime: Crypto? {
        let suite = suite.uppercased(), method = "inline:"
        guard let bytes = Self.suites[suite], parameters.isEmpty, key.prefix(method.count).lowercased() == method, !key.contains(";") else {
            return nil
        }
        let parts = key.dropFirst(method.count).split(separator: "|", omittingEmptySubsequences: false)
        guard let bare = parts.first, parts.count <= 2, parts.dropFirst().allSatisfy(Self.isLifetime) else { return nil }
        let digits = bare.prefix { $0 != "=" }
        guard digits.utf8.count == (bytes * 4 + 2) / 3, digits.utf8.allSatisfy(Self.isBase64), bare.dropFirst(digits.count).utf8.count <= 2 else {
            return nil
        }
        let padding = String(repeating: "=", count: (3 - bytes % 3) % 3)
        return Crypto(tag: tag, suite: suite, key: "\(method)\(digits)\(padding)")
    }

    /// Packets under one key: a number or a power of two, at most 2^48 (RFC 4568, section 6.1; RFC 3711, section 9.2).
    private static func isLifetime(_ text: Substring) -> Bool {
        if text.hasPrefix("2^") { return Int(text.dropFirst(2)).map { 0 ... 48 ~= $0 } == true && text.dropFirst(2).utf8.allSatisfy(isDigit) }
        return UInt64(text).map { 1 ... (1 << 48) ~= $0 } == true && text.utf8.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0") ... UInt8(ascii: "9") ~= byte }

    private static func isBase64(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a") ... UInt8(ascii: "z") ~= byte | 0x20 || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
    }
}

/// The text of these bytes (RFC 4648, section 4).
private func base64(_ bytes: ArraySlice<UInt8>) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    var rest = bytes
    while !rest.isEmpty {
        let group = rest.prefix(3)
        rest = rest.dropFirst(3)
        let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
        for place in 0 ... group.count { text.append(digits[Int(bits >> UInt32(18 - 6 * place) & 63)]) }
        text += String(repeating: "=", count: 3 - group.count)
    }
    return text
}
