/// Packets that are held back for a time: 128 KiB and 1,024 packets at most. What does not fit is dropped.
///
/// With an end of its intake it records: what came until then comes out once.
public struct PacketDelay {
    public static let capacity = 128 << 10
    public static let mostPackets = 1_024

    private struct Entry {
        var offset: Int
        var length: Int
        var due: Int64
    }

    private let bytes: UnsafeMutableRawPointer
    private let entries: UnsafeMutablePointer<Entry>
    private var first = 0
    private var count = 0
    /// Where the next packet's bytes go.
    private var end = 0
    /// Microseconds.
    private let delay: Int64
    private let intakeEnd: Int64?

    /// - Parameters:
    ///   - delay: How long each packet is held, in microseconds.
    ///   - intakeEnd: From then on packets are dropped; nil for never. In microseconds of the same clock as the packets'.
    public init(delay: Int64, intakeEnd: Int64? = nil) {
        self.delay = delay
        self.intakeEnd = intakeEnd
        bytes = .allocate(byteCount: PacketDelay.capacity, alignment: 16)
        entries = .allocate(capacity: PacketDelay.mostPackets)
        entries.initialize(repeating: Entry(offset: 0, length: 0, due: 0), count: PacketDelay.mostPackets)
    }

    /// Gives its memory back.
    public func deallocate() {
        bytes.deallocate()
        entries.deallocate()
    }

    /// Takes a copy of a packet.
    ///
    /// - Returns: Whether there was room.
    @discardableResult
    public mutating func take(_ packet: UnsafeRawPointer, length: Int, now: Int64) -> Bool {
        guard length > 0, count < PacketDelay.mostPackets, intakeEnd.map({ now < $0 }) ?? true, let offset = room(length) else { return false }
        (bytes + offset).copyMemory(from: packet, byteCount: length)
        entries[(first &+ count) % PacketDelay.mostPackets] = Entry(offset: offset, length: length, due: now &+ delay)
        count = count &+ 1
        end = offset &+ length
        return true
    }

    /// Where that many bytes are free in one piece; packets lie in their order, and begin anew at the bottom.
    private func room(_ length: Int) -> Int? {
        guard count > 0 else { return length <= PacketDelay.capacity ? 0 : nil }
        let start = entries[first].offset
        if end > start {
            if length <= PacketDelay.capacity &- end { return end }
            return length < start ? 0 : nil
        }
        return length < start &- end ? end : nil
    }

    /// Copies the first packet that is due out.
    ///
    /// - Parameter packet: Room for `most` bytes; a longer packet is dropped.
    /// - Returns: Its length; nil where none is due.
    public mutating func next(to packet: UnsafeMutableRawPointer, most: Int, now: Int64) -> Int? {
        while count > 0 {
            let entry = entries[first]
            guard entry.due <= now else { return nil }
            first = (first &+ 1) % PacketDelay.mostPackets
            count = count &- 1
            guard entry.length <= most else { continue }
            packet.copyMemory(from: bytes + entry.offset, byteCount: entry.length)
            return entry.length
        }
        return nil
    }

    /// When the first packet is due; nil while there is none.
    public var due: Int64? { count > 0 ? entries[first].due : nil }

    /// Whether nothing comes out any more.
    public func isOver(now: Int64) -> Bool { count == 0 && intakeEnd.map { now >= $0 } ?? false }
}
