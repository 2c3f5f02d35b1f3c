/// The record of a call: everything that is known of it, as records keep it. It is told anew whenever something essential has changed.
///
/// Its members are named in JSON as in docs/records.md. Texts that a peer chose are bounded by ``CallRecord/bounded(_:)``.
public struct CallRecord: Codable, Sendable, Equatable {
    /// The id that logs and the browser API have.
    public var id: String
    /// Which gateway made it; empty until it is stored.
    public var gateway = ""
    /// The media session's id; nil for a call that was refused before it had one.
    public var session: String?
    public var caller: Caller
    /// What was dialled, without the separators of a number.
    public var dialled: String
    /// The number or user that the call went out to, where that is another one than ``dialled``.
    public var number: String?
    /// The user or number that took the call.
    public var answeredBy: String?
    /// The gateway's own user whose phone or browser took the call; nil where a trunk, another gateway or the echo did.
    public var answeredUser: String?
    /// Where the route was written: `tern.yaml:12:5`.
    public var route: String?
    /// By which trunk, and to which URI, the call went out.
    public var trunk: String?
    public var target: String?
    public var times: Times
    /// Nil while the call lasts.
    public var end: End?
    /// What has been negotiated with each side, and counted of it.
    public var callerSide = Side()
    public var calleeSide = Side()
    /// What a call to the echo found out about the line; nil for other calls, and while the call lasts.
    public var lineTest: LineTest?
    /// Names of the recordings, without suffix. At most ``mostRecordings``.
    public var recordings: [String] = []
    /// The called parties, in the order in which they were called: one for each INVITE that was sent. At most ``mostLegs``.
    public var legs: [Leg] = []

    public static let mostLegs = 64
    public static let mostRecordings = 64

    public init(id: String, caller: Caller, dialled: String, began: Int) {
        self.id = id
        self.caller = caller
        self.dialled = CallRecord.bounded(dialled)
        times = Times(began: began)
    }

    /// Whether a user has made or taken the call.
    public func isOf(_ user: String) -> Bool { caller.source == "user \(user)" || answeredUser == user }

    /// The longest text of a record, in Unicode scalars.
    public static let longestText = 512

    /// `text` without NUL, which databases refuse, and of at most ``longestText`` scalars.
    public static func bounded(_ text: String) -> String {
        guard text.utf8.count > longestText || text.utf8.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.lazy.filter { $0 != "\0" }.prefix(longestText)))
    }

    /// The verdicts of a line test (docs/line-test.md).
    public struct LineTest: Codable, Sendable, Equatable {
        /// The worst severity: `critical`, `warning`, `notice` or `good`.
        public var verdict: String
        /// The code of each verdict, worst first.
        public var codes: [String]

        public init(verdict: String, codes: [String]) {
            self.verdict = verdict
            self.codes = codes
        }

        /// Severity and codes, each between commas, to be searched for one of them.
        public var index: String { "," + ([verdict] + codes).joined(separator: ",") + "," }
    }

    /// Who calls.
    public struct Caller: Codable, Sendable, Equatable {
        /// `browser`, `phone` or `trunk`.
        public var kind: String
        /// The user or number, as the called party may see it.
        public var user: String
        public var name: String?
        /// `user alice`, `trunk berlin` or `anonymous`: what is proven of the caller.
        public var source: String
        /// Address and port of the phone, trunk or browser.
        public var address: String?
        /// Of a client of the browser API.
        public var client: String?
        public var userAgent: String?

        public init(
            kind: String, user: String, name: String? = nil, source: String, address: String? = nil, client: String? = nil, userAgent: String? = nil
        ) {
            self.kind = kind
            self.user = CallRecord.bounded(user)
            self.name = name.map(CallRecord.bounded)
            self.source = source
            self.address = address.map(CallRecord.bounded)
            self.client = client
            self.userAgent = userAgent.map(CallRecord.bounded)
        }

        enum CodingKeys: String, CodingKey {
            case kind, user, name, source, address, client
            case userAgent = "user_agent"
        }
    }

    /// When it was: milliseconds since 1970, UTC.
    public struct Times: Codable, Sendable, Equatable {
        public var began: Int
        /// The caller was told that it rings, or given early media.
        public var rang: Int?
        public var answered: Int?
        /// Media could flow.
        public var media: Int?
        public var ended: Int?

        public init(began: Int) { self.began = began }
    }

    /// How it ended.
    public struct End: Codable, Sendable, Equatable {
        /// RFC 3261 section 21; 200 for a call that was answered and hung up.
        public var status: Int
        /// `answered`, `busy`, `cancelled`, `declined`, `no_answer`, `not_found`, `refused`, `failed` or `lost`, as the metrics count it.
        public var result: String
        /// `caller`, `callee` or `gateway`.
        public var by: String
        /// The phrase of the response, or what the party said.
        public var reason: String
        /// Why, in one sentence.
        public var why: String
        /// The Reason header (RFC 3326) of the party that ended it: `Q.850 16`.
        public var cause: String?

        public init(status: Int, result: String, by: String, reason: String, why: String, cause: String? = nil) {
            self.status = status
            self.result = result
            self.by = by
            self.reason = CallRecord.bounded(reason)
            self.why = CallRecord.bounded(why)
            self.cause = cause.map(CallRecord.bounded)
        }
    }

    /// The caller's side, or that of the party that took the call.
    public struct Side: Codable, Sendable, Equatable {
        /// Call-ID of the SIP dialog.
        public var callID: String?
        public var audio: Medium?
        public var video: Medium?
        /// Score of what came from this side (ITU-T G.107), 1 to 4.5; nil where it is not known.
        public var mos: Double?

        public init() {}

        enum CodingKeys: String, CodingKey {
            case callID = "call_id"
            case audio, video, mos
        }
    }

    /// A medium of a side.
    public struct Medium: Codable, Sendable, Equatable {
        /// In lower case: `pcma`.
        public var codec: String?
        /// Address and port that the phone's RTP came from.
        public var from: String?
        /// What came from this side.
        public var received = Flow()
        /// What was sent to it; `lost`, `jitter` and `roundTrip` as its RTCP reported them.
        public var sent = Flow()

        public init() {}
    }

    /// RTP in one direction.
    public struct Flow: Codable, Sendable, Equatable {
        public var packets = 0
        /// With RTP headers.
        public var bytes = 0
        /// Packets; nil where it is not known.
        public var lost: Int?
        /// In milliseconds; nil where it is not known.
        public var jitter: Int?
        /// In milliseconds; nil where it is not known.
        public var roundTrip: Int?

        public init() {}

        enum CodingKeys: String, CodingKey {
            case packets, bytes, lost, jitter
            case roundTrip = "round_trip"
        }
    }

    /// A party that was called.
    public struct Leg: Codable, Sendable, Equatable {
        /// The number that the call's events give it; the targets of a trunk that are tried one after the other have the same.
        public var number: Int
        /// `browser`, `phone` or `trunk`; `uri` for a SIP URI that is none of these.
        public var kind: String
        /// The user, or the URI that the INVITE went to.
        public var target: String
        public var trunk: String?
        /// Call-ID of the SIP dialog.
        public var callID: String?
        /// Of a client of the browser API.
        public var client: String?
        /// Milliseconds since 1970, UTC.
        public var invited: Int
        public var rang: Int?
        public var answered: Int?
        public var ended: Int?
        /// The response that it gave, or that it was ended with.
        public var status: Int?
        public var reason: String?

        public init(number: Int, kind: String, target: String, trunk: String? = nil, callID: String? = nil, client: String? = nil, invited: Int) {
            self.number = number
            self.kind = kind
            self.target = CallRecord.bounded(target)
            self.trunk = trunk
            self.callID = callID.map(CallRecord.bounded)
            self.client = client
            self.invited = invited
        }

        enum CodingKeys: String, CodingKey {
            case number, kind, target, trunk, client, invited, rang, answered, ended, status, reason
            case callID = "call_id"
        }
    }

    enum CodingKeys: String, CodingKey {
        case id, gateway, session, caller, dialled, number, route, trunk, target, times, end, recordings, legs
        case answeredBy = "answered_by"
        case answeredUser = "answered_user"
        case lineTest = "line_test"
        case callerSide = "caller_side"
        case calleeSide = "callee_side"
    }
}

extension CallRecord {
    /// From the answer to the end, in milliseconds; nil where it was not answered or lasts.
    public var duration: Int? {
        guard let answered = times.answered, let ended = times.ended else { return nil }
        return max(0, ended - answered)
    }

    /// The worse of both sides' scores.
    public var worstMOS: Double? { [callerSide.mos, calleeSide.mos].compactMap { $0 }.min() }
}

extension EventTime {
    /// Since 1970, UTC.
    public var milliseconds: Int { microseconds / 1_000 }
}
