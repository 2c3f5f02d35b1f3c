internal import Glibc
internal import RTP

/// What a test call sends: periods of two seconds, each with a chirp by which its echo is found, and a tone by which its level is measured.
///
/// Samples are 16 bits at 8,000 a second.
struct MarkedSignal {
    static let rate = 8_000
    /// Samples of a period: the longest round trip that can be found is a bit shorter.
    static let period = 16_000
    /// The chirp's samples, from the beginning of the period.
    static let chirp = 0..<1_600
    /// The tone's.
    static let tone = 4_000..<10_400
    /// Hz, and dBm0.
    static let toneFrequency = 1_004.0
    static let toneLevel = -16.0
    private static let chirpLevel = -10.0
    private static let chirpBand = 300.0...1_700.0

    /// One period.
    let samples: [Int16]

    init() {
        var samples = [Int16](repeating: 0, count: MarkedSignal.period)
        for (index, value) in MarkedSignal.chirpSamples.enumerated() { samples[index] = value }
        var generator = SignalGenerator(.tone(frequency: MarkedSignal.toneFrequency, level: MarkedSignal.toneLevel))
        for index in MarkedSignal.tone { samples[index] = generator.next() }
        self.samples = samples
    }

    /// A sine whose frequency rises evenly, with soft ends.
    static let chirpSamples: [Int16] = {
        let count = chirp.count, seconds = Double(count) / Double(rate)
        let amplitude = 32_767 * pow(10, (chirpLevel - G711.overload) / 20)
        let slope = (chirpBand.upperBound - chirpBand.lowerBound) / seconds
        return (0..<count).map { index in
            let time = Double(index) / Double(rate)
            let phase = 2 * Double.pi * (chirpBand.lowerBound * time + slope * time * time / 2)
            let edge = min(1, Double(min(index, count - 1 - index)) / 80)
            return Int16(amplitude * edge * sin(phase))
        }
    }()
}

/// What has come back of a ``MarkedSignal``.
struct EchoMeasurement: Equatable {
    /// From sending a sample to receiving it, of each period in which the chirp was found. Milliseconds.
    var roundTrips: [Double] = []
    /// How much louder the tone is that has come back than the one that was sent. dB; nil where it has not.
    var levelDifference: Double?
    /// The level of a steady tone at 1,004 Hz, where the far end sends one of its own. dBm0.
    var steadyTone: Double?

    /// How alike a chirp and what is taken for it must be, from 0 to 1.
    private static let likeness = 0.5

    /// The one in the middle; nil where there is none.
    var roundTrip: Double? {
        let sorted = roundTrips.sorted()
        return sorted.isEmpty ? nil : sorted[sorted.count / 2]
    }

    init() {}

    /// - Parameters:
    ///   - received: What came, by the time at which it came: its first sample is of the time at which the first one was sent.
    ///   - sent: How many samples were sent.
    init(received: [Int16], sent: Int) {
        var differences: [Double] = []
        var start = 0
        while start + MarkedSignal.period <= max(sent, 0), start + MarkedSignal.period <= received.count {
            if let delay = EchoMeasurement.delay(of: MarkedSignal.chirpSamples, in: received, from: start, searching: MarkedSignal.period - MarkedSignal.chirp.count) {
                roundTrips.append(Double(delay) * 1_000 / Double(MarkedSignal.rate))
                // The middle of the tone: its ends may be lost in a far end's echo canceller.
                let window = MarkedSignal.tone.lowerBound + 1_600..<MarkedSignal.tone.upperBound - 1_600
                if let level = EchoMeasurement.toneLevel(received, start + delay + window.lowerBound..<start + delay + window.upperBound) {
                    differences.append(level - MarkedSignal.toneLevel)
                }
            }
            start += MarkedSignal.period
        }
        if !differences.isEmpty { levelDifference = differences.sorted()[differences.count / 2] }
        guard roundTrips.isEmpty else { return }
        steadyTone = EchoMeasurement.steadyTone(received)
    }

    /// Where `template` is found: the first sample of it behind `start`.
    static func delay(of template: [Int16], in received: [Int16], from start: Int, searching range: Int) -> Int? {
        guard start >= 0, range > 0, !template.isEmpty else { return nil }
        // Half of the samples are enough for the search; the rest is for its outcome.
        let coarseTemplate = halved(template[...])
        let end = min(received.count, start + range + template.count)
        guard end - start > template.count else { return nil }
        let coarse = halved(received[start..<end])
        guard let found = best(coarseTemplate, in: coarse, 0...(coarse.count - coarseTemplate.count)), found.likeness > likeness else { return nil }
        let part = received[start..<end].map { Float($0) }
        let around = max(0, 2 * found.offset - 3)...min(part.count - template.count, 2 * found.offset + 3)
        guard around.lowerBound <= around.upperBound else { return 2 * found.offset }
        return best(template.map { Float($0) }, in: part, around)?.offset
    }

    private static func halved(_ samples: ArraySlice<Int16>) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(samples.count / 2)
        var index = samples.startIndex
        while index + 1 < samples.endIndex {
            result.append((Float(samples[index]) + Float(samples[index + 1])) / 2)
            index += 2
        }
        return result
    }

    /// The offset with the greatest correlation, and the correlation over the product of both energies.
    private static func best(_ template: [Float], in samples: [Float], _ offsets: ClosedRange<Int>) -> (offset: Int, likeness: Double)? {
        let energy = template.reduce(0) { $0 + $1 * $1 }
        guard energy > 0, samples.count >= offsets.upperBound + template.count else { return nil }
        return template.withUnsafeBufferPointer { template in
            samples.withUnsafeBufferPointer { samples in
                var result: (offset: Int, likeness: Double)?
                var offset = offsets.lowerBound
                while offset <= offsets.upperBound {
                    var product: Float = 0, own: Float = 0
                    var index = 0
                    while index < template.count {
                        let sample = samples[offset &+ index]
                        product += template[index] * sample
                        own += sample * sample
                        index &+= 1
                    }
                    // The sign of an echo may be turned round.
                    let likeness = own > 0 ? Double(abs(product) / (energy * own).squareRoot()) : 0
                    if likeness > result?.likeness ?? 0, own / Float(template.count) > 100 { result = (offset, likeness) }
                    offset &+= 1
                }
                return result
            }
        }
    }

    /// The level at 1,004 Hz in these samples; nil where they were not received, or it is below -60 dBm0.
    static func toneLevel(_ samples: [Int16], _ range: Range<Int>) -> Double? {
        guard range.lowerBound >= 0, range.upperBound <= samples.count, !range.isEmpty else { return nil }
        var (cosine, sine) = (0.0, 0.0)
        for index in range {
            let phase = 2 * Double.pi * MarkedSignal.toneFrequency * Double(index) / Double(MarkedSignal.rate)
            cosine += Double(samples[index]) * cos(phase)
            sine += Double(samples[index]) * sin(phase)
        }
        let amplitude = 2 * (cosine * cosine + sine * sine).squareRoot() / Double(range.count)
        guard amplitude > 0 else { return nil }
        let level = 20 * log10(amplitude / 32_767) + G711.overload
        return level > -60 ? level : nil
    }

    /// Where nearly all of the energy of most tenths of a second is at 1,004 Hz: the level there.
    private static func steadyTone(_ samples: [Int16]) -> Double? {
        let size = 800
        var levels: [Double] = []
        var count = 0, start = 0
        while start + size <= samples.count {
            let range = start..<start + size
            let power = samples[range].reduce(0.0) { $0 + Double($1) * Double($1) } / Double(size)
            start += size
            guard power > 10_000 else { continue }
            count += 1
            guard let level = toneLevel(samples, range) else { continue }
            let amplitude = 32_767 * pow(10, (level - G711.overload) / 20)
            if amplitude * amplitude / 2 > power * 0.8 { levels.append(level) }
        }
        guard count >= 10, levels.count * 2 > count else { return nil }
        return levels.sorted()[levels.count / 2]
    }
}
