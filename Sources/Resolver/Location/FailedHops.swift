/// Hops that failed a short while ago, and are tried last until then (RFC 3263 section 4.3).
struct FailedHops {
    /// How long a hop is remembered.
    static let memory = Duration.seconds(60)
    /// Hops that are remembered; the one that failed first makes room.
    static let maximumCount = 1_024

    private struct Key: Hashable {
        let transport: Hop.Transport
        let address: String
        let port: Int

        init(_ hop: Hop) {
            transport = hop.transport
            address = hop.address
            port = hop.port
        }
    }

    private var failures: [Key: ContinuousClock.Instant] = [:]

    mutating func markFailed(_ hop: Hop, at now: ContinuousClock.Instant) {
        failures[Key(hop)] = now
        guard failures.count > FailedHops.maximumCount else { return }
        failures = failures.filter { now - $0.value < FailedHops.memory }
        guard failures.count > FailedHops.maximumCount, let oldest = failures.min(by: { $0.value < $1.value })?.key else { return }
        failures[oldest] = nil
    }

    /// The same hops, those that failed behind the others, otherwise in their order. None is left out: they may be all there is.
    func ordered(_ hops: [Hop], at now: ContinuousClock.Instant) -> [Hop] {
        let failed = hops.map { hop in failures[Key(hop)].map { now - $0 < FailedHops.memory } ?? false }
        return zip(hops, failed).filter { !$0.1 }.map(\.0) + zip(hops, failed).filter(\.1).map(\.0)
    }
}
