public import SIPNames

/// What happens to a call.
public enum CallEvent: Sendable {
    /// It begins; its caller is known, and who is to ring.
    case began(CallStart)
    /// A SIP dialog belongs to it: that of the caller, or of a called party.
    case hasDialog(callID: String, isCaller: Bool)
    /// A session belongs to it.
    case hasSession(id: String)
    /// A client of the browser API takes part in it, or is called by it.
    case hasClient(id: String, isCaller: Bool)
    /// A party is called: a user, or the URI that the INVITE goes to.
    case invited(leg: Int, party: String, trunk: String?)
    /// A called party has refused, or is not reached.
    case refused(leg: Int, status: Int, reason: String)
    /// The caller is told that it rings, or gets early media.
    case rings
    /// The caller is told that the call is answered.
    case answered
    /// Its parties go on in another call.
    case transferred(to: String)
    /// It is over: the last event that is about what happens to it.
    case ended(CallOutcome)
    /// It was refused before it began: the only event that is about what happens to it. The caller has that dialog, or is that client.
    case notAdmitted(CallStart, callID: String?, client: String?, CallOutcome)
    /// All that is known of it by now: when it begins, is answered, each minute while it lasts, and when its media has been counted at its
    /// end; once for a call that was refused before it began.
    indirect case recorded(CallRecord)
}

/// Who calls whom.
public struct CallStart: Sendable {
    /// `browser`, `phone` or `trunk`.
    public let callerKind: String
    /// The caller's user or number.
    public let caller: String
    public let dialled: String
    /// `user alice`, `trunk berlin` or `anonymous`: what is proven of the caller.
    public let source: String

    public init(callerKind: String, caller: String, dialled: String, source: String) {
        self.callerKind = callerKind
        self.caller = caller
        self.dialled = dialled
        self.source = source
    }
}

/// How a call ended.
public struct CallOutcome: Sendable {
    /// RFC 3261 section 21; 200 for a call that was answered and hung up.
    public let status: Int
    public let reason: String
    /// `caller`, `callee` or `gateway`.
    public let by: String

    public init(status: Int, reason: String, by: String) {
        self.status = status
        self.reason = reason
        self.by = by
    }
}

/// What happens to a session.
public enum SessionChange: Sendable {
    /// A handle of Janus is its leg for that side, `caller` or `callee`.
    case hasHandle(UInt64, side: String)
    /// Media can flow.
    case up
    /// RTP of a kind, `audio` or `video`, arrives, or ceases to.
    case flowing(kind: String, Bool)
    /// A DTMF digit arrived in RTP.
    case digit(side: String, Character, milliseconds: Int)
    /// A side offers, or answers: `caller` or `callee`.
    case offered(by: String)
    case answered(by: String)
    /// What has been counted so far, each time that the engine was asked, and once more when the session is over.
    case counted(MediaCount)
    case ended(code: Int, reason: String)
}

/// What has been counted of one medium of one side, from its beginning.
public struct MediaCount: Sendable {
    /// RTP in one direction.
    public struct Flow: Sendable {
        public let packets: Int
        public let bytes: Int
        /// Packets; nil while it is not known.
        public let lost: Int?
        /// In milliseconds; nil while it is not known.
        public let jitter: Int?
        public let ssrc: UInt32?

        public init(packets: Int, bytes: Int, lost: Int?, jitter: Int?, ssrc: UInt32?) {
            self.packets = packets
            self.bytes = bytes
            self.lost = lost
            self.jitter = jitter
            self.ssrc = ssrc
        }
    }

    /// `caller` or `callee`.
    public let side: String
    /// `audio` or `video`.
    public let kind: String
    /// What the side sends, and what is sent to it.
    public let received, sent: Flow
    /// Of RTCP, in milliseconds; nil while it is not known.
    public let roundTrip: Int?
    /// Where a phone's RTP comes from.
    public let source: SocketAddress?
    /// As `rtpmap` names it; nil while nothing is agreed on.
    public let codec: String?
    /// Estimated MOS (ITU-T G.107) of what the side sends; known at the end.
    public let score: Double?
    /// Whether the session is over.
    public let isFinal: Bool

    public init(
        side: String, kind: String, received: Flow, sent: Flow, roundTrip: Int?, source: SocketAddress?, codec: String? = nil, score: Double? = nil,
        isFinal: Bool
    ) {
        self.side = side
        self.kind = kind
        self.received = received
        self.sent = sent
        self.roundTrip = roundTrip
        self.source = source
        self.codec = codec
        self.score = score
        self.isFinal = isFinal
    }
}
