/// What Tern says to SIP phones.
public struct SIPProfile: Sendable, Hashable {
    /// The codecs that are offered and accepted.
    public var codecs: Set<Codec>
    /// Whether media is encrypted.
    public var srtp: SRTPPolicy

    public init(codecs: Set<Codec> = Set(Codec.allCases), srtp: SRTPPolicy = .optional) {
        self.codecs = codecs
        self.srtp = srtp
    }

    public static let standard = SIPProfile()
}
