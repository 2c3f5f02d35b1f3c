public import EventLoop
internal import SDP

/// Puts IPv4 addresses in the place of host names at which phones want their media (RFC 8866, section 5.7).
///
/// What has no address within two seconds stays a name, and the negotiation refuses it with 488.
@LoopActor
public final class MediaHosts {
    /// Different names in one description; with more of them none is looked up.
    nonisolated static let maximumNames = 4

    private let limit: Duration
    /// Looks up the IPv4 addresses of a host; none where there are none. It ends early when its task is cancelled. Set once, before the
    /// first session.
    public var lookUp: (@LoopActor @Sendable (String) async -> [String])?

    /// - Parameter limit: Time for all names of one description.
    public init(limit: Duration = .seconds(2)) { self.limit = limit }

    /// Whether the description has host names to look up.
    nonisolated static func needsAddresses(_ description: SessionDescription) -> Bool {
        (1...maximumNames).contains(description.hostNames.count)
    }

    /// The description with the addresses that were found.
    func resolved(_ description: SessionDescription) async -> SessionDescription {
        guard let lookUp else { return description }
        let searches = description.hostNames.map { name in (name, LoopActor.task { await lookUp(name).first }) }
        let timer = LoopTimer.schedule(after: limit) { searches.forEach { $0.1.cancel() } }
        var addresses: [String: String] = [:]
        for (name, search) in searches { addresses[name] = await search.value }
        timer.cancel()
        var description = description
        description.resolve(addresses)
        return description
    }
}
