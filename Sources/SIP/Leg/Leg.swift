internal import CSofiaSIP
internal import EventLoop
internal import Logging

/// One leg: its machine, its handle of Sofia's, its one timer.
@LoopActor
final class Leg {
    let id: SIPLegID
    let stack: SIPStack
    let handle: OpaquePointer
    let contact: String
    /// Host part of Warning headers.
    let agent: String
    let logger: Logger
    private(set) var machine: LegMachine
    /// What names the dialogs of our INVITE; nil where the INVITE is the peer's.
    var ownDialog: DialogName?
    /// Where the INVITE went over TLS, to a peer whose certificate was to be believed.
    var verifiedPeer: String?
    /// Where its requests go.
    var course = LegCourse()
    /// Whether the route set is fixed: it is with the dialog, and later messages do not change it.
    var hasRouteSet = false
    /// The names of next hops that the dialog brought.
    var names: [SIPServerName: ResolvedName] = [:]
    /// Requests of the dialog that wait for a name, in their order.
    var held: [LegAction] = []
    /// What Sofia was told last of where to send.
    var steered: String?
    /// The UPDATEs without an answer: one that the core thinks about, and one that is just being refused behind it.
    var updates: [HeldRequest] = []
    /// The PRACK that waits for its answer.
    var prack: HeldRequest?
    /// The REFER that waits for its answer.
    var referral: HeldRequest?
    /// What names the dialog, once it is established.
    var name: SIPDialogName?
    /// Answers challenges to its requests; none are answered without it.
    var authorizer: SIPAuthorizer?
    /// Of the requests that were challenged and have no final response yet, by method.
    var credentials: [String: Credentials] = [:]
    /// The fork whose reliable response came first: Sofia has its early dialog.
    var reliableFork: String?
    /// The early dialogs of other forks that send reliable responses, by their tag.
    var otherForks: [String: OtherFork] = [:]
    /// Where the INVITE can go when its hop fails.
    var otherHops: OutgoingCall?
    var hopTimer: LoopTimer?
    private var timer: LoopTimer?
    private var refreshTimer: LoopTimer?
    private var expiryTimer: LoopTimer?
    private var session: SessionInterval?
    private var peerKnowsUpdate = false
    /// Whether the peer lists INFO in its Allow; nil where it has shown none.
    var peerListsInfo: Bool?
    var infoRate = InfoRate()
    private let limits: Limits
    private(set) weak var endpoint: SIPEndpoint?

    /// How long each kind of waiting may take.
    struct Limits {
        let decision: Duration
        let ringing: Duration
        let transaction: Duration
    }

    init(
        _ machine: LegMachine, stack: SIPStack, handle: OpaquePointer, contact: String, endpoint: SIPEndpoint
    ) {
        id = machine.id
        self.machine = machine
        self.stack = stack
        self.handle = handle
        self.contact = contact
        self.endpoint = endpoint
        agent = endpoint.agent
        course.resolvesNames = endpoint.configuration.resolve != nil
        limits = endpoint.limits
        var logger = endpoint.logger
        logger[metadataKey: "leg"] = "\(machine.id)"
        self.logger = logger
    }

    /// Takes over the handle of another leg.
    convenience init(_ machine: LegMachine, of leg: Leg, endpoint: SIPEndpoint) {
        self.init(machine, stack: leg.stack, handle: leg.handle, contact: leg.contact, endpoint: endpoint)
        course = leg.course
        hasRouteSet = leg.hasRouteSet
        steered = leg.steered
        ownDialog = leg.ownDialog
    }

    /// Feeds the machine, and does what it says.
    func handle(_ input: LegInput) {
        for action in machine.handle(input) { perform(action) }
    }

    func wait(_ limit: LegAction.Limit?) {
        timer?.cancel()
        timer = nil
        let delay: Duration
        switch limit {
        case nil: return
        case .decision?: delay = limits.decision
        case .ringing?: delay = limits.ringing
        case .transaction?: delay = limits.transaction
        }
        timer = LoopTimer.schedule(after: delay) { [weak self] in self?.handle(.overdue) }
    }

    /// Looks at what an INVITE, or a 2xx to one, says about the session timer.
    func settleSession(_ message: IncomingMessage?) {
        guard let message, let endpoint else { return }
        if message.allowsUpdate, !peerKnowsUpdate {
            peerKnowsUpdate = true
            refreshByUpdate()
        }
        session = SessionInterval(
            message.session, preferred: endpoint.configuration.sessionExpires,
            least: endpoint.configuration.minimumSessionExpires, called: message.called)
        if let session { keep(interval: session.interval) }
    }

    /// Starts the session interval anew: the ACK or the 2xx is where it counts from.
    func startSession() {
        // The refresh by UPDATE is Sofia's own.
        aim()
        refreshTimer?.cancel()
        refreshTimer = nil
        expiryTimer?.cancel()
        expiryTimer = nil
        guard let session else { return }
        expiryTimer = LoopTimer.schedule(after: session.expiryDelay) { [weak self] in self?.handle(.sessionOver) }
        if !peerKnowsUpdate, session.isOurs { refresh(after: session.refreshDelay) }
    }

    /// A refresh that failed, or found an exchange under way, is tried again: by re-INVITE, which every peer knows.
    func refreshLater() {
        guard let session else { return }
        refresh(after: session.retryDelay)
    }

    private func refresh(after delay: Duration) {
        refreshTimer?.cancel()
        refreshTimer = LoopTimer.schedule(after: delay) { [weak self] in self?.handle(.refreshDue) }
    }

    func report(_ event: SIPEvent) {
        endpoint?.report(event)
    }

    /// Gives the handle back. Sofia drops what it still has queued for it.
    func close() {
        retire()
        endpoint?.forget(self)
    }

    /// Gives the handle back, and leaves the leg's name to another.
    func retire() {
        stopTimers()
        aimAtOrigin()
        updates = []
        prack = nil
        referral = nil
        authorizer = nil
        otherHops = nil
        if let name = ownDialog { ForkPracks.forget(name.callID, self) }
        nua_handle_destroy(handle)
    }

    func stopTimers() {
        wait(nil)
        hopHasSpoken()
        refreshTimer?.cancel()
        expiryTimer?.cancel()
    }
}
