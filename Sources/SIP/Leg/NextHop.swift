internal import SIPNames

/// Where the requests of a leg go, when not where Sofia would send them by itself (RFC 3261 section 12.2.1.1), and the requests that wait because
/// the next hop is a name that is being resolved.
///
/// It is pure: it knows what the messages said, and is told whether a connection stands and what a name resolves to.
struct NextHop: Equatable {
    /// What a message says of the way to its sender.
    struct Headers: Equatable {
        /// The URI of the Contact, without its headers; nil when there is none.
        var contact: String?
        /// Host of the Contact, without brackets; nil when there is none.
        var contactHost: String?
        /// The URIs of Record-Route, the topmost first.
        var recordRoutes: [String] = []
        /// Whether it is a 2xx.
        var isSuccess = false
    }

    /// What is to be done before a request goes out.
    enum Step: Equatable {
        /// It can go out.
        case send
        /// It can go out once Sofia has this outbound proxy; nil takes the proxy away.
        case setProxy(String?)
        /// It waits, and the name is to be resolved: ``resolve(_:to:)`` follows.
        case resolve(SIPServerName)
        /// It waits for a name that is being resolved.
        case wait
    }

    private enum Resolution: Equatable {
        case pending
        /// The URI of the numeric hop, or of where the peer was when the leg began if there is none.
        case resolved(String?)
    }

    /// Where our INVITE was sent, or how the peer's came; nil leaves all to Sofia.
    var first: SIPHop?
    /// Whether the INVITE is ours.
    var isOurs = false
    /// Whether the peer's INVITE came through proxies, which the addresses in it do not tell of.
    var isProxied = false
    /// The route set: the URIs of the proxies between, the nearest first.
    var routes: [String] = []
    /// The host of the remote target, from the peer's last Contact.
    var contactHost: String?
    /// Where the peer, or the proxy before it, was when the leg began: for a name that leads nowhere.
    var origin: String?
    /// Whether names lead anywhere.
    var resolvesNames = false
    /// The remote target: what our INVITE was for, later the peer's last Contact.
    var target = ""

    /// The outbound proxy that Sofia has been given.
    private(set) var proxy: String?
    /// Whether the route set is fixed: it is with the dialog, and later messages do not change it.
    private var hasRouteSet = false
    private var names: [SIPServerName: Resolution] = [:]
    private var waiting: [LegAction] = []

    init(
        first: SIPHop? = nil, isOurs: Bool = false, isProxied: Bool = false, routes: [String] = [], contactHost: String? = nil,
        origin: String? = nil, resolvesNames: Bool = false, target: String = ""
    ) {
        self.first = first
        self.isOurs = isOurs
        self.isProxied = isProxied
        self.routes = routes
        self.contactHost = contactHost
        self.origin = origin
        self.resolvesNames = resolvesNames
        self.target = target
    }

    /// Names that one dialog can bring, one after the other.
    static let mostNames = 8
    /// What the core sends into a dialog by itself could become many: the other requests come one at a time.
    static let mostWaitingInfos = 32

    // MARK: What messages say

    /// Before our INVITE.
    mutating func begin(at hop: SIPHop) {
        first = hop
        proxy = hop.uri
    }

    /// At the peer's INVITE, which passed `vias` hosts, its sender included: ``apply(_:)`` follows.
    mutating func begin(by flow: SIPFlow?, vias: Int) {
        first = flow.map { SIPHop($0) }
        origin = first?.uri
        isProxied = vias > 1
    }

    /// Applies a message that makes or changes the dialog (RFC 3261 sections 12.1 and 12.2).
    mutating func apply(_ headers: Headers) {
        if let host = headers.contactHost { contactHost = host }
        if let contact = headers.contact { target = contact }
        guard !hasRouteSet else { return }
        // A caller's is in the reverse order (section 12.1.2).
        routes = isOurs ? headers.recordRoutes.reversed() : headers.recordRoutes
        hasRouteSet = !isOurs || headers.isSuccess
    }

    // MARK: Where to

    private var firstRoute: String? { routes.first }

    /// What stands in the request line: a nearest proxy that routes strictly gets itself (RFC 3261 section 12.2.1.1).
    var requestURI: String {
        guard let firstRoute else { return target }
        let parameters = firstRoute.split(separator: ";").dropFirst().map { $0.lowercased() }
        return parameters.contains { $0 == "lr" || $0.hasPrefix("lr=") } ? target : firstRoute
    }

    /// The URI to which the next request within the dialog goes instead; nil leaves it to the route set and the remote target.
    func override(isOpen: (SIPFlow) -> Bool) -> String? {
        guard let first else { return nil }
        // A route set is always followed. Where the INVITE had a way of its own, Sofia has to be told.
        if let firstRoute { return isOurs ? firstRoute : nil }
        guard let flow = first.flow else { return followsContact(from: first) ? nil : first.uri }
        if flow.transport == .udp { return isOurs || !followsContact(from: first) ? first.uri : nil }
        // Over its connection, unless the peer names another host that can be reached: then nothing of it is at this end.
        let isElsewhere = !isOurs && followsContact(from: first) && contactHost != first.address
        return !isElsewhere && isOpen(flow) ? first.uri : nil
    }

    /// How another user agent reaches the peer in this one's place.
    enum Way: Equatable {
        /// By the route set, or else the remote target.
        case target
        /// There, whatever these say.
        case hop(SIPHop)
        /// Not at all, or not as safely: by a connection that only we have, or by proxies that nothing has come through.
        case none
    }

    /// Who sits there now, by what was seen and not by what the peer says of itself.
    var wayForOthers: Way {
        if let nearest = routes.first {
            guard let proxy = SIPURI(nearest)?.address, let seen = first.map(\.address) ?? SIPURI(origin ?? "")?.host else { return .none }
            return IPAddress(seen) == proxy ? .target : .none
        }
        guard let first else { return .target }
        let contact = SIPURI(target)
        guard first.flow == nil || first.transport == .udp else {
            // A phone's own connection: it may listen where it has it from.
            guard let address = contact?.address, let peer = IPAddress(first.address), address == peer || !address.isPrivate || peer.isPrivate else { return .none }
            let usual = first.transport == .tls ? 5_061 : 5_060
            return .hop(SIPHop(transport: first.transport, address: "\(address)", port: contact?.port ?? usual, serverName: first.serverName))
        }
        let there = SIPHop(transport: first.transport, address: first.address, port: first.port, serverName: first.serverName)
        if first.flow == nil, let address = contact?.address, address == IPAddress(first.address) { return .hop(there) }
        return override { _ in false } == nil ? .target : .hop(there)
    }

    /// Whether the Contact is an address that can be reached: where the peer is, a public one, or one in the same network.
    private func followsContact(from first: SIPHop) -> Bool {
        guard let contactHost else { return !isOurs }
        guard let contact = SocketAddress(address: contactHost, port: 5_060),
            let peer = SocketAddress(address: first.address, port: 5_060)
        else {
            // RFC 7118 section 5 has clients that cannot know their address make up such a name.
            return (!isOurs || resolvesNames && first.flow == nil) && !contactHost.lowercased().hasSuffix(".invalid")
        }
        return contact == peer || !contact.ip.isPrivate || (isOurs || isProxied) && peer.ip.isPrivate
    }

    /// Whether a request of `bytes` goes by TCP where the target leaves the choice: one that may be too big for a datagram does (RFC 3261
    /// section 18.1.1), but not to a phone that is reached over a UDP flow.
    func prefersTCP(bytes: Int) -> Bool {
        let isUDPFlow = first?.flow?.transport == .udp && proxy != nil && proxy == first?.uri
        return bytes >= SIPStack.largestSafeDatagram && !isUDPFlow
    }

    // MARK: Names

    /// Before each request within the dialog: what is to be done for it to go where it is to go.
    ///
    /// - Parameter isOpen: Whether the connection of a flow stands.
    mutating func prepare(isOpen: (SIPFlow) -> Bool) -> Step {
        let override = override(isOpen: isOpen)
        // Without it Sofia sends to the route set, else to the remote target.
        guard let name = SIPTarget(override ?? firstRoute ?? target)?.name else { return step(override) }
        switch names[name] {
        case .resolved(let uri)?: return step(uri)
        case .pending?: return .wait
        case nil:
            if names.count >= NextHop.mostNames { names = names.filter { $0.value == .pending } }
            names[name] = .pending
            return .resolve(name)
        }
    }

    private mutating func step(_ uri: String?) -> Step {
        guard uri != proxy else { return .send }
        proxy = uri
        return .setProxy(uri)
    }

    /// A name has been resolved to the URI of a hop; without one the requests go to where the peer was when the leg began.
    mutating func resolve(_ name: SIPServerName, to uri: String?) { names[name] = .resolved(uri ?? origin) }

    // MARK: Requests that wait

    var hasWaiting: Bool { !waiting.isEmpty }

    /// Adds a request to those that wait; an INFO beyond ``mostWaitingInfos`` is dropped.
    mutating func enqueue(_ request: LegAction) {
        if case .sendInfo = request, waiting.count >= NextHop.mostWaitingInfos { return }
        waiting.append(request)
    }

    /// The request that has waited longest.
    mutating func dequeue() -> LegAction? { waiting.isEmpty ? nil : waiting.removeFirst() }

    /// Before the handle goes: what waits is dropped.
    ///
    /// - Returns: The outbound proxy that Sofia is to be given, so that what it sends by itself does not go to a name; nil where nothing waited.
    mutating func close() -> Step? {
        guard hasWaiting else { return nil }
        waiting = []
        proxy = origin
        return .setProxy(origin)
    }

    /// The same for another leg that takes over the handle: names that are being resolved are this leg's.
    var forAnotherLeg: NextHop {
        var copy = self
        copy.names = [:]
        copy.waiting = []
        return copy
    }
}
