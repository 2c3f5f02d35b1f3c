public import Configuration
internal import SIPNames

/// Where a call comes from: what has been proven of its caller, and what the caller's side says of itself.
public struct CallOrigin: Sendable, Equatable {
    public var source: CallSource
    /// Who calls, as it is shown and sent on: a user's name, a number, or `user@host` of a stranger who bears a user's name.
    public var user: String
    public var displayName: String?
    /// Whether the caller wants its identity withheld (RFC 3323, RFC 3325 section 9.3).
    public var isPrivate = false
    /// Diversion (RFC 5806) and History-Info (RFC 7044) headers, as they came, for those to whom they are passed on.
    public var history: [Header] = []

    public struct Header: Sendable, Equatable {
        public let name: String
        public let value: String
        /// Whether a user's phone says so, which nobody has checked.
        public let isClaimed: Bool

        public init(name: String, value: String, isClaimed: Bool = false) {
            self.name = name
            self.value = value
            self.isClaimed = isClaimed
        }
    }

    public init(
        source: CallSource, user: String, displayName: String? = nil, isPrivate: Bool = false, history: [Header] = []
    ) {
        self.source = source
        self.user = user
        self.displayName = displayName
        self.isPrivate = isPrivate
        self.history = history
    }

    /// The user who it has proven to be; nil for others.
    public var provenUser: String? { if case .user(let name) = source { name } else { nil } }

    /// What a called party that is outside of the trust domain sees of a caller who wants to be unknown (RFC 3323 section 4.1).
    public static let anonymousUser = "anonymous"

    /// Who calls, as a party outside of the trust domain may see it: browsers and phones.
    public var party: CallParty {
        isPrivate ? CallParty(id: CallOrigin.anonymousUser, name: nil) : CallParty(id: user, name: displayName)
    }
}

/// Who calls, as both sides may show it.
public struct CallParty: Sendable, Equatable {
    /// A user name, or the user part of a SIP URI; empty when there is none.
    public var id: String
    public var name: String?

    public init(id: String, name: String? = nil) {
        self.id = id
        self.name = name
    }
}

/// The headers that say who calls, in a call that goes out.
public struct OutgoingIdentity: Sendable, Equatable {
    public var fromUser: String
    /// Nil is the gateway's own domain.
    public var fromHost: String?
    public var displayName: String?
    public var headers: [CallOrigin.Header] = []

    /// To a phone, or a URI of a route: nobody there is trusted with what the caller withholds.
    ///
    /// - Parameter keepsHistory: Whether it is one of our own phones, which may know who diverted the call.
    public init(of origin: CallOrigin, keepsHistory: Bool) {
        let party = origin.party
        fromUser = party.id
        fromHost = origin.isPrivate ? OutgoingIdentity.anonymousHost : nil
        displayName = origin.isPrivate ? OutgoingIdentity.anonymousName : party.name
        if keepsHistory, !origin.isPrivate { headers = origin.history }
    }

    /// To a trunk, by its rules. One that is trusted is told who calls even if nobody else may know (RFC 3325 section 5).
    public init(of origin: CallOrigin, to trunk: Trunk, domain: String) {
        let number = trunk.numbers.outboundCaller.normalise(origin.user)
        let known = trunk.callerID.apply(CallerIdentity(user: number, displayName: origin.displayName))
        let host = known.host ?? trunk.fromDomain
        fromUser = origin.isPrivate ? CallOrigin.anonymousUser : known.user
        fromHost = origin.isPrivate ? OutgoingIdentity.anonymousHost : host
        displayName = origin.isPrivate ? OutgoingIdentity.anonymousName : known.displayName
        if trunk.isTrusted {
            headers.append(.init(
                name: "P-Asserted-Identity", value: NameAddress(user: known.user, host: host ?? domain, displayName: known.displayName).text))
        }
        // Also where it is not trusted: it knows us by our address or account, and could tell the called party that number.
        if origin.isPrivate { headers.append(.init(name: "Privacy", value: "id")) }
        if trunk.isTrusted || !origin.isPrivate { headers += origin.history.filter { trunk.takesUserDiversion || !$0.isClaimed } }
    }

    /// To another node of the cluster, which is trusted as this one is, and has the same rules for whom it rings.
    public init(toNode origin: CallOrigin, domain: String) {
        fromUser = origin.party.id
        fromHost = origin.isPrivate ? OutgoingIdentity.anonymousHost : nil
        displayName = origin.isPrivate ? OutgoingIdentity.anonymousName : origin.displayName
        headers.append(.init(
            name: "P-Asserted-Identity", value: NameAddress(user: origin.user, host: domain, displayName: origin.displayName).text))
        if origin.isPrivate { headers.append(.init(name: "Privacy", value: "id")) }
        headers += origin.history
    }

    /// RFC 3323 section 4.1.1.3.
    private static let anonymousHost = "anonymous.invalid"
    private static let anonymousName = "Anonymous"
}

/// A number as people, phones and carriers write it, and as the routes are asked about it: in one way only. Else what a route
/// forbids as `00870123` would pass as `00-870-123`, and mean the same to the carrier.
public enum DialledNumber {
    /// `text` without the parameters of a number (RFC 3966 section 3; in a SIP URI RFC 3261 section 19.1.6), which could tell a carrier
    /// to route by another number, and, where it is a number, without visual separators (RFC 3966 section 5.1.1) and blanks.
    ///
    /// - Parameter isName: Whether a text is a name and stays as it is, though it may look like a number.
    public static func plain(_ text: String, isName: (String) -> Bool = { _ in false }) -> String {
        guard !isName(text) else { return text }
        let number = text.prefix { $0 != ";" }
        guard isNumber(number), !isName(String(number)) else { return String(number) }
        return String(decoding: number.utf8.filter { !separators.contains($0) }, as: UTF8.self)
    }

    private static let separators = Array("-.() ".utf8)

    /// Digits, `*`, `#` and separators, behind a `+` or none; and at least one digit.
    private static func isNumber(_ text: Substring) -> Bool {
        let bytes = text.utf8.drop { separators.contains($0) }
        let digits = bytes.first == UInt8(ascii: "+") ? bytes.dropFirst() : bytes
        return digits.contains(where: isDigit)
            && digits.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "#") || separators.contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
