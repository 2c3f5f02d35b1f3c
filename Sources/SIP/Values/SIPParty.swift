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
