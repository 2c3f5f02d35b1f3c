internal import CoreMetrics
public import EventLoop
internal import Events
internal import Glibc
public import Logging
internal import SIPNames

/// Sends packets to a Homer over UDP. A packet that cannot be sent at once is dropped and counted; nothing waits.
@LoopActor
public final class HEPSender {
    public struct Settings: Sendable {
        /// A host name or an address, and the port.
        public var host: String
        public var port: Int
        /// Who sends, for Homer: 0 to 4294967295.
        public var id: UInt32
        /// Empty for none.
        public var password: String

        public init(host: String, port: Int, id: UInt32, password: String) { (self.host, self.port, self.id, self.password) = (host, port, id, password) }
    }

    /// How often the name is looked up again.
    private static let lookupInterval = Duration.seconds(60)
    private static let retryInterval = Duration.seconds(5)

    private let settings: Settings
    private let lookUp: @LoopActor (String) async -> [String]
    private let log: Logger
    private var descriptor: Int32 = -1
    private var address: SocketAddress?
    private var timer: LoopTimer?
    private var isStopped = false
    private var hasFailed = false
    private let sent = Counter(label: "tern_hep_packets_total", dimensions: [("result", "sent")])
    private let dropped = Counter(label: "tern_hep_packets_total", dimensions: [("result", "dropped")])

    /// - Parameter lookUp: The addresses of a host name.
    public init(_ settings: Settings, log: Logger, lookUp: @escaping @LoopActor (String) async -> [String]) {
        (self.settings, self.log, self.lookUp) = (settings, log, lookUp)
    }

    isolated deinit { if descriptor >= 0 { close(descriptor) } }

    public func start() {
        if let ip = IPAddress(host: settings.host), let address = SocketAddress(address: ip.description, port: settings.port) { return use(address) }
        LoopActor.task { [weak self] in await self?.resolve() }
    }

    public func stop() {
        isStopped = true
        timer?.cancel()
        timer = nil
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    private func resolve() async {
        let found = await lookUp(settings.host).lazy.compactMap { [port = settings.port] in SocketAddress(address: $0, port: port) }.first
        guard !isStopped else { return }
        if let found { use(found) } else { say("Homer's host is not found: \(settings.host)") }
        timer?.cancel()
        timer = LoopTimer.schedule(after: found == nil ? HEPSender.retryInterval : HEPSender.lookupInterval) { [weak self] in
            LoopActor.task { [weak self] in await self?.resolve() }
        }
    }

    private func use(_ found: SocketAddress) {
        guard found != address || descriptor < 0 else { return }
        if descriptor >= 0 { close(descriptor) }
        address = found
        descriptor = socket(found.family, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return say("no socket for HEP: \(String(cString: strerror(errno)))") }
        // A connected socket is told by ICMP that nobody listens.
        guard found.withPointer({ connect(descriptor, $0, $1) }) == 0 else { return say("no way to Homer: \(String(cString: strerror(errno)))") }
        hasFailed = false
        log.info("sending to Homer", metadata: ["address": "\(found)", "id": "\(settings.id)"])
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
    }

    /// Says what is wrong, once until it is well again.
    private func say(_ what: String) {
        guard !hasFailed else { return }
        hasFailed = true
        log.warning("Homer gets nothing", metadata: ["reason": "\(what)"])
    }
}
