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

    /// The description, when it has host names to look up; else nil.
    nonisolated static func needingAddresses(_ sdp: String) -> SessionDescription? {
        // Nearly all have none, and are not parsed twice.
        let isCandidate = sdp.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }).contains { line in
            line.starts(with: "c=".utf8) && line.split(separator: UInt8(ascii: " ")).dropFirst(2).first.map(hasLetter) == true
        }
        guard isCandidate, let description = try? SessionDescription(parsing: sdp),
            (1...maximumNames).contains(description.hostNames.count)
        else { return nil }
        return description
    }

    private nonisolated static func hasLetter(_ address: Substring.UTF8View.SubSequence) -> Bool {
        !address.contains(UInt8(ascii: ":")) && address.contains { (0x61...0x7a).contains($0 | 0x20) }
    }

    /// The text of `description` with the addresses that were found.
    func resolved(_ description: SessionDescription) async -> String {
        guard let lookUp else { return description.text }
        let searches = description.hostNames.map { name in (name, LoopActor.task { await lookUp(name).first }) }
        let timer = LoopTimer.schedule(after: limit) { searches.forEach { $0.1.cancel() } }
        var addresses: [String: String] = [:]
        for (name, search) in searches { addresses[name] = await search.value }
        timer.cancel()
        var description = description
        description.resolve(addresses)
        return description.text
    }
}
