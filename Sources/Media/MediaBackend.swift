public import EventLoop
public import Janus
public import Logging
public import ProxyCore

/// Which media servers there are.
public enum MediaServers: Sendable {
    /// Januses of our own, one for each configuration; the legs of phones are bound to these addresses.
    case managed([JanusProcessConfiguration], phones: LegAddresses)
    /// Januses elsewhere, with a secret where they ask for one.
    case external([ExternalServer], apiSecret: String?)
}

/// A Janus that runs elsewhere.
public struct ExternalServer: Sendable, Equatable {
    /// Of its WebSocket transport.
    public var url: String
    /// The addresses of its machine that phones are told; nil where they are the gateway's media addresses.
    public var addresses: LegAddresses?

    public init(url: String, addresses: LegAddresses? = nil) {
        self.url = url
        self.addresses = addresses
    }
}

/// The media servers: Januses of our own, or external ones by URL. Chooses one for each session.
///
/// Their names are `janus-1`, `janus-2` and so on, in the order of the configuration.
@LoopActor
public final class MediaBackend: MediaEngine {
    /// How the Januses stand together, for the status page and the log.
    public struct Status: Equatable {
        public var state: String
        public var handles: Int
    }

    private var januses: [JanusServer] = []
    private var choice = MediaServerChoice()
    /// The addresses that phones' legs are bound to. An external Janus has addresses of its own: there it is all of them.
    private let phoneAddresses: LegAddresses
    /// Whether legs follow a phone whose packets come from elsewhere than the signalled address.
    public var latching: EngineConfiguration.Latching
    /// Waits for the first Janus to become ready.
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameter latching: Whether media of phones may come from elsewhere than their SDP says.
    public init(_ servers: MediaServers, latching: EngineConfiguration.Latching = .auto, log: Logger) {
        self.latching = latching
        switch servers {
        case .managed(let processes, let addresses):
            phoneAddresses = addresses
            januses = processes.enumerated().map { index, process in
                JanusServer(MediaBackend.name(index), process, log: log) { [weak self] in self?.serverChanged() }
            }
        case .external(let servers, let apiSecret):
            phoneAddresses = LegAddresses("0.0.0.0", ip6: "::")
            januses = servers.enumerated().map { index, server in
                let name = MediaBackend.name(index)
                let configuration = JanusClientConfiguration(name: servers.count > 1 ? name : nil, url: server.url, apiSecret: apiSecret, engine: .current)
                return JanusServer(name, configuration, addresses: server.addresses, log: log) { [weak self] in self?.serverChanged() }
            }
        }
    }

    /// The name of the Janus at that place in the configuration.
    public nonisolated static func name(_ index: Int) -> String { "janus-\(index + 1)" }

    /// The address of that family that phones' legs are bound to.
    public func bindAddress(_ family: AddressFamily) -> String { phoneAddresses[family] ?? phoneAddresses.ip4 }

    public func start() { januses.forEach { $0.start() } }

    public func stop() async {
        // At once: each may take as long as its patience.
        let ends = januses.map { janus in LoopActor.task { await janus.stop() } }
        for end in ends { await end.value }
        resumeWaiting()
    }

    /// Called when it may have become ready, or ceased to be.
    public var onChange: (@LoopActor () -> Void)?

    public func isReady(except tried: Set<String>) -> Bool { januses.contains { MediaServerChoice.isOpen($0.load) && !tried.contains($0.name) } }

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
        let servers = servers
        let handles = servers.reduce(0) { $0 + $1.handles }
        let state = ["ready", "connecting"].first { state in servers.contains { $0.state == state } }
        return Status(state: state ?? "down", handles: handles)
    }

    /// Why no session can be started now; nil where one can.
    public var obstacle: String? {
        if isReady { return nil }
        return januses.contains { $0.load.isReady } ? "all media servers that are ready are being drained" : "no media server is ready"
    }

    /// One Janus, as operators see it.
    public struct Server: Sendable, Equatable {
        public let name: String
        public let url: String
        /// `ready`, `connecting` or `down`.
        public let state: String
        /// Why it is down; nil where it is not.
        public let reason: String?
        /// Handles that it holds for the gateway.
        public let handles: Int
        /// Of its process, where it is the gateway's own and answers.
        public let pid: Int32?
        /// Whether it gets no new sessions, by an operator's wish.
        public let isDraining: Bool
        /// Whether it is started again, and draining ends, when it has no handle left.
        public let restartsWhenEmpty: Bool
        /// Whether it answers too late for new sessions.
        public let isSlow: Bool
        /// How long it takes to answer; nil while it is not ready.
        public let answerTime: Duration?
        /// Cores that its process keeps busy; nil where that is not known.
        public let cores: Double?
    }

    public var servers: [Server] { januses.map(\.snapshot) }

    /// What became of a command to drain a Janus.
    public enum Draining: Sendable, Equatable {
        case done
        /// No Janus has that name.
        case unknown
        /// It runs elsewhere: whoever started it has to start it again.
        case notOwn
    }

    /// Keeps new sessions from a Janus, or lets them come again; those that it has go on.
    ///
    /// - Parameter restarts: Whether it is started again, which ends the draining, when it has no handle left.
    public func drain(_ name: String, _ isOn: Bool, restarts: Bool = false) -> Draining {
        guard let janus = januses.first(where: { $0.name == name }) else { return .unknown }
        guard janus.drain(isOn, restarts: restarts) else { return .notOwn }
        serverChanged()
        return .done
    }

    /// The Janus for a new session: the one with the least load of those that answer in time.
    public func choose(except tried: Set<String>) throws(JanusError) -> any MediaServer {
        let excluded = Set(januses.indices.filter { tried.contains(januses[$0].name) })
        guard let index = choice.next(among: januses.map(\.load), except: excluded) else { throw .notReady("no media server is available") }
        return januses[index]
    }

    private func serverChanged() {
        if isReady { resumeWaiting() }
        onChange?()
    }

    private func resumeWaiting() {
        let resumed = waiting
        waiting = []
        for continuation in resumed { continuation.resume() }
    }
}
