public import SIPNames

/// What an initial INVITE said, copied out of Sofia's message.
public struct SIPIncomingInvite: Hashable, Sendable {
    public var from: SIPParty
    public var to: SIPParty
    /// User part of the Request-URI: who was dialled. Escapes are decoded; empty when there is none.
    public var requestUser: String
    public var requestHost: String
    public var requestURI: String
    public var callID: String
    /// The offer; nil when the INVITE has no body and wants one from us (late offer, RFC 3261 section 13.2.1).
    public var sdp: String?
    /// Where the INVITE really came from, `192.0.2.1:5060`.
    public var source: String
    public var transport: ListenAddress.Transport
    /// The way by which it came, and by which its sender is reached; nil when that is not known.
    public var flow: SIPFlow?
    public var userAgent: String?
    public var maxForwards: Int
    /// The values of Authorization and Proxy-Authorization headers, at most 8 of at most 4,096 bytes.
    public var authorizations: [String] = []
    /// P-Asserted-Identity, a `sip:` and a `tel:` URI at most (RFC 3325 section 9.1). Who sent it decides what it is worth.
    public var assertedIdentities: [SIPParty] = []
    /// P-Preferred-Identity (RFC 3325 section 9.2).
    public var preferredIdentities: [SIPParty] = []
    /// The values of Privacy in lower case: `id`, `header`, `user` … (RFC 3323 section 4.2).
    public var privacy: Set<String> = []
    /// The values of Diversion headers (RFC 5806), at most 8 of at most 4,096 bytes.
    public var diversion: [String] = []
    /// The values of History-Info headers (RFC 7044), likewise.
    public var historyInfo: [String] = []
    /// The URI in Contact, as the sender says.
    public var contact: String?
    /// The hosts in Contact and in the topmost Via; what the sender says of its own address.
    public var contactHost: String?
    public var viaHost: String?
    /// Whether a proxy has passed it on: it has another Via below the topmost.
    public var isProxied = false
    /// The value of X-Tern-Test-Id: the id that the caller gives its line test.
    public var testID: String?
    /// The dialog whose place the caller wants to take (RFC 3891).
    public var replaces: SIPReplaces?
    /// The value of Referred-By (RFC 3892).
    public var referredBy: String?

    public init(
        from: SIPParty, to: SIPParty, requestUser: String, requestHost: String, requestURI: String, callID: String,
        sdp: String?, source: String, transport: ListenAddress.Transport, flow: SIPFlow? = nil, userAgent: String?,
        maxForwards: Int
    ) {
        self.from = from
        self.to = to
        self.requestUser = requestUser
        self.requestHost = requestHost
        self.requestURI = requestURI
        self.callID = callID
        self.sdp = sdp
        self.source = source
        self.transport = transport
        self.flow = flow
        self.userAgent = userAgent
        self.maxForwards = maxForwards
    }
}

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
