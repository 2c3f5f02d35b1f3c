public import Authentication
public import EventLoop
internal import Events
internal import JSON
public import Logging
public import SIPNames

/// The browser API: connections and clients, the envelope, and the commands of class `core`; those of class `media` go to
/// the handler.
///
/// A server feeds it with ``opened(_:)``, ``received(_:on:)`` and ``closed(_:)``.
@LoopActor
public final class BrowserAPI {
    private(set) var configuration: BrowserAPIConfiguration
    let log: Logger
    private(set) weak var handler: (any BrowserAPIHandler)?
    private var connections: [UInt64: BrowserConnection] = [:]
    /// What admins may ask.
    public let admin: AdminCommands
    var registry = ClientRegistry()
    var limiter: FailureLimiter
    /// Addresses that stand for many: wrong passwords from there count for their user only.
    public var exempt = ExemptAddresses.loopback
    /// Bounds the lines about logins that failed.
    var lines = LineBudget(perSecond: 20)
    /// Hears of each ban when it begins.
    public var onBan: (@LoopActor (FailureLimiter.Ban) -> Void)?
    /// Hears when the first client of a user has logged in, and when the last one has ended.
    public var onPresence: (@LoopActor (_ user: String, _ isThere: Bool) -> Void)?
    /// Whether a phone of a user is registered from an address: such a user is not banned there.
    public var isRegistered: @LoopActor (_ user: String, _ address: String) -> Bool = { _, _ in false }

    /// - Parameter handler: Not retained.
    public init(
        configuration: BrowserAPIConfiguration = BrowserAPIConfiguration(), handler: any BrowserAPIHandler,
        admin: AdminCommands = AdminCommands(), log: Logger = Logger(label: "tern.browser-api")
    ) {
        self.admin = admin
        self.configuration = configuration
        self.log = log
        self.handler = handler
        var limits = FailureLimiter.Configuration()
        limits.banAfter = configuration.wrongPasswordLimit
        limiter = FailureLimiter(configuration: limits)
    }

    // MARK: For the server

    public func opened(_ transport: any BrowserTransport) {
        let rate = MessageRate(perSecond: configuration.messagesPerSecond, burst: configuration.messageBurst)
        let connection = BrowserConnection(transport, rate: rate)
        connections[transport.id] = connection
        connection.waitForLogin(configuration.loginTime)
    }

    public func received(_ text: String, on transport: any BrowserTransport) {
        guard let connection = connections[transport.id], !connection.isClosed else { return }
        guard connection.rate.admit(), connection.held?.append(text) ?? true else {
            log.warning("too many messages", metadata: ["address": "\(transport.remoteAddress)"])
            connection.close(code: CloseCode.policyViolation, reason: "too many messages")
            return
        }
        if connection.held == nil { read(text, from: connection) }
    }

    func read(_ text: String, from connection: BrowserConnection) {
        connection.tell(text, isSent: false)
        // A client that says something has the answer to its resume.
        if let client = connection.client { registry.forgetFormerToken(of: client) }
        do throws(EnvelopeError) {
            switch try IncomingMessage(parsing: text) {
            case .request(let request): serve(request, on: connection)
            case .response(let tid, let result): connection.client?.finish(tid, result)
            case .ack(let tid): connection.client?.acknowledged(tid)
            case .ignored(let what):
                log.info("a message was ignored", metadata: ["message": "\(what)", "address": "\(connection.transport.remoteAddress)"])
            }
        } catch {
            connection.send(OutgoingMessage.error(error.tid, error.error))
        }
    }

    public func closed(_ transport: any BrowserTransport) {
        guard let connection = connections.removeValue(forKey: transport.id) else { return }
        connection.markClosed()
        guard let client = connection.client else { return }
        connection.client = nil
        client.detach(graceTime: configuration.graceTime) { [weak self, weak client] in
            guard let client else { return }
            self?.end(client, "the grace time is over")
        }
    }

    // MARK: For the gateway

    /// How long a client outlives its connection, waiting for `resume`; for connections that are lost from now on.
    public var graceTime: Duration {
        get { configuration.graceTime }
        set { configuration.graceTime = newValue }
    }

    /// Whether no new calls are taken. Every client is told of a change, and whoever logs in later in the answer to it.
    public var isDraining = false {
        didSet {
            guard isDraining != oldValue else { return }
            let event = BrowserEvent(class: "core", subclass: "gateway", type: isDraining ? "draining" : "taking_calls", objID: "gateway")
            for client in registry.all { client.send(event) }
        }
    }

    /// Has a client do nothing new any more, as when its user is no user any more: it ends at once, or at the end of its last session or call.
    public func revoke(_ client: BrowserClient) {
        client.isRevoked = true
        endIfIdle(client)
    }

    /// Ends clients of ``revoke(_:)`` that have nothing left.
    ///
    /// - Returns: Whether others are left.
    public func endRevoked() -> Bool {
        for client in registry.all where client.isRevoked { endIfIdle(client) }
        return registry.all.contains(where: \.isRevoked)
    }

    private func endIfIdle(_ client: BrowserClient) {
        let alive = handler?.alive(of: client)
        guard alive?.sessions.isEmpty != false, alive?.calls.isEmpty != false else { return }
        end(client, "log in again: the user has been changed")
    }

    /// Every client of the user, those that wait for `resume` included, in the order of their logins.
    public func clients(of user: String) -> [BrowserClient] { registry.clients(of: user) }

    /// The client with this `connection_id`.
    public func client(_ id: String) -> BrowserClient? { registry[id] }

    /// All that are logged in, those that wait for `resume` included, in no order.
    public var allClients: [BrowserClient] { registry.all }

    /// Clients that are logged in, those that wait for `resume` included.
    public var clientCount: Int { registry.count }

    /// The addresses from which passwords are not looked at, of a user or of all.
    public var bans: [FailureLimiter.Ban] { limiter.bans(now: .now) }

    /// Lifts bans; see ``FailureLimiter/lift(address:user:now:)``.
    public func liftBans(address: String?, user: String?) -> [FailureLimiter.Ban] { limiter.lift(address: address, user: user, now: .now) }

    /// Ends every client and closes every connection, with 1001.
    public func stop() {
        let why = "the server is shutting down"
        for connection in connections.values { connection.close(code: CloseCode.goingAway, reason: why) }
        for client in registry.all { end(client, why) }
    }

    // MARK: Requests

    private func serve(_ request: IncomingRequest, on connection: BrowserConnection) {
        do throws(APIError) {
            guard try !serveBeforeLogin(request, on: connection) else { return }
            guard let client = connection.client else { throw APIError(.notLoggedIn) }
            guard !client.openRequests.contains(request.tid) else { throw APIError(.duplicateTID) }
            guard !client.isRevoked || BrowserAPI.servesRevoked(request) else {
                throw APIError(.notLoggedIn, "the user has been changed: log in again when the call is over")
            }
            switch request.class {
            case "core": try serveCore(request, for: client, on: connection)
            case "media": try perform(BrowserCommand(name: request.cmd, request.data), request, for: client)
            case "admin": try performAdmin(request, for: client)
            default: throw APIError(.unknownClass, "`class` must be \"core\", \"media\" or \"admin\"")
            }
        } catch {
            RequestCounts.note(request.cmd, code: error.code)
            if let client = connection.client {
                log.debug("a client's request is refused", metadata: client.metadata.merging(["cmd": "\(request.cmd.prefix(64))", "error": "\(error)"]) { $1 })
            }
            connection.send(OutgoingMessage.error(request.tid, error))
        }
    }

    /// Whether a client may still ask for this whose user is another by now: all that is of a call or session which it has.
    private static func servesRevoked(_ request: IncomingRequest) -> Bool {
        request.class != "admin" && !["start_call", "start_session", "subscribe", "transfer_call"].contains(request.cmd)
    }

    /// - Returns: Whether it was one of the commands that need no login.
    private func serveBeforeLogin(_ request: IncomingRequest, on connection: BrowserConnection) throws(APIError) -> Bool {
        switch (request.class, request.cmd) {
        case ("core", "ping"): connection.send(OutgoingMessage.ok(request.tid, ["pong": true]))
        case ("core", "login"): try login(request, on: connection)
        case ("core", "resume"): try resume(request, on: connection)
        default: return false
        }
        return true
    }

    private func serveCore(
        _ request: IncomingRequest, for client: BrowserClient, on connection: BrowserConnection
    ) throws(APIError) {
        switch request.cmd {
        case "subscribe": try subscribe(client, request.data)
        case "unsubscribe": try unsubscribe(client, request.data)
        case "logout":
            logout(client, request.tid, on: connection)
            return
        default: throw APIError(.unknownCommand, "`cmd`: class `core` has no such command")
        }
        RequestCounts.note(request.cmd, code: 0)
        connection.send(OutgoingMessage.ok(request.tid))
    }

    private func perform(_ command: BrowserCommand, _ request: IncomingRequest, for client: BrowserClient) throws(APIError) {
        if case .getList(let list) = command, let user = list.user, user != client.user.name, !client.user.isAdmin {
            throw APIError.notYours(field: "user")
        }
        guard client.openRequests.count < configuration.maximumOpenRequests else { throw APIError(.tooManyRequests) }
        guard let handler else { throw APIError(.shuttingDown) }
        client.openRequests.insert(request.tid)
        let call = try? request.data.optionalText("call_id", bytes: 1...128)
        let reply = BrowserReply(request.tid, to: client, command: request.cmd, call: call)
        log.debug("a client's request", metadata: reply.metadata)
        handler.perform(command, from: client, reply: reply)
        reply.acknowledge(after: configuration.ackDelay)
    }

    private func performAdmin(_ request: IncomingRequest, for client: BrowserClient) throws(APIError) {
        guard client.user.isAdmin else { throw APIError(.notYours, "`class`: \"admin\" is for admins") }
        guard client.openRequests.count < configuration.maximumOpenRequests else { throw APIError(.tooManyRequests) }
        client.openRequests.insert(request.tid)
        let reply = BrowserReply(request.tid, to: client, command: request.cmd, call: nil)
        log.debug("a client's request", metadata: reply.metadata)
        reply.acknowledge(after: configuration.ackDelay)
        LoopActor.task { [admin] in
            do throws(APIError) {
                reply.ok(try await admin.perform(request.cmd, request.data))
            } catch {
                reply.fail(error)
            }
        }
    }
}

/// Times and bounds of the browser API; the defaults serve production.
public struct BrowserAPIConfiguration: Sendable {
    /// How long a client outlives its connection, waiting for `resume`.
    public var graceTime: Duration = .seconds(10)
    /// How long an answer may take before an ack says that it is coming.
    public var ackDelay: Duration = .seconds(1)
    /// How long a connection may stay without a login.
    public var loginTime: Duration = .seconds(300)
    /// Failed logins and resumes after which a connection is closed with 1008.
    public var failedLoginLimit = 5
    /// Wrong passwords of one user from one address within a minute, on whatever connections, after which none is looked at for ten minutes.
    public var wrongPasswordLimit = 20
    /// Delay of the answer to the first wrong password; it doubles with each further one.
    public var failedLoginDelay: Duration = .milliseconds(250)
    /// Longest that a request of ours may take after the client acknowledged it.
    public var acknowledgedRequestTime: Duration = .seconds(180)

    /// Clients at once, those that wait for `resume` included.
    public var maximumClients = 10_000
    /// Clients of one user at once.
    public var maximumClientsPerUser = 100
    /// Subscriptions of one client.
    public var maximumSubscriptions = 256
    /// Requests of a client that are not answered yet.
    public var maximumOpenRequests = 256
    /// Requests to a client that are not answered yet.
    public var maximumRequestsToClient = 256
    /// Messages kept for a client that waits for `resume`; with one more it ends.
    public var maximumKeptMessages = 1_000
    /// Their bytes in all.
    public var maximumKeptBytes = 1 << 20
    /// Messages a second that a connection may send in the long run; beyond them it is closed with 1008.
    public var messagesPerSecond = 1_000
    /// Messages that it may send at once.
    public var messageBurst = 2_000

    public init() {}
}

let log = Logger(label: "tern.browser-api")
