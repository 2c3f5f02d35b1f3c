/// The packets of a stream that have not come, and when to ask the sender for each again by a ``NACK``.
///
/// At most ``capacity`` packets are waited for, each is asked for twice at most: a sender that skips numbers causes no flood.
public struct MissingPackets: Sendable {
    /// The packets that are waited for at most; after a longer gap none of it is asked for.
    public static let capacity = 64
    /// How long a packet may be misordered before it counts as lost. Microseconds.
    public static let reordering: Int64 = 12_000
    /// Between two requests for one packet. Microseconds.
    public static let repetition: Int64 = 150_000
    /// Requests for one packet.
    public static let attempts: UInt8 = 2

    private struct Entry {
        var sequence: UInt16 = 0
        var requests: UInt8 = 0
        /// When the gap was found, then when the packet was asked for.
        var time: Int64 = 0
    }

    /// In ascending order.
    private var entries = InlineArray<64, Entry>(repeating: Entry())
    private var count = 0
    private var highest: UInt16 = 0
    private var restarts: UInt32 = 0
    private var isBegun = false

    public init() {}

    /// Whether no packet is waited for.
    public var isEmpty: Bool { count == 0 }

    /// A packet has come.
    ///
    /// - Parameters:
    ///   - statistics: Those of the stream, which have counted the packet.
    ///   - now: In microseconds of any clock that does not jump.
    public mutating func receive(_ sequence: UInt16, _ statistics: StreamStatistics, now: Int64) {
        let newest = UInt16(truncatingIfNeeded: statistics.highestSequence)
        guard isBegun, restarts == statistics.restarts else {
            isBegun = true
            restarts = statistics.restarts
            highest = newest
            count = 0
            return
        }
        let step = newest &- highest
        guard step != 0, step < 0x8000 else { return remove(sequence) }
        if Int(step) > MissingPackets.capacity {
            count = 0
        } else {
            var number = highest &+ 1
            while number != newest {
                append(number, now)
                number = number &+ 1
            }
        }
        highest = newest
    }

    /// The next packets to ask for; nil when there are none at this time. What it gives counts as asked for.
    public mutating func next(now: Int64) -> NACK.Item? {
        var item: NACK.Item?
        var index = 0
        while index < count {
            let entry = entries[unchecked: index]
            let age = now &- entry.time
            if entry.requests >= MissingPackets.attempts {
                // The sender has had its time.
                if age >= MissingPackets.repetition { removeEntry(index) } else { index = index &+ 1 }
                continue
            }
            let distance = item.map { entry.sequence &- $0.packetID } ?? 0
            if distance > 16 { break }
            if age >= (entry.requests == 0 ? MissingPackets.reordering : MissingPackets.repetition) {
                if item == nil { item = NACK.Item(packetID: entry.sequence) } else { item?.mask |= 1 << (distance &- 1) }
                entries[unchecked: index].requests = entry.requests &+ 1
                entries[unchecked: index].time = now
            }
            index = index &+ 1
        }
        return item
    }

    private mutating func append(_ sequence: UInt16, _ now: Int64) {
        if count >= MissingPackets.capacity { removeEntry(0) }
        entries[unchecked: count] = Entry(sequence: sequence, requests: 0, time: now)
        count = count &+ 1
    }

    private mutating func remove(_ sequence: UInt16) {
        var index = 0
        while index < count {
            if entries[unchecked: index].sequence == sequence { return removeEntry(index) }
            index = index &+ 1
        }
    }

    private mutating func removeEntry(_ index: Int) {
        var index = index
        while index &+ 1 < count {
            entries[unchecked: index] = entries[unchecked: index &+ 1]
            index = index &+ 1
        }
        count = max(count &- 1, 0)
    }
}
