/// What Tern says to SIP phones.
public struct SIPProfile: Sendable, Hashable {
    /// The codecs that are offered and accepted.
    public var codecs: Set<Codec>

    public init(codecs: Set<Codec> = Set(Codec.allCases)) { self.codecs = codecs }

    public static let standard = SIPProfile()
}
