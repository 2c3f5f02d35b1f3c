internal import CoreMetrics
public import EventLoop
internal import Events
internal import Glibc
public import Logging
internal import SIPNames

/// What packets go to a Homer by.
@LoopActor
protocol HEPTransport: AnyObject {
    func start()
    func stop()
    /// Never waits; a packet that there is no room for is dropped and counted.
    func send(_ packet: HEPPacket)
}

/// Sends packets to a Homer over UDP. A packet that cannot be sent at once is dropped and counted; nothing waits.
@LoopActor
public final class HEPSender: HEPTransport {
    public struct Settings: Sendable {
        /// A host name or an address, and the port.
        public var host: String
        public var port: Int
        /// Who sends, for Homer: 0 to 4294967295.
        public var id: UInt32
        /// Empty for none.
        public var password: String
        /// Whether packets go over TCP.
        public var isTCP: Bool

        public init(host: String, port: Int, id: UInt32, password: String, isTCP: Bool = false) {
            (self.host, self.port, self.id, self.password, self.isTCP) = (host, port, id, password, isTCP)
        }
    }

    struct Times {
        /// How often the name is looked up again.
        var lookup = Duration.seconds(60)
        /// When a name that is not found is looked up again, and an address with no way to it is tried again.
        var retry = Duration.seconds(5)
        /// After so long without an error all is well again.
        var recovery = Duration.seconds(60)
    }

    private let settings: Settings
    private let times: Times
    private let lookUp: @LoopActor (String) async -> [String]
    private let join: @LoopActor (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    private let log: Logger
    private var descriptor: Int32 = -1
    private var address: SocketAddress?
    private var timer: LoopTimer?
    private var isStopped = false
    /// When it failed last; nil where all is well.
    private var failed: ContinuousClock.Instant?
    private let sent = Counter(label: "tern_hep_packets_total", dimensions: [("result", "sent")])
    private let dropped = Counter(label: "tern_hep_packets_total", dimensions: [("result", "dropped")])

    /// - Parameter lookUp: The addresses of a host name.
    public convenience init(_ settings: Settings, log: Logger, lookUp: @escaping @LoopActor (String) async -> [String]) {
        self.init(settings, Times(), log: log, lookUp: lookUp)
    }

    /// - Parameter join: Connects a socket as `connect(2)` does.
    init(
        _ settings: Settings, _ times: Times, log: Logger, lookUp: @escaping @LoopActor (String) async -> [String],
        join: @escaping @LoopActor (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32 = { connect($0, $1, $2) }
    ) {
        (self.settings, self.times, self.log, self.lookUp, self.join) = (settings, times, log, lookUp, join)
    }

    isolated deinit { if descriptor >= 0 { close(descriptor) } }

    public func start() {
        if let ip = IPAddress(host: settings.host), let address = SocketAddress(address: ip.description, port: settings.port) { return keep(to: address) }
        LoopActor.task { [weak self] in await self?.resolve() }
    }

    public func stop() {
        isStopped = true
        timer?.cancel()
        timer = nil
        disconnect()
    }

    private func resolve() async {
        let found = await lookUp(settings.host).lazy.compactMap { [port = settings.port] in SocketAddress(address: $0, port: port) }.first
        guard !isStopped else { return }
        if found == nil { say("Homer's host is not found: \(settings.host)") }
        let isConnected = found.map { use($0) } ?? false
        after(isConnected ? times.lookup : times.retry) { sender in LoopActor.task { [weak sender] in await sender?.resolve() } }
    }

    /// Tries an address until there is a way to it.
    private func keep(to address: SocketAddress) {
        if !use(address) { after(times.retry) { $0.keep(to: address) } }
    }

    private func after(_ time: Duration, _ body: @escaping @LoopActor (HEPSender) -> Void) {
        timer?.cancel()
        timer = LoopTimer.schedule(after: time) { [weak self] in
            if let self { body(self) }
        }
    }

    /// Whether packets can be sent there.
    private func use(_ found: SocketAddress) -> Bool {
        guard found != address || descriptor < 0 else { return true }
        disconnect()
        descriptor = socket(found.family, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // A connected socket is told by ICMP that nobody listens.
        guard descriptor >= 0, found.withPointer({ join(descriptor, $0, $1) }) == 0 else {
            say("no way to Homer: \(String(cString: strerror(errno)))")
            disconnect()
            return false
        }
        address = found
        failed = nil
        log.info("sending to Homer", metadata: ["address": "\(found)", "id": "\(settings.id)"])
        return true
    }

    private func disconnect() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        address = nil
    }

    func send(_ packet: HEPPacket) {
        guard descriptor >= 0 else { return dropped.increment() }
        let bytes = packet.bytes(of: HEPPacket.Agent(id: settings.id, password: settings.password))
        let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)) }
        guard count == bytes.count else {
            // The error may be that of a packet before.
            dropped.increment()
            if errno == ECONNREFUSED { say("nobody listens for HEP at \(address.map { "\($0)" } ?? settings.host)") }
            return
        }
        sent.increment()
        // Where nobody listens, each packet after one that was refused is sent.
        if let last = failed, last.duration(to: .now) > times.recovery { failed = nil }
    }

    /// Says what is wrong, once until it is well again.
    private func say(_ what: String) {
        defer { failed = .now }
        guard failed == nil else { return }
        log.warning("Homer gets nothing", metadata: ["reason": "\(what)"])
    }
}
