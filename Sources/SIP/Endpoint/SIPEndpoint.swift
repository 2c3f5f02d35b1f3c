internal import CSofiaSIP
public import EventLoop
internal import Events
internal import Logging
public import SIPNames
public import TLS

/// Calls over SIP: the legs of a B2BUA, on Sofia's NUA.
@LoopActor
public final class SIPEndpoint: SIPUserAgent {
    private(set) var configuration: SIPEndpointConfiguration
    let logger = Logger(label: "sip")
    /// Bounds the lines about INVITEs that are refused here.
    var refusedLines = LineBudget(perSecond: 50)
    let limits: Leg.Limits
    /// Names us in Warning headers: the domain, where it can stand there.
    let agent: String
    let flowSockets = FlowSockets()
    private var connectionBounds: ConnectionBounds?
    private let onEvent: @LoopActor (SIPEvent) -> Void
    private(set) var stacks: [SIPStack] = []
    private(set) var legs: [SIPLegID: Leg] = [:]
    /// Calls of ours whose next hop is a name that is being resolved.
    var resolving: [SIPLegID: OutgoingCall] = [:]
    private(set) var isStopping = false
    /// Hears of REGISTERs; set before ``start()``. Without it they are answered 405.
    public var onRegister: (@LoopActor (SIPIncomingRegister, SIPRegisterReply) -> Void)?
    /// Addresses whose connections count in all only.
    public var exempt = ExemptAddresses.loopback
    /// Whether a phone has registered from an address: its connection is closed last where there are too many.
    public var isKnownPeer: @LoopActor (SocketAddress) -> Bool = { _ in false }
    /// Whether calls are taken. While they are not, OPTIONS from outside of a dialog is answered 503.
    public var takesCalls: @LoopActor () -> Bool = { true }
    /// Looks at a new call before there is any state of it. The flag says that it was challenged before: it is asked for a fresh challenge.
    public var onNewCall: (@LoopActor (SIPNewCall, _ wasChallenged: Bool) -> SIPNewCall.Screening)?
    /// Whether a REGISTER brings credentials with which it could succeed; what does not is answered without a transaction.
    public var mayAuthenticate: @LoopActor (SIPIncomingRegister) -> Bool = { _ in true }
    /// The new calls that the load allows.
    var overload: OverloadControl
    /// The requests that were refused without any state of them.
    let shed = ShedRequests()
    var refused = RefusedTransactions()
    /// REGISTERs without an answer.
    var pendingRegisters: [UInt: PendingRegister] = [:]
    private var lastRegister: UInt = 0
    /// The INVITEs of ours whose legs are not gone: one that comes back to us went in a circle.
    private(set) var ownDialogs: Set<DialogName> = []
    /// The legs of established dialogs.
    var namedLegs: [SIPDialogName: SIPLegID] = [:]
    /// Requests of ours outside of dialogs that are on their way.
    var requests: [SIPLegID: ClientTransaction] = [:]
    var clientNames = ClientNames()
    /// Waits in ``stop()`` for the last leg.
    private var onLastLeg: (@LoopActor () -> Void)?
    private static var lastLeg: UInt = 0

    /// Addresses that the endpoint listens on, with their real ports. Empty while it is stopped.
    public var listening: [ListenAddress] { stacks.flatMap(\.listening) }

    /// Legs at once; with one more INVITEs are refused.
    public var maximumLegs: Int {
        get { configuration.maximumLegs }
        set { configuration.maximumLegs = newValue }
    }

    /// What is taken of new calls; a change acts from the next one on.
    public var overloadLimits: OverloadControl.Limits {
        get { overload.limits }
        set { overload.limits = newValue }
    }

    /// Legs that are not gone: also those that still wait for the answer to a BYE or CANCEL.
    public var openLegs: Int { legs.count + resolving.count }

    /// Requests of ``request(_:)`` that have no outcome yet.
    public var openRequests: Int { requests.count }

    /// - Parameter onEvent: Called on the loop for each event; from within ``offer(_:sdp:)`` when it is refused at once.
    public init(configuration: SIPEndpointConfiguration, onEvent: @escaping @LoopActor (SIPEvent) -> Void) {
        self.configuration = configuration
        self.onEvent = onEvent
        overload = OverloadControl(limits: configuration.overload, now: .now)
        limits = Leg.Limits(
            decision: configuration.decisionLimit, ringing: configuration.ringingLimit,
            transaction: configuration.t1x64 * 2 + .seconds(4))
        let domain = HeaderText.line(configuration.domain, limit: 253)
        agent = domain.isEmpty || domain.contains(" ") ? "localhost" : domain
    }

    // MARK: Life

    /// Listens on every configured address, or on none.
    public func start() throws(SIPError) {
        guard stacks.isEmpty, !isStopping else { throw .alreadyStarted }
        let groups = configuration.listen.groupedByPort()
        guard !groups.isEmpty else { throw .nothingToListenOn }
        SofiaLog.redirect(to: logger)
        tern_auc_stand_aside()
        AcceptPause.install()
        FlowSockets.prepare()
        var started: [SIPStack] = []
        do {
            for group in groups {
                started.append(try SIPStack(
                    address: group.address, port: group.port, transports: group.transports,
                    configuration: configuration, registers: onRegister != nil,
                    onOutside: { [weak self] request in self?.receiveOutside(request) ?? false }
                ) { [weak self] event, stack in self?.receive(event, from: stack) })
            }
        } catch {
            let begun = started
            LoopActor.task { for stack in begun { await stack.shutDown() } }
            throw error
        }
        stacks = started
        connectionBounds = ConnectionBounds(
            listening: listening, shares: configuration.connections, messageLimit: configuration.messageLimit,
            exempt: { [weak self] in self?.exempt ?? .loopback }, isKnown: { [weak self] in self?.isKnownPeer($0) ?? false }
        ) { [logger] closed in
            logger.warning("Connections beyond what there may be were closed", metadata: ["connections": "\(closed)"])
        }
        logger.info("Listening for SIP", metadata: ["addresses": "\(listening.map(\.description))"])
    }

    /// Hangs up what is alive (480, CANCEL or BYE), waits for the answers, at most ``SIPEndpointConfiguration/stopLimit``,
    /// and closes every socket. The core hears of each leg that it had not ended itself.
    public func stop() async {
        guard !stacks.isEmpty, !isStopping else { return }
        isStopping = true
        refuseRegisters()
        endRequests()
        let unsent = resolving.keys
        resolving = [:]
        for leg in unsent { report(.ended(leg, SIPEnd(.stopped))) }
        for leg in legs.values { leg.handle(.stop) }
        await lastLegGone()
        for leg in legs.values { leg.close() }
        connectionBounds?.stop()
        connectionBounds = nil
        for stack in stacks { await stack.shutDown() }
        stacks = []
        isStopping = false
    }

    private func lastLegGone() async {
        guard !legs.isEmpty else { return }
        var bound: LoopTimer?
        await withCheckedContinuation { done in
            onLastLeg = { [weak self] in
                self?.onLastLeg = nil
                done.resume()
            }
            bound = LoopTimer.schedule(after: configuration.stopLimit) { [weak self] in self?.onLastLeg?() }
        }
        bound?.cancel()
    }

    // MARK: Legs

    func nextLegID() -> SIPLegID {
        SIPEndpoint.lastLeg += 1
        return SIPLegID(number: SIPEndpoint.lastLeg)
    }

    func nextRegisterNumber() -> UInt {
        lastRegister &+= 1
        return lastRegister
    }

    /// Whether a further leg has room.
    var hasRoom: Bool { !isStopping && openLegs < configuration.maximumLegs }

    func remember(_ leg: Leg) {
        legs[leg.id] = leg
        if let name = leg.ownDialog { ownDialogs.insert(name) }
    }

    func forget(_ leg: Leg) {
        leg.endSetUp()
        if let callID = leg.callID { SilentSources.forget(callID) }
        if legs[leg.id] === leg { legs[leg.id] = nil }
        if let name = leg.ownDialog { ownDialogs.remove(name) }
        if let name = leg.name, namedLegs[name] == leg.id {
            namedLegs[name] = nil
            SilentSources.end(name)
        }
        if legs.isEmpty { onLastLeg?() }
    }

    func report(_ event: SIPEvent) {
        // Of which call an INVITE is, is known once it has been taken.
        if case .incoming = event { onEvent(event) }
        logger.debug("SIP event", metadata: metadata(of: event.leg).merging(["event": "\(event.name)"]) { $1 })
        if case .incoming = event { return }
        onEvent(event)
    }

    /// What each line about a leg says of it.
    func metadata(of leg: SIPLegID) -> Logger.Metadata {
        var fields: Logger.Metadata = ["leg": "\(leg)"]
        guard let callID = legs[leg]?.callID else { return fields }
        fields["sip_call_id"] = "\(callID)"
        fields["call"] = EventStream.shared.index.calls(of: .dialog(callID)).last.map { "\($0)" }
        return fields
    }
}

extension SIPEvent {
    /// The case's name, for the log.
    fileprivate var name: String {
        switch self {
        case .incoming: "incoming"
        case .provisional: "provisional"
        case .answered: "answered"
        case .established: "established"
        case .rejected: "rejected"
        case .redirected: "redirected"
        case .offer: "offer"
        case .offerWithdrawn: "offerWithdrawn"
        case .offerAccepted: "offerAccepted"
        case .offerRejected: "offerRejected"
        case .offerCompleted: "offerCompleted"
        case .info: "info"
        case .infoAnswered: "infoAnswered"
        case .transferRequested: "transferRequested"
        case .ended: "ended"
        }
    }
}

extension SIPEndpoint {
    /// Shows `identity` to those with whom a handshake begins from now on; connections that are up keep what they have seen.
    /// Without effect where nothing listens with TLS.
    public func use(_ identity: TLSIdentity) throws(TLSError) {
        for stack in stacks { try stack.tls?.use(identity) }
    }
}
