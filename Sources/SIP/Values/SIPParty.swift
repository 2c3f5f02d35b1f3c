internal import SIPNames

/// Who a From or To header names. Every text is valid UTF-8, without control characters, and bounded.
public struct SIPParty: Hashable, Sendable {
    /// The whole URI as it stands in the header, without the header's own parameters.
    public var uri: String
    /// Empty when the URI has no user part.
    public var user: String
    public var host: String
    /// Without its quotes; nil when there is none.
    public var displayName: String?

    public init(uri: String, user: String, host: String, displayName: String?) {
        self.uri = uri
        self.user = user
        self.host = host
        self.displayName = displayName
    }
}

extension SIPParty {
    /// Of a `sip:`, `sips:` or `tel:` URI; the number of a `tel:` URI is its user.
    init?(_ address: NameAddress) {
        let uri = address.uri
        guard SIPTarget.isHarmless(uri), uri.utf8.count <= SofiaText.longestField else { return nil }
        if let number = TelURI(uri)?.number {
            self.init(uri: uri, user: number, host: "", displayName: address.displayName)
        } else if let parsed = SIPURI(uri) {
            self.init(uri: uri, user: parsed.user ?? "", host: parsed.host, displayName: address.displayName)
        } else {
            return nil
        }
    }
}
