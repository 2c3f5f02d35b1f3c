internal import Glibc

/// The DTMF digits in audio of 8,000 samples a second (ITU-T Q.23, Q.24), by the Goertzel algorithm over blocks of 12.75 ms.
public struct ToneDigitDetector: Equatable, Sendable {
    /// A digit that has ended.
    public struct Digit: Equatable, Sendable {
        public let character: Character
        /// Milliseconds.
        public let duration: Int
        /// Of both tones together. dBov.
        public let level: Double
    }

    private static let rows = [697.0, 770, 852, 941], columns = [1209.0, 1336, 1477, 1633]
    private static let digits: [Character] = ["1", "2", "3", "A", "4", "5", "6", "B", "7", "8", "9", "C", "*", "0", "#", "D"]
    private static let coefficients = InlineArray<8, Double> { index in
        2 * cos(2 * Double.pi * (index < 4 ? rows[index] : columns[index - 4]) / 8_000)
    }

    private static let size = 102
    /// Blocks until a digit has begun, 38 ms (Q.24: 40 ms are a digit), and without it until it has ended.
    private static let begin = 3, end = 2
    /// The least level. dBov.
    private static let quietest = -45.0
    /// How much stronger the columns' tone may be than the rows', and the other way round: 8 dB, and 6 dB.
    private static let twist = 6.3, reverseTwist = 4.0
    /// How much stronger a tone is than the others of its group: 8 dB.
    private static let distance = 6.3
    /// The share of all power that both tones have: speech has more beside them.
    private static let purity = 0.75

    private var states = InlineArray<16, Double>(repeating: 0)
    private var energy = 0.0
    private var count = 0
    /// The digit of the last blocks, how many they are, and their energy; how many came since without it.
    private var candidate: Int?
    private var blocks = 0
    private var missing = 0
    private var toneEnergy = 0.0

    public init() {}

    public static func == (left: ToneDigitDetector, right: ToneDigitDetector) -> Bool {
        left.energy == right.energy && left.count == right.count && left.candidate == right.candidate && left.blocks == right.blocks
    }

    /// Takes a sample; returns the digit that has ended by it.
    @inline(__always)
    public mutating func take(_ sample: Int16) -> Digit? {
        let value = Double(sample)
        energy += value * value
        for index in 0..<8 {
            let next = value + ToneDigitDetector.coefficients[index] * states[index] - states[index + 8]
            states[index + 8] = states[index]
            states[index] = next
        }
        count = count &+ 1
        return count == ToneDigitDetector.size ? closeBlock() : nil
    }

    /// The audio has a hole: what has begun has ended.
    public mutating func interrupt() -> Digit? {
        let digit = finish()
        self = ToneDigitDetector()
        return digit
    }

    private mutating func closeBlock() -> Digit? {
        let found = blockDigit()
        let blockEnergy = energy
        energy = 0
        count = 0
        states = InlineArray(repeating: 0)
        guard let candidate else {
            start(found, blockEnergy)
            return nil
        }
        if found == candidate {
            blocks = blocks &+ 1
            missing = 0
            toneEnergy += blockEnergy
            return nil
        }
        missing = missing &+ 1
        guard found != nil || missing >= ToneDigitDetector.end else { return nil }
        let digit = finish()
        start(found, blockEnergy)
        return digit
    }

    private mutating func start(_ digit: Int?, _ energy: Double) {
        candidate = digit
        blocks = digit == nil ? 0 : 1
        missing = 0
        toneEnergy = digit == nil ? 0 : energy
    }

    private mutating func finish() -> Digit? {
        guard let candidate, blocks >= ToneDigitDetector.begin else { return nil }
        defer { self.candidate = nil }
        return Digit(
            character: ToneDigitDetector.digits[candidate],
            duration: blocks * ToneDigitDetector.size / 8, level: AudioMeter.level(toneEnergy, blocks * ToneDigitDetector.size))
    }

    /// The digit that a block has; nil for none.
    private func blockDigit() -> Int? {
        guard AudioMeter.level(energy, ToneDigitDetector.size) >= ToneDigitDetector.quietest else { return nil }
        guard let row = strongest(0), let column = strongest(4) else { return nil }
        guard column.power <= row.power * ToneDigitDetector.twist, row.power <= column.power * ToneDigitDetector.reverseTwist else { return nil }
        // A tone of amplitude a has the power (a·n/2)², and the energy n·a²/2.
        guard (row.power + column.power) * 2 >= ToneDigitDetector.purity * energy * Double(ToneDigitDetector.size) else { return nil }
        return row.index * 4 + column.index
    }

    private func strongest(_ first: Int) -> (index: Int, power: Double)? {
        var best = (index: 0, power: 0.0), second = 0.0
        for index in 0..<4 {
            let one = states[first + index], two = states[first + index + 8]
            let power = one * one + two * two - ToneDigitDetector.coefficients[first + index] * one * two
            if power > best.power {
                second = best.power
                best = (index, power)
            } else {
                second = max(second, power)
            }
        }
        return best.power >= second * ToneDigitDetector.distance ? best : nil
    }
}
