/// Brings the packets of one stream into their order (RFC 3550 section 5.1) and gives each its place on the time line.
///
/// A packet is held until those of the following second are known, or ``capacity`` of them.
struct PacketQueue {
    /// A packet and its place, in ticks of the RTP clock since the recording's beginning.
    struct Placed: Equatable {
        let packet: RTPPacket
        let position: Int64
        /// Whether packets are missing before it.
        let followsGap: Bool
    }

    private struct Held {
        let packet: RTPPacket
        let number: Int64
        let extended: Int64
        let arrival: Int64
    }

    static let capacity = 512
    /// In milliseconds.
    private static let earliness: Int64 = 20
    /// In seconds.
    private static let longestDelay: Int64 = 10
    /// A packet that comes so many numbers too late belongs to a sender that has begun anew.
    private static let restart: Int64 = 1_024

    private let rate: Int64
    private var clock: StreamClock
    private var held: [Held] = []
    private var latest: (raw: UInt16, number: Int64)?
    private var emitted: Int64?
    private var newest: Int64 = 0

    /// - Parameters:
    ///   - rate: Ticks a second.
    ///   - tolerance: In milliseconds; see ``StreamClock``.
    init(rate: Int64, tolerance: Int64) {
        self.rate = rate
        clock = StreamClock(tolerance: tolerance * rate / 1_000, earliness: PacketQueue.earliness * rate / 1_000)
    }

    /// Takes a packet that came `arrival` milliseconds after the recording's beginning; gives those that are due.
    mutating func take(_ packet: RTPPacket, arrival: Int64) -> [Placed] {
        let difference = latest.map { Int64(Int16(bitPattern: packet.sequenceNumber &- $0.raw)) } ?? 1
        var due: [Placed] = []
        if difference < -PacketQueue.restart { due = flush() }
        let number = (latest?.number ?? 0) + (difference < -PacketQueue.restart ? 1 : difference)
        let extended = clock.extend(packet.timestamp)
        if latest.map({ number > $0.number }) ?? true { latest = (packet.sequenceNumber, number) }
        guard emitted.map({ number > $0 }) ?? true, !held.contains(where: { $0.number == number }) else { return due }
        newest = max(newest, arrival * rate / 1_000)
        let place = held.lastIndex { $0.number < number }.map { $0 + 1 } ?? 0
        held.insert(Held(packet: packet, number: number, extended: extended, arrival: arrival * rate / 1_000), at: place)
        while let first = held.first, held.count > PacketQueue.capacity || newest - first.arrival > rate { due.append(emit(first)) }
        return due
    }

    /// Gives what is held: nothing follows.
    mutating func flush() -> [Placed] {
        var rest: [Placed] = []
        while let first = held.first { rest.append(emit(first)) }
        return rest
    }

    /// The least difference of arrival and timestamp of what is held. What is further from `own` than packets are ever late has
    /// another reason: a timestamp that jumped.
    private func earliest(from own: Int64) -> Int64 {
        held.reduce(own) { least, other in
            let difference = other.arrival - other.extended
            return own - difference <= PacketQueue.longestDelay * rate ? min(least, difference) : least
        }
    }

    private mutating func emit(_ first: Held) -> Placed {
        let position = clock.position(extended: first.extended, arrival: first.arrival)
            ?? clock.settle(extended: first.extended, earliest: earliest(from: first.arrival - first.extended))
        held.removeFirst()
        let followsGap = emitted.map { first.number != $0 + 1 } ?? false
        emitted = first.number
        return Placed(packet: first.packet, position: position, followsGap: followsGap)
    }
}

/// Puts the packets of one stream on the time line of a recording. All times are in ticks of the stream's RTP clock.
///
/// RTP timestamps say exactly how packets follow each other, but may stand still during a hold, jump, or run at another speed than
/// our clock; the times of arrival are right on the whole, and jitter. So timestamps decide as long as they agree with the arrivals
/// within a tolerance, which is smaller for what comes early: nothing arrives before it was sent. Where they do not, the earliest arrival of what follows within a second decides whether the stream has moved,
/// or some packets were only late.
struct StreamClock {
    private let tolerance: Int64
    private let earliness: Int64
    /// What is added to an extended timestamp.
    private var base: Int64?
    private var last: (timestamp: UInt32, extended: Int64)?

    /// - Parameters:
    ///   - tolerance: In ticks.
    ///   - earliness: That for what comes early.
    init(tolerance: Int64, earliness: Int64) {
        self.tolerance = tolerance
        self.earliness = earliness
    }

    private func agrees(_ difference: Int64) -> Bool { (-earliness...tolerance).contains(difference) }

    /// The timestamp without its wrap; to be asked in the order of arrival.
    mutating func extend(_ timestamp: UInt32) -> Int64 {
        let extended = last.map { $0.extended + Int64(Int32(bitPattern: timestamp &- $0.timestamp)) } ?? 0
        last = (timestamp, extended)
        return extended
    }

    /// Where a packet belongs whose timestamp agrees with its arrival; nil where ``settle(extended:earliest:)`` has to decide.
    func position(extended: Int64, arrival: Int64) -> Int64? {
        guard let base, agrees(arrival - extended - base) else { return nil }
        return extended + base
    }

    /// Where the others belong.
    ///
    /// - Parameter earliest: The least difference of arrival and extended timestamp of this packet and those behind it.
    mutating func settle(extended: Int64, earliest: Int64) -> Int64 {
        if let base, agrees(earliest - base) { return extended + base }
        base = earliest
        return extended + earliest
    }
}
