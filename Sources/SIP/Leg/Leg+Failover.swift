internal import CSofiaSIP
internal import EventLoop

/// Going on to another hop (RFC 3263 section 4.3).
extension Leg {
    /// After the INVITE went out, where there are hops left.
    func mayFailOver(_ call: OutgoingCall) {
        guard let limit = call.request.silenceLimit ?? (call.hops.isEmpty ? nil : endpoint?.configuration.hopLimit) else { return }
        otherHops = call
        hopTimer = LoopTimer.schedule(after: limit) { [weak self] in self?.leaveSilentHop() }
        if let name = ownDialog { SilentHops.watch(name.callID, self) }
    }

    /// Whether a response to the INVITE sent the call to another hop. A hop that has begun to call somebody is stayed with.
    func goesElsewhere(_ response: StackResponse) -> Bool {
        if !isChallengeInTime(response) { hopHasSpoken() }
        guard let call = otherHops else { return false }
        guard response.status >= 300 else {
            if response.status > 100 { otherHops = nil }
            return false
        }
        let isFailure = response.isLocal || response.status == 503
            || call.request.failsOverOn5xx && (500..<600).contains(response.status)
        guard isFailure, case .calling = machine.state, goOn(call) else { return false }
        retire()
        return true
    }

    /// Whether the call limits how long the hop may take to call somebody: then neither 100 nor a challenge, which is only the beginning of it,
    /// ends that time.
    private var hasTimeToRing: Bool { otherHops?.request.silenceLimit != nil }

    private func isChallengeInTime(_ response: StackResponse) -> Bool { hasTimeToRing && [401, 407].contains(response.status) }

    /// The hop has said 100.
    func hopTries() {
        if !hasTimeToRing { hopHasSpoken() }
    }

    func hopHasSpoken() {
        guard hopTimer != nil else { return }
        hopTimer?.cancel()
        hopTimer = nil
        if let name = ownDialog { SilentHops.forget(name.callID) }
    }

    /// The hop has called nobody in time. Should it do so later, its 2xx is acknowledged and hung up.
    private func leaveSilentHop() {
        hopHasSpoken()
        guard let call = otherHops, case .calling = machine.state else { return }
        if !goOn(call) {
            guard call.request.silenceLimit != nil else { return }
            endpoint?.forget(self)
            report(.rejected(id, status: 408, phrase: "Request Timeout", reason: nil))
        }
        endpoint?.abandon(self)
    }

    private func goOn(_ call: OutgoingCall) -> Bool {
        guard let endpoint else { return false }
        var call = call
        guard case .success(let way) = endpoint.nextWay(of: &call) else { return false }
        logger.info("Trying another hop", metadata: ["from": "\(course.first?.description ?? "")", "to": "\(way.hop?.description ?? "")"])
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

    static func heard(_ callID: String) { calls[callID]?.leg?.hopTries() }
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
