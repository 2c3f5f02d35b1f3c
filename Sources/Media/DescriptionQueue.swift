internal import EventLoop
internal import ProxyCore
internal import SDP

/// The events of a session on their way to its machine: a description of a phone waits until its host names are resolved, and what
/// belongs to offers and answers waits behind it. What ends the session does not wait.
@LoopActor
final class DescriptionQueue {
    /// Events that wait; what comes over that overtakes them.
    private static let capacity = 64

    private let hosts: MediaHosts
    private var waiting: [ProxySession.Event] = []
    private var isResolving = false
    /// The event whose host names are being resolved; nil when its side has taken it back meanwhile.
    private var resolving: ProxySession.Event?

    init(_ hosts: MediaHosts) { self.hosts = hosts }

    /// Passes `event` to `handle`, now or when its turn has come.
    ///
    /// - Parameter isFromPhone: Whether the description of an event is a phone's; asked when the event's turn has come.
    func take(
        _ event: ProxySession.Event, isFromPhone: @escaping @LoopActor (ProxySession.Event) -> Bool,
        _ handle: @escaping @LoopActor (ProxySession.Event) -> Void
    ) {
        guard event.isOfExchange else { return handle(event) }
        if case .withdrawn(let side) = event, drop(offerOf: side) { return }
        if isResolving, waiting.count < DescriptionQueue.capacity { return waiting.append(event) }
        guard !isResolving, let sdp = event.description, isFromPhone(event), let description = MediaHosts.needingAddresses(sdp)
        else { return handle(event) }
        isResolving = true
        resolving = event
        LoopActor.task { [self] in
            let text = await hosts.resolved(description)
            if let event = resolving { handle(event.with(text)) }
            resolving = nil
            isResolving = false
            let rest = waiting
            waiting = []
            for event in rest { take(event, isFromPhone: isFromPhone, handle) }
        }
    }

    /// Forgets an offer that its side has taken back before its turn came: whatever came of it would be said of the side's next one. Whether
    /// there was one.
    private func drop(offerOf side: SessionSide) -> Bool {
        if resolving?.offerer == side {
            resolving = nil
            return true
        }
        guard let index = waiting.firstIndex(where: { $0.offerer == side }) else { return false }
        waiting.remove(at: index)
        return true
    }
}

extension ProxySession.Event {
    /// The side whose offer it is.
    fileprivate var offerer: SessionSide? {
        switch self {
        case .offered(let side, _, _), .offeredEarly(let side, _), .offerWanted(let side): side
        default: nil
        }
    }

    /// Whether its place among offers, answers and changes of options matters.
    fileprivate var isOfExchange: Bool {
        switch self {
        case .stepDone, .stepFailed, .candidate, .settingsApplied, .settingsFailed, .mediaLost, .stop: false
        default: true
        }
    }

    /// What a side says of its media.
    fileprivate var description: String? {
        switch self {
        case .offered(_, let sdp, _), .offeredEarly(_, let sdp), .refreshed(_, let sdp), .answered(_, let sdp, _): sdp
        default: nil
        }
    }

    fileprivate func with(_ sdp: String) -> ProxySession.Event {
        switch self {
        case .offered(let side, _, let trickle): .offered(side, sdp: sdp, trickle: trickle)
        case .offeredEarly(let side, _): .offeredEarly(side, sdp: sdp)
        case .refreshed(let side, _): .refreshed(side, sdp: sdp)
        case .answered(let side, _, let trickle): .answered(side, sdp: sdp, trickle: trickle)
        default: self
        }
    }
}
