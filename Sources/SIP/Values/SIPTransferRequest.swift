/// What a REFER in a dialog asks for (RFC 3515): that its other side call somebody else.
public struct SIPTransferRequest: Hashable, Sendable {
    /// The URI in Refer-To, without the `method` parameter and without headers.
    public var target: String
    /// Lower case.
    public var scheme: String
    /// Escapes are decoded; of a `tel:` URI the number.
    public var user: String
    public var host: String
    /// The method that the target is to be sent; INVITE where none is named.
    public var method: String
    /// The dialog that the new call is to take the place of (RFC 3891): an attended transfer.
    public var replaces: SIPReplaces?
    /// The value of Referred-By (RFC 3892); nil where there is none.
    public var referredBy: String?
    /// Whether the sender wants no NOTIFY (RFC 4488).
    public var isSilent: Bool
    /// The number of the REFER in its dialog, which tells its subscription from others (RFC 3515 section 2.4.6).
    var number: UInt32 = 0

    public init(
        target: String, scheme: String, user: String, host: String, method: String = "INVITE", replaces: SIPReplaces? = nil,
        referredBy: String? = nil, isSilent: Bool = false
    ) {
        self.target = target
        self.scheme = scheme
        self.user = user
        self.host = host
        self.method = method
        self.replaces = replaces
        self.referredBy = referredBy
        self.isSilent = isSilent
    }
}
