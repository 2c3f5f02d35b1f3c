internal import EventLoop

/// The dialogs that the peer has left while an INVITE of ours was under way in them. A 2xx to it is acknowledged, and no BYE follows
/// (RFC 3261 section 15.1.2).
@LoopActor
enum LeftDialogs {
    private static var ends: [SIPDialogName: ContinuousClock.Instant] = [:]

    /// - Parameter limit: How long a response may still come.
    static func note(_ name: SIPDialogName, for limit: Duration) {
        let now = ContinuousClock.now
        ends = ends.filter { $0.value > now }
        ends[name] = now + limit
    }

    static func contains(_ name: SIPDialogName) -> Bool {
        ends[name].map { $0 > .now } ?? false
    }
}

extension Leg {
    /// Notes that the peer hangs up.
    func noteHangUp() {
        guard let name, let endpoint, machine.hasOpenInvite else { return }
        LeftDialogs.note(name, for: endpoint.limits.transaction)
    }
}

extension LegMachine {
    /// Whether a re-INVITE of ours has no final response yet.
    fileprivate var hasOpenInvite: Bool {
        switch state {
        case .established(_, .offeredByUs), .established(_, .refreshing): true
        default: false
        }
    }
}
