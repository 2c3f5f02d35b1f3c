internal import EventLoop
internal import Janus
internal import ProxyCore

extension MediaSession {
    /// Ends the session with 408 when a phone at one of its sides has sent neither RTP nor RTCP for `limit`, though it should have.
    ///
    /// Browsers are no part of this: Janus ends their PeerConnection when they no longer answer ICE.
    func endIfPhoneIsSilent(for limit: Duration) async {
        for side in SessionSide.allCases where kind.type(of: side) == .rtp {
            let packets = expectsMedia(from: side) ? await receivedPackets(from: side) : nil
            guard !isEnded else { return }
            var timeout = timeouts[side] ?? MediaTimeout(limit: limit)
            let isSilent = timeout.observe(isExpected: expectsMedia(from: side), packets: packets, at: .now)
            timeouts[side] = timeout
            if isSilent { return stop(.silent(side, for: limit)) }
        }
    }

    private func expectsMedia(from side: SessionSide) -> Bool {
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
}
