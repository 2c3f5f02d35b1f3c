/// An SRTP key in the clear: `a=crypto` (RFC 4568, section 9.1).
public struct Crypto: Sendable, Hashable {
    /// At most nine digits.
    public var tag: UInt32
    /// `AES_CM_128_HMAC_SHA1_80` and the like.
    public var suite: String
    /// `inline:KEY`, with lifetime and master key identifier where they are given.
    public var key: String
    /// `UNENCRYPTED_SRTP`, `KDR=1` and the like; as sent, empty mostly.
    public var parameters: String

    public init(tag: UInt32, suite: String, key: String, parameters: String = "") {
        self.tag = tag
        self.suite = suite
        self.key = key
        self.parameters = parameters
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let tag = reader.number(UInt32.self), tag < 1_000_000_000, let suite = reader.next(), let key = reader.next() else { return nil }
        self.init(tag: tag, suite: String(suite), key: String(key), parameters: String(reader.remainder()))
    }

    var value: String { "\(tag) \(suite) \(key)" + (parameters.isEmpty ? "" : " \(parameters)") }
}
