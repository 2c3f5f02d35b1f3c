internal import BrowserAPI
internal import Cluster
internal import Configuration
internal import EventLoop
internal import ProxyCore
internal import Routing
internal import SIP
internal import SIPNames

/// Says yes or no to a new call: whether the gateway takes calls, who calls, where the call goes, whether there is room.
@LoopActor
final class Admission {
    /// A no.
    struct Refusal: Error, Equatable {
        let response: SIPResponse
        /// Why, in words, for the log and for clients.
        let reason: String
        /// For the log alone: the same with the names of routes and users, which are nobody else's business.
        var details = Details()

        /// What is known of a refusal besides.
        struct Details: Equatable {
            var words: String?
            /// The place of the route that refuses the call, or would have taken it.
            var route: String?
            /// Where that route leads.
            var routedTo: String?
            /// How the call would have ended, had it begun.
            var end: CallEnd?
        }

        init(_ response: SIPResponse, _ reason: String) {
            self.response = response
            self.reason = reason
        }

        init(_ status: Int, _ reason: String, phrase: String? = nil, retryAfter: Int? = nil) {
            self.init(SIPResponse(status: status, phrase: phrase, retryAfter: retryAfter), reason)
        }

        var status: Int { response.status }

        static let draining = Refusal(503, "the gateway takes no new calls", retryAfter: 10)
        static let overload = Refusal(503, "no room for another call", retryAfter: 5)
    }

    /// Who sends an INVITE.
    struct Caller {
        let origin: CallOrigin
        /// What asks a caller who has proven nothing for credentials.
        let challenge: RequestAuthenticator.Challenge?
        /// What it is for, where it is a test call.
        var testCall: TestCallOrders.Order?
        /// What the node of the cluster says that hands it on.
        var handedOn: NodeCall?
    }

    /// A yes to an INVITE.
    struct Admitted {
        let dialled: String
        let routed: Routed
        /// The place that the call takes on the trunk that it comes by.
        let place: TrunkPlace?
    }

    /// Where a call goes.
    struct Routed: Equatable {
        /// In the order in which they are tried.
        let destinations: [RouteDestination]
        /// Where the route was written; nil for what is dialled past the routes.
        var route: String?
        /// Whether the route has its calls recorded.
        var isRecorded = false

        var summary: String { destinations.map(\.summary).joined(separator: ", then ") }
    }

    var settings: CallSettings
    var routing: RoutingTable
    let users: UserDirectory
    private let authenticator: RequestAuthenticator
    private let trunks: TrunkService
    /// How much is going on.
    weak var load: (any CallLoad)?
    /// Where calls must not be sent, and must not come from.
    var ownAddresses: OwnAddresses
    /// Set while no new calls are taken.
    var isDraining = false
    /// The test calls that are expected.
    let testCalls = TestCallOrders()

    init(settings: CallSettings, routing: RoutingTable, users: UserDirectory, authenticator: RequestAuthenticator, trunks: TrunkService) {
        self.settings = settings
        self.routing = routing
        self.users = users
        self.authenticator = authenticator
        self.trunks = trunks
        ownAddresses = OwnAddresses(listening: [], domain: settings.domain)
    }

    // MARK: INVITE

    /// Looks at a new call before there is any state of it: whether it is a stranger's, and one too many. Then it is challenged, so that users find
    /// room where strangers do not.
    ///
    /// - Parameter wasChallenged: Whether it was challenged before, and comes again: what has been refused is not to be taken then.
    func screen(_ call: SIPNewCall, wasChallenged: Bool) -> SIPNewCall.Screening {
        guard !authenticator.hasCredentials(call.authorizations, from: call.address) else { return SIPNewCall.Screening(isKnown: true, hasCredentials: true) }
        guard !authenticator.isTrunk(call), users.others?.caller(call.authorizations, user: call.requestUser, takes: false) == nil
        else { return SIPNewCall.Screening(isKnown: true) }
        let isExcepted = call.replacesLeg || testCalls.isExpected(call.requestUser)
        guard wasChallenged || !(isExcepted || strangersHaveRoom(for: call)) else { return SIPNewCall.Screening(isKnown: isExcepted) }
        // Where no account has a password there is nothing to ask for.
        return SIPNewCall.Screening(isKnown: false, challenge: authenticator.challenge(for: call.address) ?? SIPResponse(status: 503, retryAfter: 10))
    }

    private func strangersHaveRoom(for call: SIPNewCall) -> Bool {
        guard let load else { return true }
        guard load.sessionCount < max(1, settings.maximumCalls / 2) else { return false }
        return load.strangersHaveRoom(for: call.address, isProven: call.isProven)
    }

    /// Finds out who sends an INVITE. `then` is called once: at once, or later where the source has guessed passwords before.
    ///
    /// - Parameter onDelay: Called where it is later.
    func identify(_ invite: SIPIncomingInvite, onDelay: (@LoopActor () -> Void)? = nil, then: @escaping @LoopActor (Result<Caller, Refusal>) -> Void) {
        // What becomes of the INVITE, the address of its test call is used up.
        let order = testCalls.take(invite.requestUser, from: invite.source)
        // One that takes the place of a leg is no new call: who drains a gateway lets calls end in their own way.
        guard !isDraining || invite.replaces != nil else { return then(.failure(.draining)) }
        guard !ownAddresses.contain(source: invite.source, invite.transport) else {
            return then(.failure(Refusal(482, "the INVITE comes from this gateway")))
        }
        if let order { return then(.success(caller(for: order))) }
        if let handedOn = users.others?.caller(invite.authorizations, user: invite.requestUser, takes: true) {
            let origin = CallOrigin(invite, fromNode: CallSource(nodeText: handedOn.source))
            return then(.success(Caller(origin: origin, challenge: nil, handedOn: handedOn)))
        }
        let request = RequestAuthenticator.Request(
            method: "INVITE", uri: invite.requestURI, dialled: invite.requestUser, domain: invite.requestHost,
            address: invite.flow?.peerAddress ?? invite.source, authorizations: invite.authorizations, port: invite.flow?.peerPort,
            userAgent: invite.userAgent, onDelay: onDelay)
        authenticator.identify(request) { [self] verdict in then(caller(of: invite, verdict)) }
    }

    private func caller(of invite: SIPIncomingInvite, _ verdict: RequestAuthenticator.Verdict) -> Result<Caller, Refusal> {
        switch verdict {
        case .refused(let response):
            return .failure(Refusal(response, "the credentials are wrong"))
        case .known(let source):
            return .success(Caller(origin: origin(of: invite, source), challenge: nil))
        case .unproven(let challenge):
            // A caller who claims to be one of our users has to prove it, before its call is shown as that user's to anybody. Whether there is such a user
            // is told to nobody who does not.
            guard !claimsUser(invite) || !authenticator.hasAccounts else { return .failure(Refusal(challenge(), "the caller has not proven to be the user in its From")) }
            return .success(Caller(origin: origin(of: invite, .anonymous), challenge: challenge))
        }
    }

    private func caller(for order: TestCallOrders.Order) -> Caller {
        let origin = CallOrigin(source: order.user.map { .user($0) } ?? .anonymous, user: order.user ?? order.probe, displayName: "Test of \(order.probe)")
        return Caller(origin: origin, challenge: nil, testCall: order)
    }

    /// Whether an INVITE is by its From of a user of this gateway, one that there is or not. A sender that writes the address and a port that it sends from claims
    /// nothing, also on this machine, whose addresses are the gateway's as well.
    private func claimsUser(_ invite: SIPIncomingInvite) -> Bool {
        guard ownAddresses.contain(host: invite.from.host) else { return false }
        guard let port = SIPURI(invite.from.uri)?.port, let host = IPAddress(host: invite.from.host) else { return true }
        return host.unmapped != SocketAddress(invite.source)?.ip.unmapped || ownAddresses.listens(at: port)
    }

    private func origin(of invite: SIPIncomingInvite, _ source: CallSource) -> CallOrigin {
        CallOrigin(
            invite, source: source, trunk: settings.trunk(of: source), isUser: users.isUser, displayName: users.displayName(of:))
    }

    /// Where an INVITE goes, if there is room for its call.
    func admit(_ invite: SIPIncomingInvite, from caller: Caller) throws(Refusal) -> Admitted {
        let source = caller.origin.source, trunk = settings.trunk(of: source)
        if let order = caller.testCall { return try admit(order, from: source) }
        if caller.handedOn != nil { return try admit(handedOn: invite, from: source) }
        let written = trunk?.inbound.dialledFrom == .to ? invite.to.user : invite.requestUser
        let plain = DialledNumber.plain(written, isName: users.isUser)
        let dialled = trunk?.numbers.inboundDialled.normalise(plain) ?? plain
        // A tel: URI has no host.
        let domain = invite.requestHost.isEmpty ? settings.domain : invite.requestHost
        let request = RoutingRequest(source: source, dialled: dialled, domain: domain)
        return try admitted(dialled, try route(request, challenge: caller.challenge), from: source)
    }

    /// A call that another node hands on: it has found out who calls and who is called, and counts the call for its trunk. A stranger is one
    /// here as well.
    private func admit(handedOn invite: SIPIncomingInvite, from source: CallSource) throws(Refusal) -> Admitted {
        let user = invite.requestUser
        guard users.isUser(user) else { throw Refusal(404, "another node hands on a call to \(user.prefix(64)), who is no user here") }
        try checkRoom(for: source)
        return Admitted(dialled: user, routed: Routed(destinations: [.user(user)]), place: nil)
    }

    private func admit(_ order: TestCallOrders.Order, from source: CallSource) throws(Refusal) -> Admitted {
        guard let name = order.trunk else {
            let request = RoutingRequest(source: source, dialled: order.dialled, domain: settings.domain)
            return try admitted(order.dialled, try route(request, challenge: nil), from: source)
        }
        guard let trunk = settings.trunks.first(where: { $0.name == name }) else { throw Refusal(404, "there is no trunk \(name)") }
        return try admitted(order.dialled, Routed(destinations: [.trunk(trunk, dialled: order.dialled)]), from: source)
    }

    /// Takes room for a call whose way is known.
    private func admitted(_ dialled: String, _ routed: Routed, from source: CallSource) throws(Refusal) -> Admitted {
        do throws(Refusal) {
            return Admitted(dialled: dialled, routed: routed, place: try place(for: source))
        } catch {
            var refusal = error
            refusal.details = Refusal.Details(route: routed.route, routedTo: routed.summary)
            throw refusal
        }
    }

    // MARK: Room

    /// Takes room for a call, on its trunk too.
    func place(for source: CallSource) throws(Refusal) -> TrunkPlace? {
        try checkRoom(for: source)
        guard let trunk = settings.trunk(of: source) else { return nil }
        guard let place = trunks.place(on: trunk) else {
            throw Refusal(503, "all lines of trunk \(trunk.name) are taken", phrase: "Trunk Busy", retryAfter: 5)
        }
        return place
    }

    /// Whether there is room for one more call. Strangers have half of what there is: a caller with a proven identity is not to find all
    /// taken by callers who need prove nothing.
    func checkRoom(for source: CallSource) throws(Refusal) {
        guard let load, load.isMediaReady else { throw Refusal(503, "there is no media server", retryAfter: 5) }
        guard load.sessionCount < settings.maximumCalls else { throw .overload }
        guard source != .anonymous || load.anonymousCallCount < max(1, settings.maximumCalls / 2) else { throw .overload }
    }

    /// Whether a client's user may have one more session.
    func checkRoom(forClientOf user: String) throws(APIError) {
        guard let load, load.isMediaReady else { throw APIError(.mediaUnavailable) }
        guard load.sessionCount < settings.maximumCalls else { throw APIError(.tooManySessions) }
        guard load.sessionCount(of: user) < settings.sessionsPerUser else {
            throw APIError(.tooManySessions, "this user has too many sessions already")
        }
    }
}

/// How much is going on.
@LoopActor
protocol CallLoad: AnyObject {
    /// Whether a session can be started now.
    var isMediaReady: Bool { get }
    var sessionCount: Int { get }
    /// The sessions of a user's calls and clients.
    func sessionCount(of user: String) -> Int
    /// The calls of callers who have proven nothing.
    var anonymousCallCount: Int { get }
    /// Whether one more of them may come from that address.
    func strangersHaveRoom(for address: String, isProven: Bool) -> Bool
}
