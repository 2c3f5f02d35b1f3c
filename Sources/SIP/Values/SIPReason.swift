/// A Reason header (RFC 3326): why a CANCEL, a BYE or a response was sent.
public struct SIPReason: Hashable, Sendable {
    /// `SIP`, `Q.850` or another registered protocol.
    public var protocolName: String
    /// A status code for `SIP`, a cause value for `Q.850`.
    public var cause: Int?
    public var text: String?

    public init(protocolName: String = "SIP", cause: Int?, text: String?) {
        self.protocolName = protocolName
        self.cause = cause
        self.text = text
    }

    /// Another fork answered (RFC 3326 section 2, example of HERFP).
    public static let answeredElsewhere = SIPReason(cause: 200, text: "Call completed elsewhere")
}
