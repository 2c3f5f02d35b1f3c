internal import Glibc

/// The E-model: what people would think of a call, from what is measured of it. ITU-T G.107 (06/2015) for narrowband codecs, G.107.1 (06/2019) for
/// wideband ones.
///
/// All parameters that are not given have the Recommendations' defaults (table 2 of G.107). Pure arithmetic.
public struct EModel: Sendable, Equatable {
    /// Which of the two models judges a codec. Their ratings are on scales of their own.
    public enum Band: String, Sendable, Equatable {
        case narrowband = "G.107"
        case wideband = "G.107.1"
    }

    /// What a codec and its losses take away (ITU-T G.113).
    public struct Codec: Sendable, Equatable {
        /// The equipment impairment factor Ie, or Ie,wb.
        public let impairment: Double
        /// The packet-loss robustness factor Bpl, or Bpl,wb.
        public let robustness: Double
        public let band: Band
        /// Whether one of the factors is not the Recommendation's but taken from a codec that is like this one.
        public let isAssumed: Bool

        public init(impairment: Double, robustness: Double, band: Band = .narrowband, isAssumed: Bool = false) {
            self.impairment = impairment
            self.robustness = robustness
            self.band = band
            self.isAssumed = isAssumed
        }

        /// G.711 whose receiver conceals losses (G.711 appendix I).
        public static let g711 = Codec(impairment: 0, robustness: 25.1)
        /// G.729 with annex A, with or without silence suppression.
        public static let g729 = Codec(impairment: 11, robustness: 19)
        /// G.722 at 64 kbit/s: Ie,wb of G.113 appendix IV. Its Bpl,wb is assumed: the least of those that the appendix has for other codecs, of 4.3 to 4.9.
        public static let g722 = Codec(impairment: 13, robustness: 4.3, band: .wideband, isAssumed: true)
        /// Opus, for which G.113 has nothing: assumed to be as G.722.2 (AMR-WB) at 23.05 kbit/s there.
        public static let opus = Codec(impairment: 1, robustness: 4.6, band: .wideband, isAssumed: true)

        /// The codec of an `rtpmap` name; nil where there are no figures for it.
        public init?(rtpmap name: String) {
            switch name.uppercased() {
            case "PCMU", "PCMA": self = .g711
            case "G729": self = .g729
            case "G722": self = .g722
            case "OPUS": self = .opus
            default: return nil
            }
        }
    }

    /// The rating R: 93.2 is a perfect narrowband call, 129 a perfect wideband one; may be below 0.
    public let rating: Double
    private let band: Band

    /// The mean opinion score that people would give, 1 to 4.5 (annex B of G.107, annex A of G.107.1).
    public var score: Double {
        let rating = band == .wideband ? rating / 1.29 : rating
        if rating <= 0 { return 1 }
        if rating >= 100 { return 4.5 }
        return max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
    }

    /// - Parameters:
    ///   - loss: Share of packets that were lost or came too late, 0 to 1.
    ///   - burst: BurstR: how much longer bursts of losses are than random ones would be; 1 for random losses.
    ///   - delay: One way from mouth to ear, in milliseconds.
    public init(codec: Codec, loss: Double, burst: Double = 1, delay: Double = 0) {
        let percent = min(max(loss, 0), 1) * 100
        let time = min(max(delay, 0), 10_000)
        let effective = codec.impairment + (95 - codec.impairment) * percent / (percent / max(burst, 1) + codec.robustness)
        band = codec.band
        rating = switch codec.band {
        case .narrowband: EModel.signal - EModel.simultaneous(time) - EModel.delayed(time) - effective
        // Is,wb and A are 0 (clause 7.3 and table 2). Echo is not measured: there is taken to be none.
        case .wideband: EModel.widebandSignal - EModel.absoluteDelay(time) - effective
        }
    }

    // MARK: The Recommendation's terms, at their default parameters

    private static let sendLoudness = 8.0, receiveLoudness = 2.0, sidetone = 15.0, talkerEcho = 65.0, weightedEcho = 110.0
    private static let room = 35.0, handset = 3.0, circuitNoise = -70.0, noiseFloor = -64.0

    /// No, the sum of all noise, in dBm0p.
    private static let noise: Double = {
        let overall = sendLoudness + receiveLoudness
        let sent = room - sendLoudness - handset - 100 + 0.004 * pow(room - overall - handset - 14, 2)
        let effective = room + 10 * log10(1 + pow(10, (10 - (sidetone + handset)) / 10))
        let received = receiveLoudness - 121 + effective + 0.008 * pow(effective - 35, 2)
        return 10 * log10([circuitNoise, sent, received, noiseFloor + receiveLoudness].reduce(0) { $0 + pow(10, $1 / 10) })
    }()

    /// Ro,wb.
    private static let widebandSignal = 129.0

    /// Ro, the signal to noise ratio.
    private static let signal = 15 - 1.5 * (sendLoudness + noise)

    /// Is: what comes with the voice, as too loud a connection, sidetone and quantizing noise.
    private static func simultaneous(_ time: Double) -> Double {
        let overall = sendLoudness + receiveLoudness + 0.2 * (64 + noise - receiveLoudness)
        let loud = 20 * (pow(1 + pow(overall / 8, 8), 1 / 8) - overall / 8)
        let own = -10 * log10(pow(10, -sidetone / 10) + exp(-time / 4) * pow(10, -talkerEcho / 10))
        let hears = 12 * pow(1 + pow((own - 13) / 6, 8), 1 / 8) - 28 * pow(1 + pow((own + 1) / 19.4, 35), 1 / 35)
            - 13 * pow(1 + pow((own - 3) / 33, 13), 1 / 13) + 29
        // One quantizing distortion unit: Q is 37.
        let quantizing = 1.07 + 0.258 * 37 + 0.0602 * 37 * 37
        let coarse = 15 * log10(1 + pow(10, (signal - 100) / 15 + 46 / 8.4 - quantizing / 9) + pow(10, 46.0 / 30 - quantizing / 40))
        return loud + hears + coarse
    }

    /// Id: echo of the talker and of the listener, and too long a delay.
    private static func delayed(_ time: Double) -> Double {
        let echo = talkerEcho - 40 * log10((1 + time / 10) / (1 + time / 150)) + 6 * exp(-0.3 * time * time)
        let without = -1.5 * (noise - receiveLoudness), with = 80 + 2.5 * (echo - 14)
        let talker = ((without - with) / 2 + (pow(without - with, 2) / 4 + 100).squareRoot() - 1) * (1 - exp(-time))
        let loss = 10.5 * (weightedEcho + 7) * pow(2 * time + 1, -0.25)
        let listener = (signal - loss) / 2 + (pow(signal - loss, 2) / 4 + 169).squareRoot()
        return talker + listener + absoluteDelay(time)
    }

    /// Idd: too long a delay, even without any echo.
    private static func absoluteDelay(_ time: Double) -> Double {
        guard time > 100 else { return 0 }
        let x = log2(time / 100)
        return 25 * (pow(1 + pow(x, 6), 1 / 6) - 3 * pow(1 + pow(x / 3, 6), 1 / 6) + 2)
    }
}
