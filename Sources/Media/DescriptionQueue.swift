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
    /// The sides whose host names are resolved.
    private let phones: Set<SessionSide>
    private var waiting: [ProxySession.Event] = []
    private var isResolving = false
    /// The event whose host names are being resolved; nil when its side has taken it back meanwhile.
    private var resolving: ProxySession.Event?

    /// - Parameter phones: The sides whose host names are resolved.
    init(_ hosts: MediaHosts, phones: Set<SessionSide>) {
        self.hosts = hosts
        self.phones = phones
    }

    /// Passes `event` to `handle`, now or when its turn has come.
    func take(_ event: ProxySession.Event, _ handle: @escaping @LoopActor (ProxySession.Event) -> Void) {
        guard event.isOfExchange else { return handle(event) }
        if case .party(let side, .withdrawn) = event, drop(offerOf: side) { return }
        if isResolving, waiting.count < DescriptionQueue.capacity { return waiting.append(event) }
        guard !isResolving, case .party(let side, let party) = event, phones.contains(side),
            case .success(let description)? = party.description?.content, MediaHosts.needsAddresses(description)
        else { return handle(event) }
        isResolving = true
        resolving = event
        LoopActor.task { [self] in
            let resolved = await hosts.resolved(description)
            if resolving != nil { handle(.party(side, party.with(resolved))) }
            resolving = nil
            isResolving = false
            let rest = waiting
            waiting = []
            for event in rest { take(event, handle) }
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
        case .party(let side, .offered), .party(let side, .offeredEarly), .party(let side, .offerWanted): side
        default: nil
        }
    }

    /// Whether its place among offers, answers and changes of options matters.
    fileprivate var isOfExchange: Bool {
        switch self {
        case .party, .update, .hold: true
        case .stepDone, .stepFailed, .candidate, .settingsApplied, .settingsFailed, .mediaLost, .stop: false
        }
    }
}

extension PartyEvent {
    /// What the party says of its media.
    fileprivate var description: RemoteDescription? {
        switch self {
        case .offered(let description), .offeredEarly(let description), .answered(let description), .refreshed(let description): description
        case .offerWanted, .withdrawn, .declined, .received: nil
        }
    }

    /// The same with addresses in the place of host names.
    fileprivate func with(_ resolved: SessionDescription) -> PartyEvent {
        let description = self.description?.map { _ in resolved } ?? RemoteDescription(resolved)
        return switch self {
        case .offered: .offered(description)
        case .offeredEarly: .offeredEarly(description)
        case .answered: .answered(description)
        case .refreshed: .refreshed(description)
        case .offerWanted, .withdrawn, .declined, .received: self
        }
    }
}
