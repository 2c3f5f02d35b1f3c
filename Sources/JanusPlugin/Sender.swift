internal import Glibc
internal import RTP

/// What we send to a leg's party of one medium. All of it is under the leg's sending lock.
struct Sender {
    /// The sockets of a plain leg, as the receiver has them; -1 for none.
    var rtp: Int32 = -1
    var rtcp: Int32 = -1
    var isV6 = false

    /// Whether the last `configure` named this medium.
    var isOpen = false
    /// Whether what the peer passes on is sent.
    var sends = false
    var mindex: Int32 = 0
    var payloads: PayloadTable
    var srtp = SRTPStream()
    /// Where RTP goes.
    var destination = SocketAddress()
    /// Where RTCP goes, unless it goes with RTP: where SIP says, then where the phone's comes from.
    var rtcpDestination = SocketAddress()
    var rtcpSource: MediaAddress?
    /// Whether RTCP goes with RTP (RFC 5761).
    var isMuxed = false
    var feedback = Feedback()
    /// What a phone that asks for lost packets gets again; nil for others. Browsers are answered by Janus' core.
    var sent: SentPackets?
    var firNumber: UInt8 = 0
    var reports = ReportSchedule()
    /// What had been sent when the last report went out.
    var reportedPackets: UInt64 = 0
    /// The source that the party sends with; 0 before it does.
    var partySSRC: UInt32 = 0
    /// What the party has reported last, and the time there and back, in microseconds.
    var report: ReportBlock?
    var roundTrip: Int64?
    var rewriter = StreamRewriter(ssrc: 0, clockRate: 0, sequence: 0, timestamp: 0)
    var packets: UInt64 = 0
    /// Bytes of the packets, and of their payload.
    var bytes: UInt64 = 0
    var payloadBytes: UInt64 = 0
    /// Packets whose codec the leg's party has not agreed on, or that the system refused.
    var dropped: UInt64 = 0

    /// Makes it one of a new leg; the payloads' memory stays.
    mutating func reset(_ medium: Medium) {
        var fresh = Sender(payloads: payloads)
        fresh.payloads.clear()
        var generator = SystemRandomNumberGenerator()
        // The first number stays clear of the turn: SRTP's rollover counter begins there (RFC 3711 section 3.3.1).
        fresh.rewriter = StreamRewriter(
            ssrc: .random(in: 1...UInt32.max, using: &generator), clockRate: medium.clockRate,
            sequence: .random(in: 0...0x7fff, using: &generator), timestamp: .random(in: 0...UInt32.max, using: &generator),
            longestDelay: medium.longestDelay)
        self = fresh
    }

    /// Gives the store of sent packets to the caller.
    mutating func takeSent() -> SentPackets? {
        defer { sent = nil }
        return sent
    }

    init() { payloads = PayloadTable() }

    private init(payloads: PayloadTable) { self.payloads = payloads }
}
