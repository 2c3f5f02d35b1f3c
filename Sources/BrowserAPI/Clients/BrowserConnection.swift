internal import EventLoop
internal import JSON

/// A transport, and who is logged in on it.
@LoopActor
final class BrowserConnection {
    let transport: any BrowserTransport
    /// None before login, after logout, and once a resume elsewhere took the client over.
    var client: BrowserClient?
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
        transport.send(text)
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
