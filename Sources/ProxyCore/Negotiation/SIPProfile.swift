public import SDP

/// What Tern says to SIP phones.
public struct SIPProfile: Sendable, Hashable {
    /// The codecs that are offered and accepted.
    public var codecs: Set<Codec>
    /// Whether media is encrypted.
    public var srtp: SRTPPolicy
    /// The address family of the first offer, where there is an address of it; IPv4 otherwise. An answer has that of the phone's offer.
    public var family: AddressFamily

    public init(codecs: Set<Codec> = Set(Codec.allCases), srtp: SRTPPolicy = .optional, family: AddressFamily = .ip4) {
        self.codecs = codecs
        self.srtp = srtp
        self.family = family
    }

    public static let standard = SIPProfile()
}
