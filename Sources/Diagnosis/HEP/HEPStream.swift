internal import CoreMetrics
internal import EventLoop
internal import Events
internal import Glibc
internal import Logging
internal import SIPNames

/// Sends packets to a Homer over TCP.
///
/// Packets wait in a queue of ``mostWaiting`` bytes while Homer is slow or away; what finds no room is dropped and counted. A connection that is lost is made again, after 1 s,
/// 2 s, 4 s … a minute.
@LoopActor
final class HEPStream: HEPTransport {
    struct Times {
        /// How long a connection may take.
        var connection = Duration.seconds(5)
        var firstRetry = Duration.seconds(1)
        var longestRetry = Duration.seconds(60)
        /// How often a socket that takes nothing is asked again.
        var pause = Duration.milliseconds(20)
        /// How often it is looked whether Homer has closed the connection.
        var check = Duration.seconds(1)
        /// After so long without an error all is well again.
        var recovery = Duration.seconds(60)
    }

    /// Bytes that may wait.
    static let mostWaiting = 1 << 20
    /// How long Homer may leave what was sent unacknowledged, in milliseconds.
    private static let silence: Int32 = 20_000

    private let settings: HEPSender.Settings
    private let times: Times
    private let lookUp: @LoopActor (String) async -> [String]
    private let log: Logger
    private var descriptor: Int32 = -1
    private var isOpen = false
    private var isStopped = false
    private var timer: LoopTimer?
    private var checking: LoopTimer?
    private var wait: Duration
    /// Since when all is wrong; nil where all is well.
    private var failed: ContinuousClock.Instant?
    /// Packets from ``first`` on, and how many bytes of the first one are out.
    private var queue: [[UInt8]] = []
    private var first = 0
    private var offset = 0
    /// Bytes of the queue that are not out.
    private(set) var waiting = 0
    private let sent = Counter(label: "tern_hep_packets_total", dimensions: [("result", "sent")])
    private let dropped = Counter(label: "tern_hep_packets_total", dimensions: [("result", "dropped")])

    /// - Parameter lookUp: The addresses of a host name.
    convenience init(_ settings: HEPSender.Settings, log: Logger, lookUp: @escaping @LoopActor (String) async -> [String]) {
        self.init(settings, Times(), log: log, lookUp: lookUp)
    }

    init(_ settings: HEPSender.Settings, _ times: Times, log: Logger, lookUp: @escaping @LoopActor (String) async -> [String]) {
        (self.settings, self.times, self.log, self.lookUp, wait) = (settings, times, log, lookUp, times.firstRetry)
    }

    isolated deinit { if descriptor >= 0 { close(descriptor) } }

    func start() { connect() }

    /// What the socket takes at once still goes out.
    func stop() {
        if isOpen { flush() }
        isStopped = true
        disconnect()
    }

    // MARK: The connection

    private func connect() {
        if let ip = IPAddress(host: settings.host) { return connect(to: SocketAddress(address: ip.description, port: settings.port)) }
        LoopActor.task { [weak self] in await self?.resolve() }
    }

    private func resolve() async {
        let found = await lookUp(settings.host).lazy.compactMap { [port = settings.port] in SocketAddress(address: $0, port: port) }.first
        guard !isStopped else { return }
        connect(to: found)
    }

    private func connect(to address: SocketAddress?) {
        guard let address else { return lose("Homer's host is not found: \(settings.host)") }
        descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return lose(String(cString: strerror(errno))) }
        var silence = HEPStream.silence
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &silence, socklen_t(MemoryLayout.size(ofValue: silence)))
        let status = address.withPointer { Glibc.connect(descriptor, $0, $1) }
        guard status == 0 || errno == EINPROGRESS else { return lose("no way to Homer at \(address): \(String(cString: strerror(errno)))") }
        awaitConnection(address, until: .now + times.connection)
    }

    private func awaitConnection(_ address: SocketAddress, until deadline: ContinuousClock.Instant) {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        if poll(&request, 1, 0) > 0 {
            var code: Int32 = 0
            var length = socklen_t(MemoryLayout.size(ofValue: code))
            guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0, code == 0 else {
                return lose("no way to Homer at \(address): \(String(cString: strerror(code)))")
            }
            return opened(address)
        }
        guard .now < deadline else { return lose("Homer at \(address) does not answer") }
        after(times.pause) { $0.awaitConnection(address, until: deadline) }
    }

    private func opened(_ address: SocketAddress) {
        isOpen = true
        log.info("sending to Homer", metadata: ["address": "\(address)", "transport": "tcp", "id": "\(settings.id)"])
        checking = LoopTimer.schedule(after: times.check, every: times.check) { [weak self] in self?.check() }
        flush()
    }

    /// Homer says nothing; that it has closed is learned by reading.
    private func check() {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return lose("Homer has closed the connection") }
        if let last = failed, last.duration(to: .now) > times.recovery { failed = nil }
    }

    private func lose(_ reason: String) {
        disconnect()
        guard !isStopped else { return }
        if failed == nil { log.warning("Homer gets nothing", metadata: ["reason": "\(reason)"]) }
        failed = .now
        after(wait) { $0.connect() }
        wait = min(wait * 2, times.longestRetry)
    }

    private func disconnect() {
        timer?.cancel()
        checking?.cancel()
        if descriptor >= 0 { close(descriptor) }
        (descriptor, isOpen) = (-1, false)
        guard offset > 0 else { return }
        // Its beginning went another way.
        waiting -= queue[first].count - offset
        next()
        dropped.increment()
    }

    private func after(_ time: Duration, _ body: @escaping @LoopActor (HEPStream) -> Void) {
        timer?.cancel()
        timer = LoopTimer.schedule(after: time) { [weak self] in if let self { body(self) } }
    }

    // MARK: The queue

    func send(_ packet: HEPPacket) {
        let bytes = packet.bytes(of: HEPPacket.Agent(id: settings.id, password: settings.password))
        guard !isStopped, waiting + bytes.count <= HEPStream.mostWaiting else { return dropped.increment() }
        let wasEmpty = waiting == 0
        queue.append(bytes)
        waiting += bytes.count
        // Else the socket has been asked, and is asked again.
        if isOpen, wasEmpty { flush() }
    }

    private func flush() {
        while first < queue.count {
            let (packet, offset) = (queue[first], offset)
            let count = packet.withUnsafeBytes { bytes -> Int in
                guard let start = bytes.baseAddress?.advanced(by: offset) else { return 0 }
                return Glibc.send(descriptor, start, bytes.count - offset, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else {
                if errno == EAGAIN || errno == EINTR { return after(times.pause) { $0.flush() } }
                return lose("the connection to Homer is lost: \(String(cString: strerror(errno)))")
            }
            waiting -= count
            self.offset += count
            guard self.offset == packet.count else { continue }
            next()
            sent.increment()
            wait = times.firstRetry
        }
    }

    /// The first packet is done with.
    private func next() {
        queue[first] = []
        first += 1
        offset = 0
        if first == queue.count {
            queue.removeAll(keepingCapacity: true)
            first = 0
        } else if first > 1_000 {
            queue.removeFirst(first)
            first = 0
        }
    }
}
