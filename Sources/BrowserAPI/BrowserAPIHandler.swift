public import EventLoop
public import JSON

/// What the browser API serves: the gateway behind it.
@LoopActor
public protocol BrowserAPIHandler: AnyObject {
    /// The user with these credentials, or none. Comparing in constant time is the implementer's.
    func authenticate(user: String, password: String) -> BrowserUser?

    /// The user with this token; without an implementation no token is valid. What the connection sends meanwhile waits.
    /// - Throws: `wrongCredentials`, with a text that helps nobody to guess.
    func authenticate(token: String) async throws(APIError) -> BrowserUser

    /// Does what a client asks. `reply` is answered once, now or later.
    func perform(_ command: BrowserCommand, from client: BrowserClient, reply: BrowserReply)

    /// The client is gone for good: it logged out, did not resume in time, or more was kept for it than may be. Called
    /// once a client, and never from within a call of the handler's own but ``BrowserAPI/stop()``.
    func ended(_ client: BrowserClient)

    /// The ids of the client's sessions and calls that are still there; the answer to `resume` carries them.
    func alive(of client: BrowserClient) -> (sessions: [String], calls: [String])

    /// The client goes on with a new connection, and has been sent what was kept for it.
    func resumed(_ client: BrowserClient)

    /// The users who own the session or call, or nothing when there is none with this id.
    func owners(of objID: String) -> Set<String>?
}

extension BrowserAPIHandler {
    public func authenticate(token: String) async throws(APIError) -> BrowserUser { throw .invalidToken }

    public func resumed(_ client: BrowserClient) {}
}

/// Something that happened to a session or a call, for those who subscribed to it.
public struct BrowserEvent: Sendable, Equatable {
    /// `media`, for all events so far.
    public let `class`: String
    /// `session` or `call`.
    public let subclass: String
    /// What happened: `answer`, `stop`, `hangup` …
    public let type: String
    /// The session's or call's id.
    public let objID: String
    /// What the type says of it; an object.
    public let body: JSONValue

    public init(class: String = "media", subclass: String, type: String, objID: String, body: JSONValue = [:]) {
        self.class = `class`
        self.subclass = subclass
        self.type = type
        self.objID = objID
        self.body = body
    }

    /// An event of a session.
    public static func session(_ id: String, _ type: String, _ body: JSONValue = [:]) -> BrowserEvent {
        BrowserEvent(subclass: "session", type: type, objID: id, body: body)
    }

    /// An event of a call.
    public static func call(_ id: String, _ type: String, _ body: JSONValue = [:]) -> BrowserEvent {
        BrowserEvent(subclass: "call", type: type, objID: id, body: body)
    }

    /// Whether nothing follows it: a session's `stop`, a call's `hangup`.
    var isLast: Bool {
        `class` == "media" && (subclass == "session" && type == "stop" || subclass == "call" && type == "hangup")
    }
}

/// The ids of sessions, calls and clients: lower-case UUIDs (RFC 9562), random ones.
public enum BrowserID {
    /// A new random one, version 4, from the system's cryptographic generator.
    public static func make() -> String {
        var bytes = randomBytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += hexadecimal(byte)
        }
        return text
    }

    /// Whether `text` is a lower-case UUID, of any version.
    public static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count == 36 else { return false }
        for (index, byte) in bytes.enumerated() {
            switch (index, byte) {
            case (8, UInt8(ascii: "-")), (13, UInt8(ascii: "-")), (18, UInt8(ascii: "-")), (23, UInt8(ascii: "-")): continue
            case (8, _), (13, _), (18, _), (23, _): return false
            case (_, UInt8(ascii: "0")...UInt8(ascii: "9")), (_, UInt8(ascii: "a")...UInt8(ascii: "f")): continue
            default: return false
            }
        }
        return true
    }

    /// A secret that cannot be guessed: 128 random bits, in hexadecimal.
    static func makeToken() -> String {
        randomBytes(16).map(hexadecimal).joined()
    }

    private static func randomBytes(_ count: Int) -> [UInt8] {
        // Each number is a system call.
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        while bytes.count < count { withUnsafeBytes(of: generator.next()) { bytes += $0.prefix(count - bytes.count) } }
        return bytes
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}

/// Who a client logged in as.
public struct BrowserUser: Sendable, Hashable {
    public let name: String
    /// What those whom the user calls see; nil where the name alone is known.
    public let displayName: String?
    /// Whether what others own can be subscribed to, listed and touched.
    public let isAdmin: Bool

    public init(name: String, displayName: String? = nil, isAdmin: Bool = false) {
        self.name = name
        self.displayName = displayName
        self.isAdmin = isAdmin
    }
}
