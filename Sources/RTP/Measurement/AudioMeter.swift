internal import Glibc

/// How loud the audio of a stream is, and what is wrong with it, in seconds of 8,000 samples.
///
/// Levels are in dBov: 0 is the power of a square wave that just reaches the overload point (RFC 6464 section 3, RFC 6465).
public struct AudioMeter: Equatable, Sendable {
    /// Parts of 20 ms below this level are silent. dBov.
    public static let silence = -50.0
    /// The least that is told apart from nothing at all. dBov.
    public static let lowest = -127.0
    /// Samples at the outermost value in a row that are clipped audio.
    static let clippedRun = 3
    private static let frameSize = 160

    private var samples: UInt64 = 0
    private var energy = 0.0
    private var sum: Int64 = 0
    private var peak: Int32 = 0
    private var clipped: UInt64 = 0
    /// Samples at the outermost value that came in a row.
    private var extremes = 0
    private var frames: UInt64 = 0
    private var silentFrames: UInt64 = 0
    private var activeEnergy = 0.0
    /// The part of 20 ms that runs.
    private var frameEnergy = 0.0
    private var frameSamples = 0
    /// The second that runs, and the loudest one.
    private var secondEnergy = 0.0
    private var secondFrames = 0
    private var loudestSecond = 0.0

    public init() {}

    /// Takes a sample.
    ///
    /// - Parameter isExtreme: Whether it is one of the two values furthest from zero that its codec has.
    @inline(__always)
    public mutating func add(_ sample: Int16, isExtreme: Bool) {
        samples = samples &+ 1
        sum = sum &+ Int64(sample)
        peak = max(peak, abs(Int32(sample)))
        frameEnergy += Double(sample) * Double(sample)
        if isExtreme {
            extremes = extremes &+ 1
            // The run's first samples count once it is known to be one.
            if extremes >= AudioMeter.clippedRun {
                clipped = clipped &+ (extremes == AudioMeter.clippedRun ? UInt64(AudioMeter.clippedRun) : 1)
            }
        } else {
            extremes = 0
        }
        frameSamples = frameSamples &+ 1
        if frameSamples == AudioMeter.frameSize { closeFrame() }
    }

    private mutating func closeFrame() {
        energy += frameEnergy
        frames = frames &+ 1
        if AudioMeter.level(frameEnergy, AudioMeter.frameSize) < AudioMeter.silence {
            silentFrames = silentFrames &+ 1
        } else {
            activeEnergy += frameEnergy
        }
        secondEnergy += frameEnergy
        secondFrames = secondFrames &+ 1
        if secondFrames == 50 {
            loudestSecond = max(loudestSecond, secondEnergy)
            secondEnergy = 0
            secondFrames = 0
        }
        frameEnergy = 0
        frameSamples = 0
    }

    /// The level of samples with that sum of squares.
    static func level(_ energy: Double, _ samples: Int) -> Double {
        guard energy > 0, samples > 0 else { return lowest }
        return max(lowest, 10 * log10(energy / Double(samples) / (32_768 * 32_768)))
    }

    /// What has been measured; nil before the first second is over.
    public var figures: AudioFigures? {
        guard frames >= 50 else { return nil }
        let active = frames &- silentFrames
        let size = UInt64(AudioMeter.frameSize)
        return AudioFigures(
            level: AudioMeter.level(energy, Int(truncatingIfNeeded: frames &* size)),
            activeLevel: active == 0 ? nil : AudioMeter.level(activeEnergy, Int(truncatingIfNeeded: active &* size)),
            loudestSecond: AudioMeter.level(loudestSecond, AudioMeter.frameSize * 50),
            peak: peak == 0 ? AudioMeter.lowest : max(AudioMeter.lowest, 20 * log10(Double(peak) / 32_768)),
            clipping: Double(clipped) / Double(samples), silence: Double(silentFrames) / Double(frames),
            offset: Double(sum) / Double(samples) / 32_768, seconds: Double(samples) / 8_000)
    }
}

/// What a line test has measured of the audio that comes.
public struct AudioFigures: Equatable, Sendable {
    /// Mean power. dBov.
    public var level: Double
    /// The same without the silent parts; nil where all are.
    public var activeLevel: Double?
    /// Mean power of the loudest second. dBov.
    public var loudestSecond: Double
    /// The largest sample, relative to the largest that there can be. dB.
    public var peak: Double
    /// Share of samples that are clipped, 0 to 1.
    public var clipping: Double
    /// Share of the time that is below ``AudioMeter/silence``, 0 to 1.
    public var silence: Double
    /// DC offset relative to the largest sample that there can be, -1 to 1.
    public var offset: Double
    /// Seconds of audio that were decoded.
    public var seconds: Double

    public init(
        level: Double, activeLevel: Double?, loudestSecond: Double, peak: Double, clipping: Double, silence: Double, offset: Double,
        seconds: Double
    ) {
        self.level = level
        self.activeLevel = activeLevel
        self.loudestSecond = loudestSecond
        self.peak = peak
        self.clipping = clipping
        self.silence = silence
        self.offset = offset
        self.seconds = seconds
    }
}
