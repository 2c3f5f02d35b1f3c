internal import CoreMetrics
public import EventLoop
public import Janus
public import Logging
public import ProxyCore

/// Which media servers there are.
public enum MediaServers: Sendable {
    /// One Janus of our own; the legs of phones are bound to these addresses.
    case managed(JanusProcessConfiguration, phones: LegAddresses)
    /// Janus elsewhere, at these URLs, with a secret where it asks for one.
    case external(urls: [String], apiSecret: String?)
}

/// The media servers: one Janus of our own, or external ones by URL. Chooses one for each handle's session.
@LoopActor
public final class MediaBackend: MediaEngine {
    /// How Janus stands, for the status page and the log.
    public struct Status: Equatable {
        public var state: String
        public var handles: Int
    }

    private var clients: [JanusClient] = []
    private var process: JanusProcess?
    /// The addresses that phones' legs are bound to. An external Janus has addresses of its own: there it is all of them.
    private let phoneAddresses: LegAddresses
    /// UDP ports of phones' legs; nil where the engine's own choice counts.
    public let phonePorts: ClosedRange<Int>?
    /// Whether legs follow a phone whose packets come from elsewhere than the signalled address.
    public var latching: EngineConfiguration.Latching
    private let log: Logger
    /// From then on the end of a Janus is what was asked for.
    private var isStopping = false
    /// Waits for the first Janus to become ready.
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameter latching: Whether media of phones may come from elsewhere than their SDP says.
    public init(_ servers: MediaServers, latching: EngineConfiguration.Latching = .auto, log: Logger) {
        self.log = log
        self.latching = latching
        switch servers {
        case .managed(let settings, let addresses):
            phoneAddresses = addresses
            phonePorts = settings.plainPorts
            let process = JanusProcess(configuration: settings) { [weak self] state in self?.processChanged(state) }
            self.process = process
            clients = [makeClient(JanusClientConfiguration(url: process.url, apiSecret: process.apiSecret, engine: .current))]
        case .external(let urls, let apiSecret):
            phoneAddresses = LegAddresses("0.0.0.0", ip6: "::")
            phonePorts = nil
            clients = urls.map { makeClient(JanusClientConfiguration(url: $0, apiSecret: apiSecret, engine: .current)) }
        }
    }

    private func makeClient(_ configuration: JanusClientConfiguration) -> JanusClient {
        let (log, url) = (log, configuration.url)
        var lastReason: String?
        return JanusClient(configuration: configuration) { [weak self] state in
            switch state {
            case .ready:
                lastReason = nil
                log.info("Janus is ready")
            case .down(let reason):
                // The client tries again every few seconds: one line says why, until there is another reason.
                guard reason != lastReason else { break }
                lastReason = reason
                log.log(
                    level: self?.isStopping == true ? .info : .warning, "Janus is down", metadata: ["url": "\(url)", "reason": "\(reason)"])
            case .connecting: break
            }
            self?.clientChanged()
        }
    }

    /// The address of that family that phones' legs are bound to.
    public func bindAddress(_ family: AddressFamily) -> String { phoneAddresses[family] ?? phoneAddresses.ip4 }

    public func start() {
        if let process { process.start() } else { clients.forEach { $0.start() } }
    }

    public func stop() async {
        isStopping = true
        for client in clients { await client.stop() }
        await process?.stop()
        resumeWaiting()
    }

    /// Whether a session can be started now.
    public var isReady: Bool { clients.contains { $0.state == .ready } }

    /// Returns when a Janus is ready, or after `limit`.
    public func waitUntilReady(for limit: Duration) async {
        let timer = LoopTimer.schedule(after: limit) { [weak self] in self?.resumeWaiting() }
        await withCheckedContinuation { continuation in
            waiting.append(continuation)
            if isReady { resumeWaiting() }
        }
        timer.cancel()
    }

    public var status: Status {
        let handles = clients.reduce(0) { $0 + $1.openHandles }
        if isReady { return Status(state: "ready", handles: handles) }
        return Status(state: clients.contains { $0.state == .connecting } ? "connecting" : "down", handles: handles)
    }

    /// One Janus, as operators see it.
    public struct Server: Sendable, Equatable {
        public let url: String
        /// `ready`, `connecting` or `down`.
        public let state: String
        /// Why it is down; nil where it is not.
        public let reason: String?
        /// Handles that it holds for the gateway.
        public let handles: Int
    }

    public var servers: [Server] {
        clients.map { client in
            switch client.state {
            case .ready: Server(url: client.url, state: "ready", reason: nil, handles: client.openHandles)
            case .connecting: Server(url: client.url, state: "connecting", reason: nil, handles: client.openHandles)
            case .down(let reason): Server(url: client.url, state: "down", reason: reason, handles: client.openHandles)
            }
        }
    }

    /// The Janus for a new session: of those that are ready, the one with the fewest handles.
    public func choose() throws(JanusError) -> any MediaServer {
        let ready = clients.filter { $0.state == .ready }
        guard let client = ready.min(by: { $0.openHandles < $1.openHandles }) else {
            throw .notReady("no media server is available")
        }
        return client
    }

    private func processChanged(_ state: JanusProcessState) {
        guard case .running = state, let process, let client = clients.first else { return }
        Counter(label: "tern_janus_starts_total").increment()
        client.connect(to: process.url)
        client.start()
    }

    private func clientChanged() {
        if isReady { resumeWaiting() }
    }

    private func resumeWaiting() {
        let resumed = waiting
        waiting = []
        for continuation in resumed { continuation.resume() }
    }
}
