/// The behaviour of one leg, without sockets or clocks: an input changes the state and gives what is to be done.
///
/// Inputs that make no sense in a state change nothing: commands and messages cross on the wire.
struct LegMachine: Equatable {
    let id: SIPLegID
    var state: LegState
    /// What the caller said of reliable responses.
    var provisionals = ReliableProvisionals.never
    /// The transfer that the peer has asked for; nil when there is none under way.
    var referral: Referral?
    /// How many REFERs there were.
    var referrals = 0

    /// A leg whose INVITE came from the peer.
    static func called(_ id: SIPLegID, sdp: String?, provisionals: ReliableProvisionals = .never) -> LegMachine {
        LegMachine(id: id, state: .offered(remote: sdp), provisionals: provisionals)
    }

    /// A leg whose INVITE is about to go out.
    static func calling(_ id: SIPLegID, sdp: String?) -> LegMachine {
        LegMachine(id: id, state: .calling(local: sdp, ringing: false, forks: LegState.Forks()))
    }

    /// Whether our INVITE has no final response yet.
    var isCalling: Bool { if case .calling = state { true } else { false } }

    /// Changes the state by `input`.
    mutating func handle(_ input: LegInput) -> [LegAction] {
        if let actions = transferring(input) { return actions }
        switch state {
        case .offered(let remote): return undecided(remote: remote, nil, input)
        case .ringing(let remote, let early): return undecided(remote: remote, early, input)
        case .answering(let answer): return answering(answer, input)
        case .answered(let answer): return answered(answer, input)
        case .leavingOnceAcknowledged(let reason): return leaving(reason, input)
        case .calling(let local, let ringing, let forks):
            return calling(local: local, ringing: ringing, forks: forks, input)
        case .acknowledging(let remote): return acknowledging(remote: remote, input)
        case .cancelling: return cancelling(input)
        case .established(let descriptions, let exchange): return established(descriptions, exchange, input)
        case .ending: return ending(input)
        case .gone: return []
        }
    }

    /// Goes to `next` and returns `actions`.
    mutating func go(_ next: LegState, _ actions: LegAction...) -> [LegAction] {
        state = next
        return actions
    }

    /// Ends without anything left to send.
    mutating func close(_ end: SIPEnd?, after actions: LegAction...) -> [LegAction] {
        state = .gone
        let report = end.map { [LegAction.report(.ended(id, $0))] } ?? []
        return actions + report + [.close]
    }

    /// BYE, and the wait for its answer. `end` is reported now: the call is over for the core.
    mutating func hangUp(_ reason: SIPReason?, reporting end: SIPEnd?, after actions: LegAction...) -> [LegAction] {
        state = .ending
        let report = end.map { [LegAction.report(.ended(id, $0))] } ?? []
        return actions + [.bye(reason)] + report + [.wait(.transaction)]
    }
}
