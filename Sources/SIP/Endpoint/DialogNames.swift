internal import EventLoop

/// What all dialogs of one INVITE have in common, and every proxy leaves as it is (RFC 3261 section 12).
struct DialogName: Hashable {
    let callID: String
    let fromTag: String

    /// A new one: both parts are random, so that nobody can guess them (RFC 3261 sections 8.1.1.4 and 19.3).
    static func own() -> DialogName {
        DialogName(
            callID: random() + random(), fromTag: random())
    }

    private static func random() -> String {
        let text = String(UInt64.random(in: 0 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}

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
