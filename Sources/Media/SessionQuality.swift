public import EventLoop
internal import Janus
public import ProxyCore
internal import SDP

/// How the audio of a session arrives: the worst of its sides, within the last seconds.
public struct SessionQuality: Sendable, Equatable {
    /// The score that people would give to the sound (``SessionSummary/score(of:)``); nil where the codec has no figures for it.
    public var score: Double?
    /// Share of packets that were lost, 0 to 1.
    public var loss: Double
    /// In milliseconds; nil while it is not known.
    public var jitter: Int?

    public init(score: Double? = nil, loss: Double, jitter: Int? = nil) {
        self.score = score
        self.loss = loss
        self.jitter = jitter
    }

    /// The quality between two counts of a session.
    ///
    /// - Parameters:
    ///   - former: The counts of some seconds ago; nil takes the whole time.
    ///   - counted: Those of now.
    init?(since former: SessionSummary?, _ counted: SessionSummary) {
        var between = counted
        for (side, now) in counted.statistics {
            guard let before = former?.statistics[side]?.audio?.received, var audio = now.audio, audio.received.packets >= before.packets else { continue }
            audio.received.packets -= before.packets
            audio.received.lost = audio.received.lost.map { max(0, $0 - (before.lost ?? 0)) }
            between.statistics[side]?.audio = audio
        }
        let received = between.statistics.values.compactMap(\.audio?.received).filter { $0.packets > 0 }
        let losses = received.compactMap { flow in
            flow.lost.map { Double(max(0, $0)) / Double(max(1, flow.packets + max(0, $0))) }
        }
        guard let loss = losses.max() else { return nil }
        self.init(score: SessionSide.allCases.compactMap { between.score(of: $0) }.min(), loss: loss, jitter: received.compactMap(\.jitter).max())
    }
}

/// Measures the quality of calls while somebody looks at them.
///
/// Janus is asked about at most ``perRound`` sessions a second, and nothing is asked when nobody has looked for ``attention``.
@LoopActor
public final class QualityWatch {
    static let perRound = 20
    /// From one count of a session to the next, at least.
    static let interval = Duration.seconds(5)
    static let attention = Duration.seconds(15)

    private struct Entry {
        var counted: SessionSummary
        var at: ContinuousClock.Instant
        var quality: SessionQuality?
    }

    private var entries: [String: Entry] = [:]
    private var lastLook = ContinuousClock.now
    private var isAtWork = false

    public nonisolated init() {}

    /// What is known of the sessions by their ids; goes on measuring them for a while.
    ///
    /// - Parameter sessions: The sessions that are of interest, asked for each round.
    public func look(_ sessions: @escaping @LoopActor () -> [any MediaSession]) -> [String: SessionQuality] {
        lastLook = .now
        if !isAtWork {
            isAtWork = true
            beginRound(sessions)
        }
        return entries.compactMapValues(\.quality)
    }

    private func beginRound(_ sessions: @escaping @LoopActor () -> [any MediaSession]) {
        guard ContinuousClock.now - lastLook < QualityWatch.attention else {
            entries = [:]
            isAtWork = false
            return
        }
        LoopActor.task { [weak self] in
            await self?.measure(sessions())
            _ = LoopTimer.schedule(after: .seconds(1)) { [weak self] in self?.beginRound(sessions) }
        }
    }

    private func measure(_ all: [any MediaSession]) async {
        let ids = Set(all.map(\.id)), now = ContinuousClock.now
        entries = entries.filter { ids.contains($0.key) }
        let due = all.filter { session in entries[session.id].map { now - $0.at >= QualityWatch.interval } ?? true }
        let next = due.sorted { (entries[$0.id]?.at ?? $0.started) < (entries[$1.id]?.at ?? $1.started) }.prefix(QualityWatch.perRound)
        for session in next {
            let counted = await session.counts
            let former = entries[session.id]
            entries[session.id] = Entry(counted: counted, at: now, quality: SessionQuality(since: former?.counted, counted) ?? former?.quality)
        }
    }
}

extension MediaSession {
    /// What has been counted so far.
    fileprivate var counts: SessionSummary {
        get async {
            var counts = SessionSummary()
            for side in SessionSide.allCases {
                counts.statistics[side] = await statistics(of: side)
                counts.codecs[side] = Dictionary(agreedMedia(of: side).map { ($0.kind, $0.codec.rawValue) }) { first, _ in first }
            }
            return counts
        }
    }
}
