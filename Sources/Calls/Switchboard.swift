public import BrowserAPI
public import EventLoop
internal import JSON
public import Logging
internal import Media
internal import ProxyCore
public import Registrar
public import Routing
public import SIP
public import SIPNames

/// The calls that live: makes them from what phones and browsers ask for, and brings each leg's events to its call.
@LoopActor
public final class Switchboard {
    /// Which leg of which call a SIP leg is; nil for the caller's.
    struct SIPBinding {
        let call: CallController
        let callee: Call.Leg?
    }

    /// The calls of SIP legs. What a call leaves behind is found without a look at all others.
    struct SIPBindings {
        private var bindings: [SIPLegID: SIPBinding] = [:]
        private var legs: [ObjectIdentifier: Set<SIPLegID>] = [:]

        /// Legs, and calls that have some: nothing is left when it is zero.
        var count: Int { bindings.count + legs.count }

        subscript(leg: SIPLegID) -> SIPBinding? {
            get { bindings[leg] }
            set {
                if let former = bindings[leg] {
                    let call = ObjectIdentifier(former.call)
                    legs[call]?.remove(leg)
                    if legs[call]?.isEmpty == true { legs[call] = nil }
                }
                bindings[leg] = newValue
                if let newValue { legs[ObjectIdentifier(newValue.call), default: []].insert(leg) }
            }
        }

        mutating func removeAll(of call: CallController) {
            for leg in legs.removeValue(forKey: ObjectIdentifier(call)) ?? [] { bindings[leg] = nil }
        }
    }

    private(set) var settings: CallSettings
    /// Says which calls there may be.
    let admission: Admission
    /// Says who rings.
    let planner: CallPlanner
    private let users: UserDirectory
    let sessions: SessionRegistry
    let trunks: TrunkService
    let log: Logger
    /// Both are set once, before the first event can come.
    public weak var api: BrowserAPI? {
        didSet {
            users.browsers = api
            api?.onBan = { [weak self] in self?.banned(AccessBan($0, .api)) }
            api?.isRegistered = { [weak self] in self?.authenticator.isRegistered($0, $1) ?? false }
        }
    }
    public var endpoint: (any SIPUserAgent)? {
        didSet {
            planner.agent = endpoint
            admission.ownAddresses = OwnAddresses(listening: endpoint?.listening ?? [], domain: settings.domain, publicAddress: settings.nat?.publicAddress)
        }
    }
    /// Says who sends a request.
    public let authenticator: RequestAuthenticator
    /// The other nodes of the cluster; nil where there is none. Not retained.
    public weak var others: (any OtherNodes)? { didSet { users.others = others } }
    /// The phones of users; nil until the gateway has started.
    public var registrar: RegistrarService? { didSet { users.phones = registrar } }
    var calls: [String: CallController] = [:]
    /// The parties of the calls, and what each client may do with which.
    let table: CallTable
    var sipLegs = SIPBindings()
    /// The calls of callers who have proven nothing.
    var strangers: StrangerCalls
    /// Bounds the lines of refused calls.
    var refusedLines = LineBudget(perSecond: 50)
    /// The transfers that are not over.
    var transfers: [ObjectIdentifier: TransferRunner] = [:]
    /// Phones that are on their way from one call to another: they hear of their legs first.
    var movingPhones: [SIPLegID: TransferredPhone] = [:]
    /// The nodes that are being asked whether they are there, by their address.
    var formers: [ListenAddress: Task<Former, Never>] = [:]
    /// The line tests: calls to the echo.
    public let lineTests: LineTests
    /// How the calls sound, while an operator looks at them.
    let qualities = QualityWatch()
    /// Hears when ``isDraining`` is set.
    public var onDraining: (@LoopActor (Bool) -> Void)?
    /// Set while no new calls are taken: the gateway stops, or an operator wants it so. Browsers are told.
    public var isDraining: Bool {
        get { admission.isDraining }
        set {
            admission.isDraining = newValue
            api?.isDraining = newValue
            onDraining?(newValue)
        }
    }

    /// Takes other settings and routes, for calls from now on; those that live stay as they are.
    public func apply(_ settings: CallSettings, _ routing: RoutingTable) {
        self.settings = settings
        users.apply(settings)
        planner.settings = settings
        admission.settings = settings
        admission.routing = routing
        authenticator.apply(settings)
        strangers.limits = settings.strangers
        strangers.exempt = settings.exempt
    }

    /// Set when the gateway stops: calls end, and none goes on elsewhere.
    private(set) var isStopping = false

    public init(
        settings: CallSettings, routing: RoutingTable, table: CallTable, sessions: SessionRegistry, trunks: TrunkService, log: Logger
    ) {
        self.settings = settings
        strangers = StrangerCalls(settings.strangers, exempt: settings.exempt)
        self.table = table
        self.trunks = trunks
        self.sessions = sessions
        self.log = log
        lineTests = LineTests(capacity: settings.lineTests, log: log)
        authenticator = RequestAuthenticator(settings: settings, log: log) { trunks.trunk(registeredAt: $0, dialled: $1) }
        users = UserDirectory(settings)
        planner = CallPlanner(settings: settings, users: users, trunks: trunks)
        admission = Admission(settings: settings, routing: routing, users: users, authenticator: authenticator, trunks: trunks)
        admission.load = self
        watchBans()
    }

    /// Whether `name` is that of a user of the configuration, or of a guest.
    func isUser(_ name: String) -> Bool { users.isUser(name) }

    var limits: CallLimits { CallLimits(ringing: settings.ringTimeout, duration: settings.maximumDuration) }

    /// Where calls must not be sent, and must not come from.
    public var ownAddresses: OwnAddresses { admission.ownAddresses }

    /// A call that `client` has this right in, and its role there.
    ///
    /// - Throws: What ``CallTable/require(_:of:in:field:)`` throws.
    func call(
        _ id: String, for client: BrowserClient, _ right: CallTable.Right, field: String = "call_id"
    ) throws(APIError) -> (CallController, CallTable.Role) {
        let role = try table.require(right, of: client.place, in: id, field: field)
        guard let call = table.call(id, for: client.place).flatMap({ calls[$0] }) else { throw .unknownCall(field: field) }
        return (call, role)
    }

    /// Registers a call, ties its legs to it, and begins it.
    ///
    /// - Parameter offer: The caller's; nil where the called party is to offer.
    func begin(_ call: CallController, offer: RemoteDescription?) {
        let caller = call.caller as? any BrowserLeg
        calls[call.id] = call
        if call.origin.source == .anonymous { strangers.insert(call.id, from: nil) }
        call.lineTests = lineTests
        table.insert(call.id, caller: CallTable.Party(client: caller?.client.id, user: call.origin.provenUser))
        for (number, leg) in call.callees { tie(leg, number, to: call) }
        caller?.offers.onOutcome = { [weak call] in call?.handle(.party(.caller, $0)) }
        if let leg = call.caller as? TransferredBrowser { table.name(call.id, leg.call, for: leg.client.place, at: .caller) }
        let session = call.session.id
        sessions.assign(session, to: call.id)
        call.onParties = { [weak self, weak call] in if let call { self?.updateParties(of: call) } }
        call.onSessionChanged = { [weak self] in self?.sessions.select($0) }
        call.onSessionEvent = { [weak self] event in self?.sessions.publish(event, of: session) }
        call.onHeld = { [weak self, weak call] side, isOn in
            guard let self, let call else { return }
            publish(.call(call.id, isOn ? "hold" : "resume", ["by": .string(side.rawValue)]), of: call)
        }
        call.onDigit = { [weak self, weak call] side, digit, duration in
            if let self, let call { receive(digit, for: duration, from: side, in: call) }
        }
        call.onToneDigit = { [weak self, weak call] digit, _ in
            // Tones of a phone that sends events as well are the same digit once more.
            guard let self, let call, !call.session.takesTelephoneEvents(.caller) else { return }
            lineTests.press(digit, in: call)
        }
        call.onAnswered = { [weak self, weak call] in if let self, let call { recordIfConfigured(call) } }
        call.onSessionEnded = { [weak self] end in self?.sessions.end(session, end) }
        let id = call.id
        call.onEnded = { [weak self] end in self?.ended(id, end) }
        call.tellStart()
        call.handle(.start(offer: offer))
    }

    /// Sends an event of an established call to the clients at its ends, and to those who are subscribed to it.
    func publish(_ event: BrowserEvent, of call: CallController) {
        guard calls[call.id] != nil else { return }
        var told: Set<String> = []
        for case let leg as BrowserCalleeLeg in call.callees.values where leg.hasCall {
            leg.client.send(event)
            told.insert(leg.client.id)
        }
        var users = table.users(of: call.id)
        let legs: [any CallLeg] = [call.caller] + call.callees.values.map { $0 as any CallLeg }
        for case let leg as TransferredBrowser in legs where leg.isHere {
            // The clients of its user know the call by the id of the former one.
            let user = leg.client.user.name, event = BrowserEvent.call(leg.call, event.type, event.body)
            leg.client.send(event)
            told.insert(leg.client.id)
            users.remove(user)
            api?.publish(event, owners: [user], except: told)
        }
        api?.publish(event, owners: users, creator: (call.caller as? BrowserCallerLeg)?.subscriber, except: told)
    }

    /// Updates the table after an event. For users whose stage is over the call ends here.
    private func updateParties(of call: CallController) {
        if call.isEstablished || call.taker != nil { strangers.answer(call.id) }
        giveTickets(of: call)
        let left = table.update(call.id, ringing: call.ringing, answered: call.taker)
        guard !left.isEmpty else { return }
        let told = Set(call.callees.values.compactMap { ($0 as? BrowserCalleeLeg).flatMap { $0.isOver ? $0.client.id : nil } })
        let end = call.refusal ?? .noAnswer
        let event = call.taker == nil ? BrowserEvent.call(call.id, "hangup", end.json) : .call(call.id, "answered_elsewhere")
        api?.publishLast(event, to: left, except: told)
        sessions.leave(call.session.id, left, SessionEnd(code: end.code, reason: end.reason))
    }

    /// Brings what a called leg says to its call.
    func tie(_ leg: any CalleeLeg, _ number: Call.Leg, to call: CallController) {
        table.add(number, CallTable.Party(client: (leg as? any BrowserLeg)?.client.id, user: leg.origin.provenUser), to: call.id)
        switch leg {
        case let leg as BrowserCalleeLeg:
            leg.onDeclined = { [weak call] end in call?.handle(.calleeEnded(number, end)) }
            leg.offers.onOutcome = { [weak call] in call?.handle(.party(.callee, $0)) }
        case let leg as SIPCalleeLeg:
            leg.onInvited = { [weak self, weak call] id in
                guard let self, let call else { return }
                sipLegs[id] = SIPBinding(call: call, callee: number)
                call.tellDialogs()
                call.noteInvite(number)
            }
            leg.onRefused = { [weak call] end in call?.handle(.calleeEnded(number, end)) }
        case let leg as TransferredBrowser:
            table.name(call.id, leg.call, for: leg.client.place, at: .callee)
            leg.offers.onOutcome = { [weak call] in call?.handle(.party(.callee, $0)) }
        default: break
        }
    }

    /// Tells of the end whoever may hear of it and was not told as a party, and forgets the call.
    private func ended(_ id: String, _ end: CallEnd) {
        guard let call = calls.removeValue(forKey: id) else { return }
        strangers.remove(id)
        let kept = call.kept
        let legs: [any CallLeg] = [call.caller] + call.callees.values.map { $0 as any CallLeg }
        for case let leg as any PhoneLeg in legs where leg !== kept { leg.over() }
        let told = legs.compactMap { leg -> String? in
            guard let browser = leg as? any BrowserLeg else { return nil }
            let isTold = leg === kept || leg is TransferredBrowser || (leg as? BrowserCalleeLeg)?.isOver == true
            return isTold ? browser.client.id : nil
        }
        let event = BrowserEvent.call(id, "hangup", end.json), users = table.users(of: id)
        // The clients of its own user were told by the leg, those of a transferred one by the call's former id. For those of one that goes on in
        // another call nothing ends.
        let others = users.subtracting(legs.compactMap { leg in
            guard leg === call.caller || leg === kept || leg is TransferredBrowser else { return nil }
            return (leg as? any BrowserLeg)?.client.user.name
        })
        if call.caller is BrowserCallerLeg {
            // So were the admins.
            api?.publishLast(event, to: others, except: Set(told))
        } else {
            api?.publish(event, owners: others, except: Set(told))
        }
        lineTests.end(call, end, users: users) { [weak self] event in
            self?.api?.publish(event, owners: users, creator: (call.caller as? BrowserCallerLeg)?.subscriber)
        }
        sessions.release(call.session.id, to: users)
        table.remove(id)
        sipLegs.removeAll(of: call)
        // A call that never reached its sessions leaves some that nobody else would end.
        call.stopSessions(.stopped)
    }

    /// Whether a phone has registered over a connection from this address.
    public func hasRegistered(from peer: SocketAddress) -> Bool { registrar?.hasPeer(peer.description) ?? false }

    /// The test calls that may come in.
    public var testCalls: TestCallOrders { admission.testCalls }

    /// Calls at the moment.
    public var callCount: Int { calls.count }

    /// Calls at the moment that are answered.
    public var answeredCallCount: Int { calls.values.count { $0.isEstablished } }

    /// Ends every call, as the gateway does before it stops.
    public func endAll() {
        isStopping = true
        let end = CallEnd(status: 503, reason: "The gateway is stopping", by: .gateway)
        for call in Array(calls.values) { call.handle(.terminate(end)) }
    }
}

extension Switchboard: CallLoad {
    var isMediaReady: Bool { sessions.isReady }
    var sessionCount: Int { sessions.count }
    func sessionCount(of user: String) -> Int { sessions.list(of: user).count }
    var anonymousCallCount: Int { strangers.count }
    func strangersHaveRoom(for address: String, isProven: Bool) -> Bool { strangers.hasRoom(for: address, isProven: isProven) }
}
