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
    private(set) var machine: LegMachine
    /// What names the dialogs of our INVITE; nil where the INVITE is the peer's.
    var ownDialog: DialogName?
    /// The Call-ID of its dialog.
    var callID: String?
    /// Where the INVITE went over TLS, to a peer whose certificate was to be believed.
    var verifiedPeer: String?
    /// Where its requests go, and those that wait for it.
    var nextHop = NextHop()
    /// Whether the INVITE can go to another hop; nil where nothing limits how long its hop may take.
    var failover: Failover?
    var hopTimer: LoopTimer?
    /// The address that the INVITE of a called leg came from.
    var peerAddress: String?
    /// When the INVITE of a called leg came, until something has become of it.
    var setUpBegan: ContinuousClock.Instant?
    /// Requests of the peer that wait for their answers.
    var unanswered = UnansweredRequests()
    /// What names the dialog, once it is established.
    var name: SIPDialogName?
    /// Challenges to its requests.
    var challenges = Challenges()
    /// The early dialogs of its INVITE with reliable responses.
    var reliableForks = ReliableForks()
    /// The times of its set-up.
    var setUp = SIPSetUpTimes()
    private var timer: LoopTimer?
    private var session = SessionTimer()
    /// Whether the peer lists INFO in its Allow; nil where it has shown none.
    var peerListsInfo: Bool?
    /// Whether the peer has listed `replaces` in a Supported header.
    var peerSupportsReplaces = false
    var infoRate = InfoRate()
    private let limits: Limits
    private(set) weak var endpoint: SIPEndpoint?

    /// Requests of the peer that the leg answers by `nua_respond`.
    struct UnansweredRequests {
        /// The UPDATEs: one that the core thinks about, and one that is just being refused behind it.
        var updates: [HeldRequest] = []
        var prack: HeldRequest?
        var refer: HeldRequest?
    }

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
        nextHop.resolvesNames = endpoint.configuration.resolve != nil
        limits = endpoint.limits
    }

    /// Takes over the handle of another leg.
    convenience init(_ machine: LegMachine, of leg: Leg, endpoint: SIPEndpoint) {
        self.init(machine, stack: leg.stack, handle: leg.handle, contact: leg.contact, endpoint: endpoint)
        nextHop = leg.nextHop.forAnotherLeg
        ownDialog = leg.ownDialog
        callID = leg.callID
    }

    /// Made when there is something to say, which for most legs there never is.
    var logger: Logger {
        var logger = endpoint?.logger ?? Logger(label: "sip")
        logger[metadataKey: "leg"] = "\(id)"
        return logger
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
        if message.allowsUpdate, session.allowUpdate() { refreshByUpdate() }
        let interval = SessionInterval(
            message.session, preferred: endpoint.configuration.sessionExpires,
            least: endpoint.configuration.minimumSessionExpires, called: message.called)
        session.settle(interval)
        if let interval { keep(interval: interval.interval) }
    }

    /// Starts the session interval anew: the ACK or the 2xx is where it counts from.
    func startSession() {
        // The refresh by UPDATE is Sofia's own.
        prepareNextHop()
        session.start(onRefresh: { [weak self] in self?.handle(.refreshDue) }, onExpiry: { [weak self] in self?.handle(.sessionOver) })
    }

    /// A refresh that failed, or found an exchange under way, is tried again.
    func refreshLater() { session.retry { [weak self] in self?.handle(.refreshDue) } }

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
        closeNextHop()
        unanswered = UnansweredRequests()
        challenges.authorizer = nil
        failover = nil
        if let name = ownDialog { ForkPracks.forget(name.callID, self) }
        nua_handle_destroy(handle)
    }

    func stopTimers() {
        wait(nil)
        stopHopTimer()
        session.stop()
    }
}
