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

/// Who opens the DTLS association: `a=setup` (RFC 8842, section 5.1; RFC 4145, section 4).
public enum Setup: String, Sendable, Hashable {
    case active, passive, actpass, holdconn
}

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

/// Whether media between Tern and a phone is SRTP with keys from the descriptions (SDES, RFC 4568).
public enum SRTPPolicy: String, Sendable, Hashable, CaseIterable {
    /// Plain RTP only: `RTP/SAVP` is refused.
    case off
    /// What the phone offers, plain or encrypted, is answered in kind. Tern itself offers plain RTP.
    case optional
    /// SRTP only: Tern offers `RTP/SAVP`, and refuses `RTP/AVP`.
    case required
}
