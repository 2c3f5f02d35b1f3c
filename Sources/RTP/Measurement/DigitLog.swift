/// The DTMF digits of a line test, by whichever method they came. Keeps the last 32 of them.
public struct DigitLog: Equatable, Sendable {
    public enum Method: String, Equatable, Sendable {
        /// RFC 4733.
        case rtp
        /// Tones in the audio.
        case inBand = "in-band"
        /// SIP INFO.
        case info
    }

    public struct Entry: Equatable, Sendable {
        public var digit: Character
        public var method: Method
        /// When it ended, in milliseconds since the test began.
        public var time: Int
        /// Milliseconds.
        public var duration: Int
        /// dBov, for tones.
        public var level: Double?

        public init(digit: Character, method: Method, time: Int, duration: Int, level: Double? = nil) {
            self.digit = digit
            self.method = method
            self.time = time
            self.duration = duration
            self.level = level
        }
    }

    public static let capacity = 32
    /// The same digit by two methods within this time was pressed once. Milliseconds.
    public static let shortestPause = 600

    /// The last digits, in the order in which they ended.
    public private(set) var entries: [Entry] = []
    /// All digits, also those that are no longer kept.
    public private(set) var count = 0
    /// Digits that came by two methods at once.
    public private(set) var doubled = 0

    public init() {}

    public mutating func add(_ entry: Entry) {
        count &+= 1
        let isDoubled = entries.contains {
            $0.digit == entry.digit && $0.method != entry.method && ($0.time &- entry.time).magnitude < DigitLog.shortestPause
        }
        if isDoubled { doubled &+= 1 }
        if entries.count >= DigitLog.capacity { entries.removeFirst() }
        entries.append(entry)
    }
}
