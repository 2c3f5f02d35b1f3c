internal import COpenSSL

/// A hash function of OpenSSL, alone and as HMAC.
///
/// OpenSSL may refuse: MD5 in a FIPS configuration, or for want of memory. The result then is random bytes, so that nothing is
/// equal to it and nobody can know it.
public enum HashFunction: Sendable, Hashable {
    /// RFC 1321: 16 bytes. For the digest authentication of phones that know nothing better.
    case md5
    /// FIPS 180-4: 32 bytes.
    case sha256

    /// Bytes of a hash.
    public var length: Int {
        switch self {
        case .md5: 16
        case .sha256: 32
        }
    }

    /// The hash of `bytes`.
    public func hash(_ bytes: [UInt8]) -> [UInt8] {
        result { EVP_Digest(bytes, bytes.count, &$0, &$1, function, nil) == 1 }
    }

    /// The HMAC of `bytes` (RFC 2104).
    public func authenticationCode(of bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        result { HMAC(function, key, Int32(clamping: key.count), bytes, bytes.count, &$0, &$1) != nil }
    }

    private var function: OpaquePointer? {
        switch self {
        case .md5: EVP_md5()
        case .sha256: EVP_sha256()
        }
    }

    private func result(_ compute: (inout [UInt8], inout UInt32) -> Bool) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard compute(&bytes, &count), count == length else {
            ERR_clear_error()
            return (0..<length).map { _ in UInt8.random(in: .min ... .max) }
        }
        return Array(bytes.prefix(length))
    }
}

/// Compares what must not be guessed.
public enum ConstantTime {
    /// Whether both are the same bytes. How long that takes depends on their lengths only.
    public static func areEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        first.count == second.count && CRYPTO_memcmp(first, second, first.count) == 0
    }
}
