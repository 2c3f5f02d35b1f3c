/// The packets that were sent last, to be sent again to a receiver that asks for them by a ``NACK``: at most ``capacity`` packets, in
/// ``capacity`` times ``longest`` bytes (192 KiB).
///
/// It has memory of its own, which ``deallocate()`` gives back.
public struct SentPackets: @unchecked Sendable {
    /// Packets that are kept; half a second of video at 2.5 Mbit/s. A power of two.
    public static let capacity = 128
    /// Bytes of the longest packet that is kept.
    public static let longest = 1_536
    /// A packet is not sent again so soon after it was: requests for it cross with it. Microseconds.
    public static let interval: Int64 = 50_000
    /// How often one packet is sent again at most: requests in a flood do not make a flood.
    public static let repetitions: UInt8 = 3

    private struct Slot {
        var sequence: UInt16 = 0
        /// Bytes of the packet; 0 for none.
        var length: UInt16 = 0
        var repetitions: UInt8 = 0
        /// When it was sent last, in microseconds.
        var time: Int64 = 0
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let memory: UnsafeMutableRawPointer

    public init() {
        slots = .allocate(capacity: SentPackets.capacity)
        slots.initialize(repeating: Slot(), count: SentPackets.capacity)
        memory = .allocate(byteCount: SentPackets.capacity &* SentPackets.longest, alignment: 16)
    }

    public func deallocate() {
        slots.deallocate()
        memory.deallocate()
    }

    /// Forgets all packets.
    public func clear() { slots.update(repeating: Slot(), count: SentPackets.capacity) }

    /// Keeps a packet as it was sent, in the place of the oldest.
    ///
    /// - Parameter now: In microseconds of any clock that does not jump.
    public func keep(_ packet: UnsafeRawPointer, length: Int, sequence: UInt16, now: Int64) {
        let index = Int(sequence) & (SentPackets.capacity &- 1)
        guard length > 0, length <= SentPackets.longest else {
            slots[index].length = 0
            return
        }
        (memory + index &* SentPackets.longest).copyMemory(from: packet, byteCount: length)
        slots[index] = Slot(sequence: sequence, length: UInt16(truncatingIfNeeded: length), repetitions: 0, time: now)
    }

    /// A packet that is to be sent again, and counts as sent.
    ///
    /// - Returns: Nil for one that is not there any more, was sent a moment ago, or has been sent often enough.
    public func take(_ sequence: UInt16, now: Int64) -> UnsafeRawBufferPointer? {
        let index = Int(sequence) & (SentPackets.capacity &- 1)
        let slot = slots[index]
        guard slot.length > 0, slot.sequence == sequence, slot.repetitions < SentPackets.repetitions,
            slot.repetitions == 0 || now &- slot.time >= SentPackets.interval
        else { return nil }
        slots[index].repetitions = slot.repetitions &+ 1
        slots[index].time = now
        return UnsafeRawBufferPointer(start: memory + index &* SentPackets.longest, count: Int(slot.length))
    }
}
