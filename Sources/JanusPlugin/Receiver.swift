internal import CJanusPlugin
internal import Glibc
internal import RTP

/// What a leg's party sends us of one medium. All of it is under the leg's receiving lock.
struct Receiver {
    /// The sockets of a plain leg; -1 for none.
    var rtp: Int32 = -1
    var rtcp: Int32 = -1
    /// The port of the RTP socket; that of RTCP follows it.
    var port: UInt16 = 0
    var isV6 = false
    /// Random bytes that the gateway makes keys for SRTP of.
    var key: [UInt8] = []

    /// Whether the last `configure` named this medium.
    var isOpen = false
    /// Whether what comes is passed on to the peer.
    var passes = false
    /// Whether the next packet that is passed on begins anew, after some that were not.
    var isBroken = false
    /// The media line in the PeerConnection's session description.
    var mindex: Int32 = 0
    var payloads: PayloadTable
    /// The same, with all that is said of them.
    var descriptions: [PayloadDescription] = []
    var srtp = SRTPStream()
    var capture = Capture()
    var latch = SourceLatch(mode: .follow, signalled: nil, isHidden: false, now: 0)
    /// Where its RTCP comes from, as SIP says.
    var signalledRTCP: MediaAddress?
    var senderReport = SenderReport()
    var statistics = StreamStatistics(clockRate: 0)
    /// Whether the phone sends lost packets again. Browsers are asked by Janus' core.
    var requestsLostPackets = false
    var missing = MissingPackets()
    /// As ``Sender/partySSRC``.
    var partySSRC: UInt32 = 0
    var digits = DigitDetector()
    /// That of the last telephone event.
    var digitPayload = Payload()
    var digitCount: UInt64 = 0
    /// Packets of strangers, and such that are no RTP.
    var dropped: UInt64 = 0
    var srtpErrors: UInt64 = 0
    var rtcpReceived: UInt64 = 0
    /// When the last packet of RTP came, and the last one of either; 0 before.
    var lastRTP: Int64 = 0
    var lastPacket: Int64 = 0
    var isFlowing = false
    var refusal = PortRefusal()
    /// The line test that the leg is under; nil for none.
    var test: UnsafeMutablePointer<LineTest>?
    /// Where packets for the party went when its packets last came from elsewhere, or its address was signalled.
    var lastDestination: MediaAddress?

    /// Makes it one of a new leg; the payloads' memory stays.
    mutating func reset(_ medium: Medium) {
        var fresh = Receiver(payloads: payloads)
        fresh.payloads.clear()
        fresh.statistics = StreamStatistics(clockRate: medium.clockRate, longestDelay: medium.longestDelay)
        self = fresh
    }

    /// Begins a line test, or ends it; one that runs goes on.
    ///
    /// - Returns: The test that has ended.
    mutating func test(_ isOn: Bool, now: Int64) -> UnsafeMutablePointer<LineTest>? {
        guard isOn != (test != nil) else { return nil }
        let former = test
        test = nil
        if isOn {
            let begun = UnsafeMutablePointer<LineTest>.allocate(capacity: 1)
            begun.initialize(to: LineTest(now: now))
            test = begun
        }
        if rtp >= 0 { tern_describe_datagrams(rtp, isV6 ? 1 : 0, isOn ? 1 : 0) }
        return former
    }

    init() { payloads = PayloadTable() }

    private init(payloads: PayloadTable) { self.payloads = payloads }
}
