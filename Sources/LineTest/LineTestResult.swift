public import JSON
public import RTP

/// What a line test has found: all that was measured of one call to the echo, and the verdicts on it. What was not measured is nil.
public struct LineTestResult: Sendable, Equatable {
    /// The times of the set-up, in milliseconds since the INVITE or `start_call`.
    public struct SetUp: Sendable, Equatable {
        /// The first 101 to 199, and the PRACK to it.
        public var ringing: Int?
        public var pracked: Int?
        /// The 200, or the answer to a browser.
        public var answered: Int?
        /// The ACK.
        public var acknowledged: Int?
        /// Media can flow: ICE has found a way and DTLS has agreed on keys. Of browsers only.
        public var mediaUp: Int?
        /// The first RTP packet of the caller.
        public var firstPacket: Int?

        public init(answered: Int? = nil, firstPacket: Int? = nil) {
            self.answered = answered
            self.firstPacket = firstPacket
        }
    }

    /// A re-INVITE or UPDATE that came to nothing.
    public struct FailedOffer: Sendable, Equatable {
        /// Whether it was the gateway's; else the caller's.
        public var isOurs: Bool
        /// Of the first one.
        public var reason: String
        public var count: Int

        public init(isOurs: Bool, reason: String, count: Int) {
            self.isOurs = isOurs
            self.reason = reason
            self.count = count
        }
    }

    /// What the caller's messages say of its address, and where its packets come from. Of browsers there are none.
    public struct Addresses: Sendable, Equatable {
        /// The source of the INVITE, without the port.
        public var sip: String?
        /// The hosts in its Contact, and in its topmost Via.
        public var contact: String?
        public var via: String?
        /// Where its SDP wants RTP, and where its RTP comes from: `address:port`.
        public var signalled: String?
        public var source: String?
        /// Where this gateway takes its RTP.
        public var local: String?
        /// Where its RTCP comes from.
        public var rtcpSource: String?

        public init() {}
    }

    /// What was agreed on for the audio.
    public struct Codec: Sendable, Equatable {
        /// As `rtpmap` names it.
        public var name: String
        public var payloadType: Int
        /// Milliseconds in a packet, as the SDP says.
        public var packetTime: Int?
        public var isEncrypted: Bool
        /// Whether DTMF was agreed on as RTP (RFC 4733).
        public var takesEvents: Bool

        public init(name: String, payloadType: Int, packetTime: Int? = nil, isEncrypted: Bool = false, takesEvents: Bool = false) {
            self.name = name
            self.payloadType = payloadType
            self.packetTime = packetTime
            self.isEncrypted = isEncrypted
            self.takesEvents = takesEvents
        }
    }

    /// What went to the caller, and what its RTCP says of that.
    public struct Sent: Sendable, Equatable {
        public var packets = 0
        public var bytes = 0
        public var ssrc: UInt32?
        /// Packets (RFC 3550 section 6.4.1).
        public var lost: Int?
        /// Milliseconds.
        public var jitter: Int?
        public var roundTrip: Int?
        /// VoIP metrics (RFC 3611 section 4.7), as the engine writes them.
        public var metrics: JSONValue?

        public init() {}

        /// 0 to 1; nil where RTCP says nothing.
        public var lossShare: Double? {
            guard let lost, packets > 0 else { return nil }
            return min(max(0, Double(lost) / Double(packets)), 1)
        }
    }

    /// The call's id.
    public var id: String
    public var session: String
    /// Milliseconds since 1970.
    public var began: Int
    /// From the answer to the end. Milliseconds.
    public var duration: Int
    public var caller: String
    public var dialled: String?
    public var isBrowser: Bool
    public var setUp = SetUp()
    public var addresses = Addresses()
    public var codec: Codec?
    /// Whether the caller was to send.
    public var isExpectedToSend = true
    /// Bytes of RTP that came.
    public var bytes = 0
    /// The DSCP of most packets that came (RFC 2474).
    public var marking: Int?
    /// The SSRC of what came last.
    public var ssrc: UInt32?
    public var received = StreamFigures()
    public var audio: AudioFigures?
    public var sent = Sent()
    /// Packets of RTCP that came.
    public var rtcpPackets = 0
    /// Packets from elsewhere than the caller, and such that SRTP rejected.
    public var dropped = 0
    public var rejected = 0
    /// Whether the caller's port for RTP was closed, as ICMP says.
    public var isUnreachable = false
    /// The last digits, how many there were in all, and how many came by two methods at once.
    public var digits: [DigitLog.Entry] = []
    public var digitCount = 0
    public var doubledDigits = 0
    /// Call-ID of the caller's dialog; nil for browsers.
    public var callID: String?
    /// Offers within the dialog that came to nothing.
    public var failedOffer: FailedOffer?
    /// What the caller's browser says of itself; nil for phones.
    public var browser: BrowserFigures?
    /// How the call ended: SIP's status and a reason.
    public var endStatus = 200
    public var endReason = ""

    public init(id: String, session: String, began: Int, duration: Int, caller: String, dialled: String? = nil, isBrowser: Bool = false) {
        self.id = id
        self.session = session
        self.began = began
        self.duration = duration
        self.caller = caller
        self.dialled = dialled
        self.isBrowser = isBrowser
    }
}
