/// The hash of a DTLS certificate: `a=fingerprint` (RFC 8122, section 5).
public struct Fingerprint: Sendable, Hashable {
    /// `sha-256` and the like.
    public var hash: String
    /// Pairs of hexadecimal digits with colons between them, in the case in which they were sent.
    public var digest: String

    public init(hash: String, digest: String) {
        self.hash = hash
        self.digest = digest
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let hash = reader.next(), let digest = reader.next(), reader.next() == nil else { return nil }
        guard digest.utf8.count >= 47, digest.utf8.count % 3 == 2 else { return nil }
        let isWellFormed = digest.utf8.enumerated().allSatisfy { index, byte in
            index % 3 == 2 ? byte == UInt8(ascii: ":") : byte.isHexDigit
        }
        guard isWellFormed else { return nil }
        self.init(hash: String(hash), digest: String(digest))
    }

    var value: String { "\(hash) \(digest)" }
}
