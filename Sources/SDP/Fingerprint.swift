/// The hash of a DTLS certificate: `a=fingerprint` (RFC 8122, section 5).
public struct Fingerprint: Sendable, Hashable {
    /// `sha-256` and the like.
    public var hash: String
    /// As many pairs of hexadecimal digits as the hash has bytes, with colons between them, in the case in which they were sent.
    public var digest: String

    public init(hash: String, digest: String) {
        self.hash = hash
        self.digest = digest
    }

    /// The bytes of a digest, by the name of its hash function.
    private static let bytes = ["md2": 16, "md5": 16, "sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64]

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let hash = reader.next(), let digest = reader.next(), reader.next() == nil else { return nil }
        guard let bytes = Self.bytes[String(hash.lowercasedIfNeeded)], digest.utf8.count == bytes * 3 - 1 else { return nil }
        let isWellFormed = digest.utf8.enumerated().allSatisfy { index, byte in
            index % 3 == 2 ? byte == UInt8(ascii: ":") : byte.isHexDigit
        }
        guard isWellFormed else { return nil }
        self.init(hash: String(hash), digest: String(digest))
    }

    var value: String { "\(hash) \(digest)" }
}
