/// The DTMF digits in a stream of telephone events (RFC 4733): each once, however many packets tell of it.
public struct DigitDetector: Equatable, Sendable {
    /// A digit that has been pressed and let go.
    public struct Digit: Equatable, Sendable {
        /// 0 to 9, 10 `*`, 11 `#`, 12 to 15 `A` to `D`, 16 a hook flash (RFC 4733 section 3.2).
        public let event: UInt8
        /// In units of the payload's clock.
        public let duration: UInt16

        /// The digit as one writes it; nil for another event.
        public var character: Character? {
            switch event {
            case 0...9: Character(Unicode.Scalar(0x30 &+ event))
            case 10: "*"
            case 11: "#"
            case 12...15: Character(Unicode.Scalar(0x41 &+ event &- 12))
            case 16: "!"
            default: nil
            }
        }
    }

    /// Bytes of an event's payload.
    public static let size = 4
    /// An event that gets no packet for so long has ended: its last packets were lost. Microseconds.
    public static let longestSilence: Int64 = 300_000

    /// No packet of an event is on its way for longer. Microseconds.
    private static let longestDelay: Int64 = 2_000_000

    private struct Event: Equatable {
        let ssrc: UInt32
        let timestamp: UInt32
        let event: UInt8
        var duration: UInt16
        var lastPacket: Int64
        var isOver = false
    }

    private var current: Event?

    public init() {}

    /// Takes a packet of the agreed payload type.
    ///
    /// - Parameter now: In microseconds of any clock that does not jump.
    /// - Returns: The digit that this packet ends. That of an earlier event whose end was lost comes with the first packet of the next one.
    public mutating func take(_ header: RTPHeader, in packet: UnsafeRawPointer, now: Int64) -> Digit? {
        guard header.payloadEnd &- header.payloadOffset >= DigitDetector.size else { return nil }
        let event = packet.load(fromByteOffset: header.payloadOffset, as: UInt8.self)
        let isEnd = packet.load(fromByteOffset: header.payloadOffset &+ 1, as: UInt8.self) & 0x80 != 0
        let duration = packet.bigEndian16(at: header.payloadOffset &+ 2)
        var ended: Digit?
        if let known = current, known.ssrc == header.ssrc, known.timestamp == header.timestamp, known.event == event {
            guard !known.isOver else { return nil }
        } else {
            // A packet of before that comes late says nothing new. Another source counts otherwise, and so may one after a while.
            if let known = current, known.ssrc == header.ssrc, now &- known.lastPacket < DigitDetector.longestDelay,
                Int32(bitPattern: header.timestamp &- known.timestamp) < 0
            {
                return nil
            }
            ended = finish()
            current = Event(ssrc: header.ssrc, timestamp: header.timestamp, event: event, duration: duration, lastPacket: now)
        }
        let longest = max(current?.duration ?? 0, duration)
        current?.duration = longest
        current?.lastPacket = now
        // The end is sent three times: the next one ends this event.
        return isEnd && ended == nil ? finish() : ended
    }

    /// The digit whose last packets were lost, once it has been silent for long enough.
    public mutating func lapse(now: Int64) -> Digit? {
        guard let known = current, !known.isOver, now &- known.lastPacket >= DigitDetector.longestSilence else { return nil }
        return finish()
    }

    private mutating func finish() -> Digit? {
        guard let known = current, !known.isOver else { return nil }
        current?.isOver = true
        return Digit(event: known.event, duration: known.duration)
    }
}
