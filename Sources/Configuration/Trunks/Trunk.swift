public import Authentication
public import SDP
public import SIPNames

/// One entry of `trunks`: a carrier or a PBX, which sends and takes calls.
public struct Trunk: Sendable, Equatable {
    /// Key `name`: as routes name it; 1 to 64 of letters, digits and `. _ + - ~`.
    public var name: String
    /// Key `targets`: where calls and registrations go, in order of preference; 1 to 8.
    public var targets: [TrunkTarget]
    /// Keys `username`, `password`, `ha1`, `realm`: what we answer its challenges with. Default: none.
    public var credentials: TrunkCredentials?
    /// Keys `register`, `expires`, `contact`. Default: none, which does not register.
    public var registration: TrunkRegistration?
    /// Keys `keepalive`, `keepalive_failures`.
    public var keepalive = TrunkKeepalive()
    /// Keys `from_addresses`, `inbound`, `domains`: which calls are its own.
    public var inbound = TrunkInbound()
    /// Key `caller_id`: what stands as caller in calls to it. Default: pass.
    public var callerID = CallerIDRule.pass
    /// Key `from_domain`: the host in the From of calls to it. Default: nil, which is `sip.domain`.
    public var fromDomain: String?
    /// Key `trusted`: P-Asserted-Identity is sent to it and believed from it (RFC 3325). Default: false.
    public var isTrusted = false
    /// Key `user_diversion`: Diversion and History-Info of a call go to it also where a user's phone has sent them. Default: false; those of other trunks,
    /// and those that Tern adds for a redirection, always go.
    public var takesUserDiversion = false
    /// Key `maximum_calls`: calls at once in both directions, 1 to 100,000. Default: nil, no limit.
    public var maximumCalls: Int?
    /// Key `srtp`. Default: nil, which is `sip.srtp`.
    public var srtp: SRTPPolicy?
    /// Key `failover_on`: responses after which the next target is tried. Default: 408 and all of 5xx.
    public var failoverOn: [StatusRange] = [StatusRange(408...408), StatusRange(500...599)]
    /// Key `timeout`: how long a target may take to say anything, 1 s to 32 s. Default: 8 s.
    public var timeout = Duration.seconds(8)
    /// Key `numbers`: from its notation to ours and back.
    public var numbers = TrunkNumbers()

    public init(name: String, targets: [TrunkTarget]) {
        self.name = name
        self.targets = targets
    }

    /// Whether both are reached and registered with in the same way, so that nothing of that begins anew when one takes the place of the other.
    public func hasSameLine(as other: Trunk) -> Bool {
        targets == other.targets && credentials == other.credentials && registration == other.registration && keepalive == other.keepalive
            && fromDomain == other.fromDomain
    }

    /// Request-URIs of a call, by the trunk's targets and in its notation.
    ///
    /// - Parameter dialled: As the routes gave it.
    public func requestURIs(dialled: String) -> [String] {
        let number = numbers.outboundDialled.normalise(dialled)
        return targets.map { $0.uri(user: number) }
    }

    /// Whether the next target is tried when one ended a call with `status`.
    public func failsOver(on status: Int) -> Bool {
        failoverOn.contains { $0.contains(status) }
    }
}

/// What a challenge is answered with, or an answer checked.
public struct TrunkCredentials: Sendable, Equatable {
    /// Key `username`: 1 to 128 characters.
    public var username: String
    /// Key `password`, 1 to 256 characters, or key `ha1`, hashes of one.
    public var credential: Credential
    /// Key `realm`: only challenges of this realm are answered; nil answers any.
    public var realm: String?

    public init(username: String, _ credential: Credential, realm: String? = nil) {
        self.username = username
        self.credential = credential
        self.realm = realm
    }
}

/// How we register with a trunk.
public struct TrunkRegistration: Sendable, Equatable {
    /// Key `expires`: the interval that is asked for, 60 s to 24 h. Default: 1 h.
    public var expires = Duration.seconds(3_600)
    /// Key `contact`: the user part of our Contact, which calls come in for. Default: the trunk's `username`, else its name.
    public var contact: String

    public init(contact: String) {
        self.contact = contact
    }
}

/// How it is found out whether a trunk's targets are alive: by OPTIONS.
public struct TrunkKeepalive: Sendable, Equatable {
    /// Key `keepalive`: 5 s to 1 h; `0` sends none (nil). Default: 30 s.
    public var interval: Duration? = .seconds(30)
    /// Key `keepalive_failures`: so many in a row and a target counts as down, 1 to 10. Default: 2.
    public var failures = 2

    public init() {}
}

/// Which calls a trunk sends.
public struct TrunkInbound: Sendable, Equatable {
    /// Key `from_addresses`: source addresses, at most 64. Default: none.
    public var addresses: [AddressRange] = []
    /// Key `inbound`: what it answers our challenges with, where its address alone does not tell. Default: none.
    public var credentials: TrunkCredentials?
    /// Key `domains`: hosts of the Request-URI under which its calls come in; empty takes all.
    public var domains: [RouteDomain] = []
    /// Key `dialled_from`: where the dialled number stands. Default: the Request-URI.
    public var dialledFrom = DialledFrom.request

    public init() {}
}

/// Key `dialled_from`.
public enum DialledFrom: String, Sendable, CaseIterable {
    /// `request`: in the Request-URI.
    case request
    /// `to`: in the To header, as with carriers that put the registered contact into the Request-URI of each call.
    case to
}

/// Key `numbers`: rules for each direction and each of the two numbers of a call.
public struct TrunkNumbers: Sendable, Equatable {
    /// Key `inbound_dialled`: before the routes are asked.
    public var inboundDialled = NumberRules()
    /// Key `inbound_caller`.
    public var inboundCaller = NumberRules()
    /// Key `outbound_dialled`: after the routes were asked.
    public var outboundDialled = NumberRules()
    /// Key `outbound_caller`: before `caller_id`.
    public var outboundCaller = NumberRules()

    public init() {}
}

/// One entry of `failover_on`: `408`, or `5xx` for a class.
public struct StatusRange: Sendable, Hashable, CustomStringConvertible {
    private let bounds: ClosedRange<Int>

    init(_ bounds: ClosedRange<Int>) {
        self.bounds = bounds
    }

    public func contains(_ status: Int) -> Bool { bounds.contains(status) }

    public var description: String {
        bounds.count == 1 ? "\(bounds.lowerBound)" : "\(bounds.lowerBound / 100)xx"
    }
}

/// One entry of a trunk's `targets`: `sip:HOST[:PORT][;transport=udp|tcp|tls]` or `sips:HOST[:PORT]`.
public struct TrunkTarget: Sendable, Hashable {
    /// Whether the URI is a `sips:` one: TLS, and on every hop.
    public var isSecure: Bool
    /// A host name or address, IPv6 in brackets.
    public var host: String
    /// Nil leaves it to the transport, or to SRV records (RFC 3263 section 4.2).
    public var port: Int?
    /// `udp`, `tcp` or `tls`; nil leaves it to NAPTR and SRV records (RFC 3263 section 4.1).
    public var transport: String?

    public init(host: String, port: Int? = nil, transport: String? = nil, isSecure: Bool = false) {
        self.host = host
        self.port = port
        self.transport = transport
        self.isSecure = isSecure
    }

    /// A Request-URI at this target, for `user`, which is escaped here; empty for none, as in OPTIONS and REGISTER.
    public func uri(user: String) -> String {
        let user = user.isEmpty ? "" : SIPURI.escaped(user: user) + "@"
        let port = port.map { ":\($0)" } ?? ""
        return (isSecure ? "sips:" : "sip:") + user + host + port + (transport.map { ";transport=\($0)" } ?? "")
    }
}

extension TrunkTarget: CustomStringConvertible {
    public var description: String { uri(user: "") }
}
