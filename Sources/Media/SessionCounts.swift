internal import CoreMetrics
internal import EventLoop
internal import Events
internal import Janus
internal import ProxyCore
internal import SDP

/// Passes on what was counted of sessions: to the metrics `tern_sessions_up_seconds`, `tern_rtp_*` and `tern_call_mos` when they are over, and as events.
@LoopActor
enum SessionCounts {
    static func note(_ summary: SessionSummary) {
        if let time = summary.setUp {
            let (seconds, attoseconds) = time.components
            Timer(label: "tern_sessions_up_seconds").recordNanoseconds(min(seconds, 86_400) * 1_000_000_000 + attoseconds / 1_000_000_000)
        }
        for (side, statistics) in summary.statistics {
            for kind in JanusMediaKind.allCases {
                guard let medium = statistics[kind] else { continue }
                note(medium, kind.rawValue)
            }
            if let score = summary.score(of: side) { Recorder(label: "tern_call_mos").record(score) }
        }
    }

    private static func note(_ medium: EngineStatistics.Medium, _ name: String) {
        for (direction, flow) in [("received", medium.received), ("sent", medium.sent)] where flow.packets > 0 {
            let dimensions = [("direction", direction), ("medium", name)]
            Counter(label: "tern_rtp_packets_total", dimensions: dimensions).increment(by: flow.packets)
            Counter(label: "tern_rtp_lost_packets_total", dimensions: dimensions).increment(by: max(0, flow.lost ?? 0))
        }
        let received = medium.received
        guard received.packets > 0, let lost = received.lost, let jitter = received.jitter else { return }
        Recorder(label: "tern_rtp_jitter_seconds", dimensions: [("medium", name)]).record(Double(jitter) / 1_000)
        let expected = received.packets + max(0, lost)
        Recorder(label: "tern_rtp_loss_ratio", dimensions: [("medium", name)]).record(Double(max(0, lost)) / Double(expected))
    }

    /// Tells what the engine has counted of a side.
    ///
    /// - Parameters:
    ///   - codecs: What the side has agreed on.
    ///   - score: Of what the side sends, where it is known.
    ///   - isFinal: Whether the session is over.
    static func tell(
        _ statistics: EngineStatistics, of side: SessionSide, in session: String, codecs: [MediaKind: String], score: Double?, isFinal: Bool = false
    ) {
        for kind in JanusMediaKind.allCases {
            guard let medium = statistics[kind] else { continue }
            EventStream.shared.tell(session: session, .counted(MediaCount(
                side: side.rawValue, kind: kind.rawValue, received: MediaCount.Flow(medium.received), sent: MediaCount.Flow(medium.sent),
                roundTrip: medium.sent.roundTrip, source: medium.latched, codec: codecs[MediaKind(kind)],
                score: kind == .audio ? score : nil, isFinal: isFinal)))
        }
    }
}

extension MediaCount.Flow {
    init(_ flow: EngineStatistics.Flow) {
        self.init(packets: flow.packets, bytes: flow.bytes, lost: flow.lost, jitter: flow.jitter, ssrc: flow.ssrc)
    }
}
