public import SIPNames

/// Something that happened in the gateway, as the parts that show it (records, traces, metrics, the log) are told.
public struct Event: Sendable {
    public let time: EventTime
    public let subject: Subject
    public let content: Content

    /// What an event is about. Which call that is follows from the ``CallEvent`` and ``SessionEvent`` that tie them together.
    public enum Subject: Sendable, Hashable {
        /// A call, by the id that logs and the browser API have.
        case call(String)
        /// A session, by its id.
        case session(String)
        /// A SIP dialog, or a transaction outside of one, by its Call-ID.
        case dialog(String)
        /// A client of the browser API, by its `connection_id`; empty before its login.
        case client(String)
        /// A handle of Janus.
        case handle(UInt64)
        /// The gateway as a whole.
        case gateway
    }

    /// Each is an object: whoever keeps one shares it, and handing on an event copies nothing.
    public enum Content: Sendable {
        indirect case call(CallEvent)
        indirect case session(SessionChange)
        case sip(SIPMessage)
        case api(APIMessage)
        case engine(EngineMessage)
        case log(LogLine)
    }

    /// What a listener may want.
    public struct Kinds: OptionSet, Sendable {
        public let rawValue: Int

        public init(rawValue: Int) { self.rawValue = rawValue }

        public static let call = Kinds(rawValue: 1)
        public static let session = Kinds(rawValue: 2)
        public static let sip = Kinds(rawValue: 4)
        public static let api = Kinds(rawValue: 8)
        public static let engine = Kinds(rawValue: 16)
        public static let log = Kinds(rawValue: 32)
        public static let all: Kinds = [.call, .session, .sip, .api, .engine, .log]
    }

    public init(time: EventTime = .now, _ subject: Subject, _ content: Content) {
        self.time = time
        self.subject = subject
        self.content = content
    }

    /// What its message takes, in bytes, about.
    public var messageBytes: Int {
        switch content {
        case .call, .session: 0
        case .sip(let message): message.text.utf8.count
        case .api(let message): message.text.utf8.count
        case .engine(let message): message.text.utf8.count
        case .log(let line): line.size
        }
    }

    public var kind: Kinds {
        switch content {
        case .call: .call
        case .session: .session
        case .sip: .sip
        case .api: .api
        case .engine: .engine
        case .log: .log
        }
    }
}

/// A SIP message that was received or sent, repetitions included.
public final class SIPMessage: Sendable {
    public let isSent: Bool
    /// `udp`, `tcp` or `tls`.
    public let transport: String
    /// The peer; nil where it is not known.
    public let peer: SocketAddress?
    /// The gateway's own address and port; nil where it is not known.
    public let local: SocketAddress?
    /// The method of the request, or of the request that is responded to.
    public let method: String
    /// Nil for a request.
    public let status: Int?
    /// As it is on the wire; secrets included. At most ``longest`` bytes, the rest is cut.
    public let text: String

    /// In bytes.
    public static let longest = 65_536

    public init(
        isSent: Bool, transport: String, peer: SocketAddress?, local: SocketAddress?, method: String, status: Int?, text: String
    ) {
        self.isSent = isSent
        self.transport = transport
        self.peer = peer
        self.local = local
        self.method = method
        self.status = status
        self.text = text
    }
}

/// A message of the browser API.
public final class APIMessage: Sendable {
    /// Whether the gateway sent it.
    public let isSent: Bool
    /// The client's user; nil before its login.
    public let user: String?
    /// The peer's address and port, as the log has it.
    public let address: String
    /// JSON as it is on the wire; secrets included.
    public let text: String

    public init(isSent: Bool, user: String?, address: String, text: String) {
        self.isSent = isSent
        self.user = user
        self.address = address
        self.text = text
    }
}

/// A request to Janus about a handle, its reply, or an event of the handle's.
public final class EngineMessage: Sendable {
    /// Whether the gateway sent it.
    public let isSent: Bool
    /// What a request asks for: of those to the media engine its verb, else Janus' own. Of what Janus sends its kind: `ack`, `success`, `event` and so on.
    public let name: String
    /// Of a reply: the `name` of the request that it answers; nil where it is not known, and of other messages.
    public let request: String?
    /// JSON; secrets included.
    public let text: String

    public init(isSent: Bool, name: String, request: String? = nil, text: String) {
        self.isSent = isSent
        self.name = name
        self.request = request
        self.text = text
    }
}

/// A line of the log.
public final class LogLine: Sendable {
    /// `info`, `warning` and so on.
    public let level: String
    public let label: String
    public let message: String
    /// What its texts take, in bytes, about.
    public let size: Int
    private let makeFields: @Sendable () -> [(name: String, value: String)]

    /// - Parameter fields: Makes them when they are asked for; most never are.
    public init(level: String, label: String, message: String, size: Int, fields: @escaping @Sendable () -> [(name: String, value: String)]) {
        self.level = level
        self.label = label
        self.message = message
        self.size = size
        makeFields = fields
    }

    public convenience init(level: String, label: String, message: String, fields: [(name: String, value: String)]) {
        let size = fields.reduce(message.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 }
        self.init(level: level, label: label, message: message, size: size) { fields }
    }

    /// In the order in which they are written.
    public var fields: [(name: String, value: String)] { makeFields() }
}
