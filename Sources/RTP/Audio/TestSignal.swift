internal import Glibc

/// What a line test sends to the caller, instead of what comes from it.
public enum TestSignal: Equatable, Sendable {
    /// A sine: Hz, and dBm0.
    case tone(frequency: Double, level: Double)
    case silence
    /// A sine that goes from one frequency to the other, evenly by octaves, again and again. Hz, dBm0, seconds.
    case sweep(from: Double, to: Double, level: Double, seconds: Double)
    /// Sines one after the other, once, at -16 dBm0.
    case melody([Note])

    /// A sine of a melody: Hz, 0 for a pause, and seconds.
    public struct Note: Equatable, Sendable {
        public let frequency: Double
        public let seconds: Double

        public init(frequency: Double, seconds: Double) {
            self.frequency = frequency
            self.seconds = seconds
        }
    }

    /// Seconds until it is over; nil for a signal without an end.
    public var duration: Double? {
        guard case .melody(let notes) = self else { return nil }
        return notes.reduce(0) { $0 + $1.seconds }
    }

    /// The milliwatt of a test line: 1004 Hz at 0 dBm0. Other than 1000 Hz, it meets all codes of G.711.
    public static let milliwatt = TestSignal.tone(frequency: 1_004, level: 0)
    /// The same at a level of -16 dBm0.
    public static let quietMilliwatt = TestSignal.tone(frequency: 1_004, level: -16)
    /// The band of a telephone, in ten seconds.
    public static let band = TestSignal.sweep(from: 300, to: 3_400, level: -16, seconds: 10)
}

/// Makes the samples of a ``TestSignal``.
public struct SignalGenerator: Sendable {
    public let signal: TestSignal
    /// Samples in a second.
    public let rate: Double
    private var phase = 0.0
    private var time = 0.0
    /// The note of a melody that sounds, and when the one before it ended.
    private var index = 0
    private var noteEnd = 0.0

    public init(_ signal: TestSignal, rate: Double = 8_000) {
        self.signal = signal
        self.rate = max(rate, 1)
    }

    /// The next sample.
    public mutating func next() -> Int16 {
        let (frequency, level): (Double, Double)
        switch signal {
        case .silence: return 0
        case .tone(let tone, let loudness): (frequency, level) = (tone, loudness)
        case .melody(let notes):
            while index < notes.count, time >= noteEnd + notes[index].seconds {
                noteEnd += notes[index].seconds
                index += 1
                phase = 0
            }
            guard index < notes.count, notes[index].frequency > 0 else {
                time += 1 / rate
                return 0
            }
            (frequency, level) = (notes[index].frequency, -16)
        case .sweep(let from, let to, let loudness, let seconds):
            let share = seconds > 0 ? (time / seconds).truncatingRemainder(dividingBy: 1) : 0
            (frequency, level) = (from * pow(to / from, share), loudness)
        }
        let value = 32_767 * pow(10, (min(level, G711.overload) - G711.overload) / 20) * sin(phase)
        phase += 2 * Double.pi * frequency / rate
        if phase > 2 * Double.pi { phase -= 2 * Double.pi }
        time += 1 / rate
        guard value.isFinite else { return 0 }
        return Int16(max(-32_768, min(32_767, value.rounded())))
    }
}
