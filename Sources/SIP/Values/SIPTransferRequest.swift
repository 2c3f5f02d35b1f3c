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

/// Which dialog is to be replaced: the content of a Replaces header (RFC 3891 section 3), as its recipient reads it.
public struct SIPReplaces: Hashable, Sendable {
    public var callID: String
    /// The recipient's own tag in that dialog.
    public var toTag: String
    /// The other side's.
    public var fromTag: String
    /// Whether only a dialog is meant that has not been answered.
    public var isEarlyOnly: Bool

    public init(callID: String, toTag: String, fromTag: String, isEarlyOnly: Bool = false) {
        self.callID = callID
        self.toTag = toTag
        self.fromTag = fromTag
        self.isEarlyOnly = isEarlyOnly
    }

    /// Nil where a part is missing, empty, twice there, or longer than 256 bytes.
    init?(_ text: String) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
        var (tags, isEarlyOnly) = ([String: String](), false)
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            let name = pair.first?.lowercased() ?? ""
            if name == "early-only" { isEarlyOnly = true }
            guard ["to-tag", "from-tag"].contains(name) else { continue }
            guard pair.count == 2, tags.updateValue(pair[1], forKey: name) == nil else { return nil }
        }
        guard let callID = parts.first, let toTag = tags["to-tag"], let fromTag = tags["from-tag"],
            [callID, toTag, fromTag].allSatisfy({ (1...256).contains($0.utf8.count) })
        else { return nil }
        self.init(callID: callID, toTag: toTag, fromTag: fromTag, isEarlyOnly: isEarlyOnly)
    }

    /// As the value of a Replaces header.
    public var text: String {
        "\(callID);to-tag=\(toTag);from-tag=\(fromTag)" + (isEarlyOnly ? ";early-only" : "")
    }
}

/// An established dialog as another user agent can take the place of ours in it, by an INVITE with Replaces (RFC 3891).
public struct SIPDialog: Hashable, Sendable {
    /// What the INVITE's Replaces has.
    public var replaces: SIPReplaces
    /// The remote target (RFC 3261 section 12.1): the INVITE's Request-URI.
    public var target: String
    /// The route set, the nearest proxy first.
    public var routes: [String]
    /// Where requests in it go, whatever ``target`` says; nil where that, or the route set, leads there.
    public var hop: SIPHop?
    /// Whether the peer lists `replaces` in its Supported header.
    public var supportsReplaces: Bool

    public init(replaces: SIPReplaces, target: String, routes: [String] = [], hop: SIPHop? = nil, supportsReplaces: Bool) {
        self.replaces = replaces
        self.target = target
        self.routes = routes
        self.hop = hop
        self.supportsReplaces = supportsReplaces
    }
}
