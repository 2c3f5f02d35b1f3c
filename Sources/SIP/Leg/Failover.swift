internal import CSofiaSIP
internal import EventLoop
internal import Logging

/// Whether a call of ours goes on to another hop when the one that has its INVITE fails or is silent (RFC 3263 section 4.3). Pure: the leg has
/// the timer. An object, as most legs have none of it.
final class Failover {
    /// What the response of a hop, or its silence, means to the call.
    enum Outcome {
        /// The call stays with the hop.
        case stay
        /// The hop has failed, and the next one is to be tried.
        case goOn(OutgoingCall)
    }

    /// How long the hop may be silent.
    let limit: Duration
    /// Whether that time runs.
    private(set) var isTimed = true
    /// Nil once the hop has begun to call somebody: it is stayed with.
    private var call: OutgoingCall?

    /// Nil where nothing limits how long the hop may take.
    ///
    /// - Parameter hopLimit: How long a hop may be silent where others are left and the call says nothing else.
    init?(_ call: OutgoingCall, hopLimit: Duration?) {
        guard let limit = call.request.silenceLimit ?? call.request.firstResponseLimit ?? (call.hops.isEmpty ? nil : hopLimit) else { return nil }
        self.limit = limit
        self.call = call
    }

    /// Whether the call limits how long the hop may take to call somebody: then neither 100 nor a challenge, which is only the beginning of it,
    /// ends that time.
    private var hasTimeToRing: Bool { call?.request.silenceLimit != nil }

    /// A response to the INVITE. `isLocal`: it is Sofia's own.
    func receive(status: Int, isLocal: Bool) -> Outcome {
        if !hasTimeToRing || ![401, 407].contains(status) { isTimed = false }
        guard let call else { return .stay }
        guard status >= 300 else {
            if status > 100 { self.call = nil }
            return .stay
        }
        let isFailure = isLocal || status == 503 || call.request.failsOverOn5xx && (500..<600).contains(status)
        return isFailure ? .goOn(call) : .stay
    }

    /// The hop has said 100.
    func receiveTrying() {
        if !hasTimeToRing { isTimed = false }
    }

    /// The time is over. Nil where the hop has begun to call somebody.
    ///
    /// - Returns: The call, and whether it has failed where there is no other hop.
    func expire() -> (call: OutgoingCall, isFailed: Bool)? {
        isTimed = false
        return call.map { ($0, $0.request.silenceLimit != nil || $0.request.firstResponseLimit != nil) }
    }
}

extension Leg {
    /// After the INVITE went out.
    func watchHop(_ call: OutgoingCall) {
        failover = Failover(call, hopLimit: endpoint?.configuration.hopLimit)
        guard let failover else { return }
        hopTimer = LoopTimer.schedule(after: failover.limit) { [weak self] in self?.leaveSilentHop() }
        if let name = ownDialog { SilentHops.watch(name.callID, self) }
    }

    /// Whether a response to the INVITE sent the call to another hop.
    func goesElsewhere(_ response: StackResponse) -> Bool {
        let outcome = failover?.receive(status: response.status, isLocal: response.isLocal) ?? .stay
        if failover?.isTimed == false { stopHopTimer() }
        guard case .goOn(let call) = outcome, case .calling = machine.state, goOn(call) else { return false }
        retire()
        return true
    }

    /// The hop has said 100.
    fileprivate func receiveTrying() {
        failover?.receiveTrying()
        if failover?.isTimed == false { stopHopTimer() }
    }

    func stopHopTimer() {
        guard hopTimer != nil else { return }
        hopTimer?.cancel()
        hopTimer = nil
        if let name = ownDialog { SilentHops.forget(name.callID) }
    }

    /// The hop has called nobody in time. Should it do so later, its 2xx is acknowledged and hung up.
    private func leaveSilentHop() {
        stopHopTimer()
        guard let (call, isFailed) = failover?.expire(), case .calling = machine.state else { return }
        if !goOn(call) {
            guard isFailed else { return }
            endpoint?.forget(self)
            report(.rejected(id, status: 408, phrase: "Request Timeout", reason: nil))
        }
        endpoint?.abandon(self)
    }

    private func goOn(_ call: OutgoingCall) -> Bool {
        guard let endpoint else { return false }
        var call = call
        guard case .success(let way) = endpoint.nextWay(of: &call) else { return false }
        let hops: Logger.Metadata = ["from": "\(nextHop.first?.description ?? "")", "to": "\(way.hop?.description ?? "")"]
        logger.info("Trying another hop", metadata: endpoint.metadata(of: id).merging(hops) { $1 })
        endpoint.forget(self)
        endpoint.send(call, by: way)
        return true
    }
}

/// The calls whose hop has said nothing yet, by Call-ID: 100 Trying is seen in the parser only.
@LoopActor
enum SilentHops {
    private struct Entry {
        weak var leg: Leg?
    }

    private static var calls: [String: Entry] = [:]

    static func watch(_ callID: String, _ leg: Leg) { calls[callID] = Entry(leg: leg) }

    static func forget(_ callID: String) { calls[callID] = nil }

    static func receiveTrying(_ callID: String) { calls[callID]?.leg?.receiveTrying() }
}

extension SIPEndpoint {
    /// Has a leg of its own wait for what an INVITE still brings about that nobody waits for.
    fileprivate func abandon(_ leg: Leg) {
        let id = nextLegID()
        let rest = Leg(LegMachine(id: id, state: .cancelling), of: leg, endpoint: self)
        tern_nua_handle_bind(leg.handle, UnsafeMutableRawPointer(bitPattern: id.number))
        leg.stopTimers()
        remember(rest)
        rest.perform(.cancel(nil))
        rest.wait(.transaction)
    }
}
