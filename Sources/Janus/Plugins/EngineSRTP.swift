internal import JSON

/// SRTP of one medium of a plain leg, with keys from SDES (RFC 4568).
///
/// A changed key takes effect at once; an unchanged one keeps its packet counters.
public struct EngineSRTP: Sendable, Equatable {
    /// A crypto suite (RFC 4568 section 6.2, RFC 6188 section 3, RFC 7714 section 12).
    public enum Suite: String, Sendable, CaseIterable {
        case aes128SHA80 = "AES_CM_128_HMAC_SHA1_80"
        case aes128SHA32 = "AES_CM_128_HMAC_SHA1_32"
        case aes256SHA80 = "AES_256_CM_HMAC_SHA1_80"
        case aes256SHA32 = "AES_256_CM_HMAC_SHA1_32"
        case aes128GCM = "AEAD_AES_128_GCM"
        case aes256GCM = "AEAD_AES_256_GCM"

        /// Bytes of master key and salt together.
        public var keyLength: Int {
            switch self {
            case .aes128SHA80, .aes128SHA32: 30
            case .aes256SHA80, .aes256SHA32: 46
            case .aes128GCM: 28
            case .aes256GCM: 44
            }
        }
    }

    public var suite: Suite
    /// Master key and salt of what is sent to the phone, in base64.
    public var local: String
    /// Master key and salt of what the phone sends, in base64.
    public var remote: String

    public init(_ suite: Suite, local: String, remote: String) {
        self.suite = suite
        self.local = local
        self.remote = remote
    }

    var json: JSONValue { ["suite": .string(suite.rawValue), "local": .string(local), "remote": .string(remote)] }
}
