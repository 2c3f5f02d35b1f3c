internal import EventLoop
internal import Janus
internal import Logging
internal import ProxyCore
internal import SIPNames

/// A phone that was to send RTP and has sent none.
struct MissingMedia {
    /// Audio, or video where there is no audio.
    let kind: JanusMediaKind
    /// Where its SDP says that it sends from and takes RTP; nil where it does not.
    let address: String?
    /// Packets that came from other addresses, and were dropped.
    let dropped: Int
    /// Packets that its keys did not fit.
    let srtpErrors: Int

    /// Nil where something has come.
    init?(_ statistics: EngineStatistics, signalled: [JanusMediaKind: EngineRemote]) {
        guard let kind = JanusMediaKind.allCases.first(where: { statistics[$0] != nil }), let medium = statistics[kind], medium.received.packets == 0
        else { return nil }
        self.kind = kind
        address = signalled[kind].map { SocketAddress(address: $0.address, port: $0.port)?.description ?? "\($0.address):\($0.port)" }
        dropped = medium.dropped
        srtpErrors = medium.srtpErrors
    }

    private var advice: String {
        if srtpErrors > 0 { return "its SRTP does not fit the keys of the SDP" }
        if dropped > 0 { return "RTP came from elsewhere and was dropped: see media.latching" }
        return "nothing comes from the address of its SDP: look for a firewall or NAT between, and at media.address, nat.public_address and media.rtp_ports"
    }

    var metadata: Logger.Metadata {
        var fields: Logger.Metadata = ["kind": "\(kind.rawValue)", "after": "5 s", "reason": "\(advice)"]
        fields["address"] = address.map { "\($0)" }
        if dropped > 0 { fields["dropped"] = "\(dropped)" }
        return fields
    }
}

extension EngineSession {
    /// How long a phone's first RTP may take after the answer before the log says that it is missing.
    private static let firstPacketLimit = Duration.seconds(5)

    /// Looks once, a while after the answer, whether the phones send anything.
    func watchPhones() {
        guard isAnswered, isEstablished, !isEnded, firstPackets == nil else { return }
        firstPackets = LoopTimer.schedule(after: EngineSession.firstPacketLimit) { [weak self] in
            LoopActor.task { await self?.warnOfSilentPhones() }
        }
    }

    private func warnOfSilentPhones() async {
        for side in SessionSide.allCases where kind.type(of: side) == .rtp && expectsMedia(from: side) {
            guard let statistics = await media.statistics(of: side), let missing = MissingMedia(statistics, signalled: media.signalled(side)) else { continue }
            guard !isEnded else { return }
            log.warning("no RTP from a phone", metadata: missing.metadata.merging(["side": "\(side)"]) { $1 })
        }
    }
}
