public import RTP

/// The E-model's judgement of one direction, with what it was made of (ITU-T G.107, of wideband codecs G.107.1).
public struct LineQuality: Sendable, Equatable {
    /// Packets below which nothing is said.
    public static let leastPackets = 100

    /// Which model judged; the ratings of the two are on other scales, the scores on one.
    public let band: EModel.Band
    /// Whether a factor of the codec is assumed (``EModel/Codec/isAssumed``).
    public let isAssumed: Bool
    public let rating: Double
    /// MOS, 1 to 4.5.
    public let score: Double
    /// Ie and Bpl of the codec.
    public let impairment: Double
    public let robustness: Double
    public let burstRatio: Double
    /// Share of packets that were lost or late, 0 to 1.
    public let loss: Double
    /// One way, in milliseconds; nil where no round trip is known: then none counts.
    public let delay: Double?

    /// - Parameter codec: As `rtpmap` names it.
    /// - Returns: Nil under ``leastPackets``, and for codecs of which there are no figures.
    init?(codec: String?, packets: Int, loss: Double?, burstRatio: Double, roundTrip: Int?) {
        guard packets >= LineQuality.leastPackets, let loss, let model = codec.flatMap({ EModel.Codec(rtpmap: $0) }) else { return nil }
        delay = roundTrip.map { Double(max($0, 0)) / 2 }
        let judged = EModel(codec: model, loss: loss, burst: burstRatio, delay: delay ?? 0)
        band = model.band
        isAssumed = model.isAssumed
        rating = judged.rating
        score = judged.score
        impairment = model.impairment
        robustness = model.robustness
        self.burstRatio = burstRatio
        self.loss = loss
    }
}

extension LineTestResult {
    /// Of what came from the caller.
    public var receivedQuality: LineQuality? {
        LineQuality(
            codec: codec?.name, packets: Int(clamping: received.packets), loss: received.lossShare, burstRatio: received.burstRatio ?? 1,
            roundTrip: sent.roundTrip)
    }

    /// Of what went to the caller; nil where its RTCP does not tell of losses.
    public var sentQuality: LineQuality? {
        LineQuality(codec: codec?.name, packets: sent.packets, loss: sent.lossShare, burstRatio: 1, roundTrip: sent.roundTrip)
    }
}
