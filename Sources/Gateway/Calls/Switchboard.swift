internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import Logging
internal import ProxyCore
internal import Registrar
internal import SIP

/// The calls that live: makes them from what phones and browsers ask for, and brings each leg's events to its call.
@LoopActor
final class Switchboard {
    /// A call, and whose it is.
    struct Entry {
        let call: CallController
        /// The users who may touch it.
        var users: Set<String>
        /// The client that started it.
        var caller: BrowserClient?
        /// The clients that it rings, by their id.
        var callees: [String: Call.Leg] = [:]
        /// Whether nobody known makes it.
        var isAnonymous = false
        /// How clients know the call that have been in another one before, by the client's id.
        var names: [String: String] = [:]
    }

    /// Which leg of which call a SIP leg is; nil for the caller's.
    struct SIPBinding {
        let call: CallController
        let callee: Call.Leg?
    }

    let configuration: GatewayConfiguration
    let routing: RoutingTable
    let sessions: SessionRegistry
    let media: MediaBackend
    let trunks: TrunkService
    let log: Logger
    /// Both are set once, before the first event can come.
    weak var api: BrowserAPI?
    var endpoint: SIPEndpoint?
    /// Says who sends a request.
    let gatekeeper: Gatekeeper
    /// The phones of users; nil until the gateway has started.
    var registrar: RegistrarService?
    var calls: [String: Entry] = [:]
    var sipLegs: [SIPLegID: SIPBinding] = [:]
    /// Phones that are on their way from one call to another: they hear of their legs first.
    var movingPhones: [SIPLegID: MovedPhone] = [:]
    /// The ids of calls that have gone over into others, for the clients that know them by those.
    var aliases: [String: String] = [:]
    /// Set when the gateway stops: no new calls.
    var isDraining = false

    init(
        configuration: GatewayConfiguration, sessions: SessionRegistry, media: MediaBackend, trunks: TrunkService, log: Logger
    ) {
        self.configuration = configuration
        routing = RoutingTable(configuration)
        gatekeeper = Gatekeeper(configuration: configuration, log: log) { trunks.trunk(registeredAt: $0, dialled: $1) }
        self.trunks = trunks
        self.sessions = sessions
        self.media = media
        self.log = log
    }

    /// Whether `name` is that of a browser's user who is logged in by a token and is none of the configuration's.
    func isGuest(_ name: String) -> Bool {
        configuration.tokens.contains(where: \.admitsUnknownUsers) && api?.clients(of: name).isEmpty == false
    }

    /// Whether `name` is that of a user of the configuration, or of a guest.
    func isUser(_ name: String) -> Bool {
        configuration.user(named: name) != nil || isGuest(name)
    }

    var limits: CallLimits {
        CallLimits(ringing: configuration.calls.ringTimeout, duration: configuration.calls.maximumDuration)
    }

    /// Where calls must not be sent, and must not come from.
    var ownAddresses: OwnAddresses {
        OwnAddresses(listening: endpoint?.listening ?? [], domain: configuration.sip.domain)
    }

    /// The call that a client knows by this id.
    func entry(_ id: String) -> Entry? { calls[aliases[id] ?? id] ?? calls[id] }

    /// Registers a call, ties its legs to it, and begins it.
    func begin(
        _ call: CallController, users: Set<String>, caller: BrowserClient?, isAnonymous: Bool = false,
        offer: String?, trickle: Bool
    ) {
        var entry = Entry(call: call, users: users, caller: caller, isAnonymous: isAnonymous)
        for (number, leg) in call.callees { tie(leg, number, to: call, &entry) }
        (call.caller as? any BrowserLeg)?.offers.onOutcome = { [weak call] in call?.handle($0.event(.caller)) }
        if let leg = call.caller as? MovedBrowser { entry.names[leg.client.id] = leg.call }
        calls[call.id] = entry
        let session = call.session.id
        sessions.assign(session, to: call.id, users: entry.users, sides: entry.callees.mapValues { _ in .callee })
        call.onSessionChanged = { [weak self] in self?.sessions.select($0) }
        call.onSessionEvent = { [weak self] event in self?.sessions.publish(event, of: session) }
        call.onHeld = { [weak self, weak call] side, isOn in
            guard let self, let call else { return }
            publish(.call(call.id, isOn ? "hold" : "resume", ["by": .string(side.rawValue)]), of: call)
        }
        call.onSessionEnded = { [weak self] end in self?.sessions.end(session, end) }
        let id = call.id
        call.onEnded = { [weak self] end in self?.ended(id, end) }
        call.handle(.start(offer: offer, trickle: trickle))
    }

    /// Sends an event of an established call to the clients at its ends, and to those who are subscribed to it.
    func publish(_ event: BrowserEvent, of call: CallController) {
        guard let entry = calls[call.id] else { return }
        var told: Set<String> = []
        for case let leg as BrowserCalleeLeg in call.callees.values where leg.hasCall {
            leg.client.send(event)
            told.insert(leg.client.id)
        }
        let legs: [any CallLeg] = [call.caller] + call.callees.values.map { $0 as any CallLeg }
        for case let leg as MovedBrowser in legs where leg.isHere {
            leg.client.send(.call(leg.call, event.type, event.body))
            told.insert(leg.client.id)
        }
        api?.publish(event, owners: entry.users, creator: (call.caller as? BrowserCallerLeg)?.subscriber, except: told)
    }

    /// Brings what a called leg says to its call.
    func tie(_ leg: any CalleeLeg, _ number: Call.Leg, to call: CallController, _ entry: inout Entry) {
        switch leg {
        case let leg as BrowserCalleeLeg:
            entry.callees[leg.client.id] = number
            entry.users.insert(leg.client.user.name)
            leg.onDeclined = { [weak call] end in call?.handle(.calleeEnded(number, end)) }
            leg.offers.onOutcome = { [weak call] outcome in call?.handle(outcome.event(.callee)) }
        case let leg as SIPCalleeLeg:
            leg.onInvited = { [weak self, weak call] id in
                guard let self, let call else { return }
                sipLegs[id] = SIPBinding(call: call, callee: number)
            }
            leg.onRefused = { [weak call] end in call?.handle(.calleeEnded(number, end)) }
        case let leg as any MovedLeg:
            if let leg = leg as? MovedBrowser {
                entry.callees[leg.client.id] = number
                entry.users.insert(leg.client.user.name)
                entry.names[leg.client.id] = leg.call
                leg.offers.onOutcome = { [weak call] outcome in call?.handle(outcome.event(.callee)) }
            }
            leg.onMoved = { [weak call] sdp, trickle in call?.handle(.accepted(number, sdp: sdp, trickle: trickle)) }
            leg.onFailed = { [weak call] end in call?.handle(.calleeEnded(number, end)) }
        default: break
        }
    }

    /// Tells of the end whoever may hear of it and was not told as a party, and forgets the call.
    private func ended(_ id: String, _ end: CallEnd) {
        guard let entry = calls.removeValue(forKey: id) else { return }
        let kept = entry.call.kept
        let legs: [any CallLeg] = [entry.call.caller] + entry.call.callees.values.map { $0 as any CallLeg }
        for case let leg as any PhoneLeg in legs where leg !== kept { leg.over() }
        if entry.caller == nil {
            let told = entry.callees.filter {
                let leg = entry.call.callees[$0.value]
                return leg === kept || leg is MovedBrowser || (leg as? BrowserCalleeLeg)?.isOver == true
            }
            api?.publish(.call(id, "hangup", end.json), owners: entry.users, except: Set(told.keys))
        }
        aliases = aliases.filter { $0.value != id }
        sipLegs = sipLegs.filter { $0.value.call !== entry.call }
        movingPhones = movingPhones.filter { sipLegs[$0.key] != nil || $0.value.isAlone }
        // A call that never reached its sessions leaves some that nobody else would end.
        entry.call.stopSessions(.stopped)
    }

    /// Whether a caller has room. Strangers have half of what there is: who has proven to be somebody is not to find all taken by
    /// those who need prove nothing.
    func hasRoom(for source: CallSource) -> Bool {
        guard source == .anonymous else { return true }
        return calls.values.count(where: \.isAnonymous) < max(1, configuration.sip.maximumCalls / 2)
    }

    /// Ends every call, as the gateway does before it stops.
    func endAll() {
        let end = CallEnd(status: 503, reason: "The gateway is stopping", by: .gateway)
        for entry in Array(calls.values) { entry.call.handle(.terminate(end)) }
    }
}

extension BrowserOffers.Outcome {
    /// What it means for the call in which the client is on that side.
    func event(_ side: SessionSide) -> Call.Event {
        switch self {
        case .answered(let answer): .answered(side, sdp: answer.sdp, trickle: answer.trickleICE)
        case .declined(let failure): .declined(side, failure)
        }
    }
}
