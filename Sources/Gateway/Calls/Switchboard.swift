internal import BrowserAPI
internal import EventLoop
internal import Logging
internal import ProxyCore
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
    let log: Logger
    /// Both are set once, before the first event can come.
    weak var api: BrowserAPI?
    var endpoint: SIPEndpoint?
    var calls: [String: Entry] = [:]
    var sipLegs: [SIPLegID: SIPBinding] = [:]
    /// Set when the gateway stops: no new calls.
    var isDraining = false

    init(configuration: GatewayConfiguration, sessions: SessionRegistry, media: MediaBackend, log: Logger) {
        self.configuration = configuration
        routing = RoutingTable(configuration)
        self.sessions = sessions
        self.media = media
        self.log = log
    }

    var limits: CallLimits {
        CallLimits(ringing: configuration.calls.ringTimeout, duration: configuration.calls.maximumDuration)
    }

    /// Where calls must not be sent, and must not come from.
    var ownAddresses: OwnAddresses {
        OwnAddresses(listening: endpoint?.listening ?? [], domain: configuration.sip.domain)
    }

    /// What a call is about, for the legs that it may ring.
    struct Context {
        let call: String
        let session: String
        let callerType: SDPType
        let caller: CallParty
        let dialled: String
        /// RFC 3261 section 16.6: a call that goes round ends when this has come down to 0, with 483.
        var maxForwards: Int?
        /// The client that calls, which is not rung itself.
        var calling: BrowserClient?
    }

    /// What is tried for a caller, in this order.
    ///
    /// - Parameter only: The session that the caller had made before, if it had: only such parties are rung as it can serve.
    func plan(_ targets: [RouteDestination], _ context: Context, only: CallPlan.Branch? = nil) -> CallPlan {
        var plan = CallPlan(only: only)
        for target in targets {
            switch target {
            case .echo: plan.addEcho(branch(.echo(context.callerType)))
            case .user(let user): plan.add(devices(of: user, context))
            case .sip(let uri, let srtp): add(uri, srtp: srtp, to: &plan, context)
            case .trunk(let trunk, let dialled):
                guard let target = trunk.targets.first else { continue }
                add(target.uri(user: dialled), srtp: trunk.srtp, to: &plan, context)
            case .reject(let status, let phrase):
                plan.add(rejection: CallEnd(status: status, reason: phrase ?? CallEnd.words(for: status), by: .gateway))
            }
        }
        return plan
    }

    private func add(_ uri: String, srtp: SRTPPolicy?, to plan: inout CallPlan, _ context: Context) {
        guard let endpoint else { return }
        let leg = sipCallee(uri, caller: context.caller, maxForwards: context.maxForwards, endpoint: endpoint)
        plan.add([(leg, branch(.proxy(caller: context.callerType, callee: .rtp), srtp: srtp))])
    }

    /// All that a user has: every client but the one that calls.
    private func devices(of user: GatewayConfiguration.User, _ context: Context) -> [(leg: any CalleeLeg, branch: CallPlan.Branch)] {
        let browsers = branch(.proxy(caller: context.callerType, callee: .webrtc))
        return (api?.clients(of: user.name) ?? []).filter { $0 !== context.calling }.map {
            let leg = BrowserCalleeLeg(
                call: context.call, session: context.session, client: $0, caller: context.caller, dialled: context.dialled)
            return (leg, browsers)
        }
    }

    /// A session of this kind, with what is said to its phones.
    private func branch(_ kind: SessionKind, srtp: SRTPPolicy? = nil) -> CallPlan.Branch {
        let own = SIPProfile(srtp: configuration.sip.srtp)
        return CallPlan.Branch(
            kind: kind, profiles: [.caller: own, .callee: srtp.map { SIPProfile(srtp: $0) } ?? own])
    }

    private func sipCallee(
        _ uri: String, caller: CallParty, maxForwards: Int?, endpoint: SIPEndpoint
    ) -> SIPCalleeLeg {
        let request = SIPInviteRequest(
            target: uri, fromUser: caller.id, displayName: caller.name, sdp: nil, maxForwards: maxForwards)
        return SIPCalleeLeg(endpoint: endpoint, request: request)
    }

    /// Registers a call, ties its legs to it, and begins it.
    func begin(
        _ call: CallController, users: Set<String>, caller: BrowserClient?, offer: String?, trickle: Bool
    ) {
        var entry = Entry(call: call, users: users, caller: caller)
        for (number, leg) in call.callees {
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
            default: break
            }
        }
        (call.caller as? BrowserCallerLeg)?.offers.onOutcome = { [weak call] in call?.handle($0.event(.caller)) }
        calls[call.id] = entry
        let session = call.session.id
        sessions.assign(session, to: call.id, users: entry.users, sides: entry.callees.mapValues { _ in .callee })
        call.onSessionChanged = { [weak self] in self?.sessions.select($0) }
        call.onSessionEvent = { [weak self] event in self?.sessions.publish(event, of: session) }
        call.onSessionEnded = { [weak self] end in self?.sessions.end(session, end) }
        let id = call.id
        call.onEnded = { [weak self] end in self?.ended(id, end) }
        call.handle(.start(offer: offer, trickle: trickle))
    }

    /// Tells of the end whoever may hear of it and was not told as a party, and forgets the call.
    private func ended(_ id: String, _ end: CallEnd) {
        guard let entry = calls.removeValue(forKey: id) else { return }
        if entry.caller == nil {
            let told = entry.callees.filter { (entry.call.callees[$0.value] as? BrowserCalleeLeg)?.isOver == true }
            api?.publish(.call(id, "hangup", end.json), owners: entry.users, except: Set(told.keys))
        }
        sipLegs = sipLegs.filter { $0.value.call !== entry.call }
        // A call that never reached its sessions leaves some that nobody else would end.
        entry.call.stopSessions(.stopped)
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
