public import EventLoop
internal import Events
internal import JSON
public import WebSocket

/// A transport, and who is logged in on it.
@LoopActor
final class BrowserConnection {
    let transport: any BrowserTransport
    /// None before login, after logout, and once a resume elsewhere took the client over.
    var client: BrowserClient? {
        didSet { transport.isKnown = client != nil }
    }
    /// Failed logins and resumes so far.
    var failures = 0
    /// Whether the answer to a failed login is being held back.
    var isSlowed = false
    var rate: MessageRate
    /// What arrived while a login is looked at; nil when none is.
    var held: HeldMessages?
    private(set) var isClosed = false
    private var loginTimer: LoopTimer?

    init(_ transport: any BrowserTransport, rate: MessageRate) {
        self.transport = transport
        self.rate = rate
    }

    func send(_ text: String) {
        guard !isClosed else { return }
        tell(text, isSent: true)
        transport.send(text)
    }

    /// Shows a message of it to whoever listens to the events of the gateway.
    func tell(_ text: String, isSent: Bool) {
        EventStream.shared.tell(
            .api, .client(client?.id ?? ""),
            .api(APIMessage(isSent: isSent, user: client?.user.name, address: transport.remoteAddress, text: text)))
    }

    /// Closes the transport; what still arrives on it is not looked at.
    func close(code: Int, reason: String) {
        guard !isClosed else { return }
        markClosed()
        transport.close(code: code, reason: reason)
    }

    /// The transport is closed, by whichever side.
    func markClosed() {
        isClosed = true
        stopWaitingForLogin()
    }

    func waitForLogin(_ time: Duration) {
        loginTimer?.cancel()
        loginTimer = .schedule(after: time) { [weak self] in
            self?.close(code: CloseCode.policyViolation, reason: "no login in time")
        }
    }

    func stopWaitingForLogin() {
        loginTimer?.cancel()
        loginTimer = nil
    }
}

/// WebSocket statuses that the API closes with (RFC 6455 section 7.4; 4000 and up are for private use).
enum CloseCode {
    static let goingAway = 1001
    static let policyViolation = 1008
    static let resumedElsewhere = 4001
    static let clientEnded = 4002
}

/// One connection that carries texts: a WebSocket, or a test's stand-in for one.
@LoopActor
public protocol BrowserTransport: AnyObject {
    /// Unique among the connections of one ``BrowserAPI``.
    var id: UInt64 { get }
    /// The peer's address, for the log.
    var remoteAddress: String { get }
    /// Whether somebody is logged in on it.
    var isKnown: Bool { get set }
    /// Sends one text; does nothing once the connection is closed.
    func send(_ text: String)
    /// - Parameter code: The WebSocket status (RFC 6455 section 7.4).
    func close(code: Int, reason: String)
}

extension BrowserTransport {
    /// For those that bound nothing by it.
    public var isKnown: Bool {
        get { false }
        set {}
    }
}

extension WebSocketConnection: BrowserTransport {}

/// How many messages a connection may still send: a token bucket.
struct MessageRate {
    private let perSecond: Double
    private let burst: Double
    private var left: Double
    private var last: ContinuousClock.Instant

    init(perSecond: Int, burst: Int, now: ContinuousClock.Instant = .now) {
        self.perSecond = Double(perSecond)
        self.burst = Double(burst)
        left = Double(burst)
        last = now
    }

    /// Takes one message into account; false when it is one too many.
    mutating func admit(at now: ContinuousClock.Instant = .now) -> Bool {
        left = min(burst, left + (now - last) / .seconds(1) * perSecond)
        last = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
