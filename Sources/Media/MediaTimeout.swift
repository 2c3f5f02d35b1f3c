internal import EventLoop
internal import Janus
internal import ProxyCore
internal import SDP

/// Decides when a phone that should send media has been silent for too long. No clock, no wire.
struct MediaTimeout {
    /// How long the phone may be silent.
    private let limit: Duration
    /// When it last sent something, or did not have to, and its packets by then.
    private var last: (time: ContinuousClock.Instant, packets: Int)?

    init(limit: Duration) { self.limit = limit }

    /// Whether the phone is to send media: it agreed to, nobody holds the session, and Janus relays it. A phone with audio is expected to
    /// send audio, one with video alone video: a camera may be off.
    ///
    /// - Parameter media: What the phone has agreed on, with directions as Tern sees them.
    static func expectsMedia(_ media: [AgreedMedium], options: SessionOptions, holders: Set<SessionSide>) -> Bool {
        guard holders.isEmpty, let medium = media.first(where: { $0.kind == .audio }) ?? media.first else { return false }
        return medium.direction.receives && (medium.kind == .audio ? options.useAudio : options.useVideo)
    }

    /// Takes what is known of the phone at that time. Returns whether it has been silent for the limit.
    ///
    /// - Parameters:
    ///   - isExpected: Whether it is to send media; while it is not, no time counts.
    ///   - packets: The packets of RTP and RTCP from it since its session began; nil when they could not be counted, which decides nothing.
    mutating func observe(isExpected: Bool, packets: Int?, at time: ContinuousClock.Instant) -> Bool {
        guard isExpected else {
            last = (time, packets ?? last?.packets ?? 0)
            return false
        }
        guard let before = last, packets == nil || packets == before.packets else {
            last = (time, packets ?? 0)
            return false
        }
        return packets != nil && time - before.time >= limit
    }
}

extension EngineSession {
    /// Ends the session with 408 when a phone at one of its sides has sent neither RTP nor RTCP for `limit`, though it should have; or when a browser's
    /// PeerConnection is not up for so long after the answer: ICE without candidates never fails by itself.
    ///
    /// Browsers whose PeerConnection was up are no part of this: Janus ends it when they no longer answer ICE.
    public func endIfMediaIsMissing(for limit: Duration) async {
        var connection = connection ?? MediaTimeout(limit: limit)
        let isDown = connection.observe(isExpected: isAnswered && isEstablished && !isUp && !isEnded, packets: 0, at: .now)
        self.connection = connection
        if isDown { return stop(.notConnected(for: limit)) }
        for side in SessionSide.allCases where kind.type(of: side) == .rtp {
            let packets = expectsMedia(from: side) ? await receivedPackets(from: side) : nil
            guard !isEnded else { return }
            var timeout = timeouts[side] ?? MediaTimeout(limit: limit)
            let isSilent = timeout.observe(isExpected: expectsMedia(from: side), packets: packets, at: .now)
            timeouts[side] = timeout
            if isSilent { return stop(.silent(side, for: limit)) }
        }
    }

    func expectsMedia(from side: SessionSide) -> Bool {
        isUp && isEstablished && isAnswered && MediaTimeout.expectsMedia(agreedMedia(of: side), options: options, holders: holders)
    }

    private func receivedPackets(from side: SessionSide) async -> Int? {
        guard let statistics = await statistics(of: side) else { return nil }
        return JanusMediaKind.allCases.compactMap { statistics[$0] }.reduce(0) { $0 &+ $1.received.packets &+ $1.rtcpReceived }
    }
}

extension SessionEnd {
    /// A phone sends nothing any more.
    static func silent(_ side: SessionSide, for time: Duration) -> SessionEnd {
        SessionEnd(code: 408, reason: "No RTP from the \(side.rawValue) for \(time.components.seconds) seconds")
    }

    /// A browser's media connection has not come up.
    static func notConnected(for time: Duration) -> SessionEnd {
        SessionEnd(code: 408, reason: "The browser's media connection was not up within \(time.components.seconds) seconds")
    }
}
