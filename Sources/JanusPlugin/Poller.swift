internal import CJanusPlugin
internal import Glibc
internal import RTP

/// How a packet came.
struct Arrival {
    /// Microseconds of the clock that does not jump; where the system does not tell, when it was read.
    let time: Int64
    /// The byte with its DSCP (RFC 2474); below 0 where the system does not tell.
    let trafficClass: Int32

    init(time: Int64, trafficClass: Int32 = -1) {
        self.time = time
        self.trafficClass = trafficClass
    }
}

/// A set of sockets of plain legs, and what it takes to read them. One thread turns it.
final class Poller {
    /// Packets that are read of one socket in a turn: a flood on one leg leaves time for the others.
    private static let burst = 16
    private static let capacity: Int32 = 64
    private static let controlSize = Int(tern_control_size)

    /// Readable when one of the sockets is; -1 where the process has no descriptor left.
    let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    /// Whether it can have sockets.
    var isUsable: Bool { epoll >= 0 }
    private let events: UnsafeMutablePointer<epoll_event>
    private let buffers: UnsafeMutableRawPointer
    private let sources: UnsafeMutablePointer<sockaddr_storage>
    private let vectors: UnsafeMutablePointer<iovec>
    private let datagrams: UnsafeMutablePointer<tern_datagram>
    private let packet: UnsafeMutablePointer<janus_plugin_rtp>
    /// What the system tells of each datagram of a leg that is under a line test.
    private let controls: UnsafeMutableRawPointer
    private var arrivals = ArrivalClock()

    init() {
        events = .allocate(capacity: Int(Poller.capacity))
        events.initialize(repeating: epoll_event(), count: Int(Poller.capacity))
        let stride = Leg.packetSize + Leg.trailerSize
        buffers = .allocate(byteCount: Poller.burst * stride, alignment: 16)
        sources = .allocate(capacity: Poller.burst)
        sources.initialize(repeating: sockaddr_storage(), count: Poller.burst)
        vectors = .allocate(capacity: Poller.burst)
        datagrams = .allocate(capacity: Poller.burst)
        datagrams.initialize(repeating: tern_datagram(), count: Poller.burst)
        packet = .allocate(capacity: 1)
        packet.initialize(to: janus_plugin_rtp())
        controls = .allocate(byteCount: Poller.burst * Poller.controlSize, alignment: 16)
        for index in 0..<Poller.burst {
            (vectors + index).initialize(to: iovec(iov_base: buffers + index * stride, iov_len: Leg.packetSize))
            datagrams[index].header.msg_iov = vectors + index
            datagrams[index].header.msg_iovlen = 1
            datagrams[index].header.msg_name = UnsafeMutableRawPointer(sources + index)
        }
    }

    deinit {
        if isUsable { close(epoll) }
        events.deallocate()
        buffers.deallocate()
        sources.deallocate()
        vectors.deallocate()
        datagrams.deallocate()
        packet.deallocate()
        controls.deallocate()
    }

    /// Adds a socket of a leg. Closing it takes it out again.
    ///
    /// - Returns: Whether the system has done so.
    private func add(_ socket: Int32, of leg: LegPointer, _ medium: Medium, isRTCP: Bool) -> Bool {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.u64 = UInt64(UInt(bitPattern: leg)) | UInt64(medium.rawValue) << 1 | (isRTCP ? 1 : 0)
        return epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0
    }

    /// Adds both sockets of a leg's medium.
    ///
    /// - Returns: False where the system refuses: then neither is there.
    func add(_ pair: (rtp: Int32, rtcp: Int32), of leg: LegPointer, _ medium: Medium) -> Bool {
        guard add(pair.rtp, of: leg, medium, isRTCP: false) else { return false }
        guard add(pair.rtcp, of: leg, medium, isRTCP: true) else {
            remove(pair.rtp)
            return false
        }
        return true
    }

    /// Adds a descriptor that ends ``turn(timeout:)`` when it is readable.
    func add(wake descriptor: Int32) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
    }

    func remove(_ socket: Int32) { epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nil) }

    /// Reads the sockets that are readable; waits for one at most `timeout` milliseconds.
    ///
    /// - Returns: False when the descriptor to wake it is readable.
    @discardableResult
    func turn(timeout: Int32) -> Bool {
        let count = epoll_wait(epoll, events, Poller.capacity, timeout)
        var index = 0
        while index < Int(count) {
            let tag = UInt(events[index].data.u64)
            guard let leg = LegPointer(bitPattern: tag & ~3) else { return false }
            drain(leg, tag & 2 == 0 ? .audio : .video, isRTCP: tag & 1 != 0)
            index = index &+ 1
        }
        return true
    }

    /// Reads one socket. The leg may have ended meanwhile, and its place have another one: then that one's socket is read.
    private func drain(_ leg: LegPointer, _ medium: Medium, isRTCP: Bool) {
        var index = 0
        while index < Poller.burst {
            datagrams[index].header.msg_namelen = socklen_t(MemoryLayout<sockaddr_storage>.size)
            index = index &+ 1
        }
        // The lock keeps the socket open.
        leg.pointee.receiving.lock()
        let receiver = leg.receiver(medium)
        let socket = isRTCP ? receiver.pointee.rtcp : receiver.pointee.rtp
        let generation = leg.pointee.generation
        let isTested = !isRTCP && receiver.pointee.test != nil
        if isTested { wantControls(true) }
        let count = socket >= 0 ? tern_receive(socket, datagrams, UInt32(Poller.burst)) : 0
        let now = Clock.now()
        if count < 0, !isRTCP, tern_refusals(socket) > 0 {
            if let destination = receiver.pointee.latch.refuse() { leg.follow(destination, medium, now) } else { receiver.pointee.refusal.note(now: now) }
        }
        leg.pointee.receiving.unlock()
        if isTested { readClocks() }
        index = 0
        while index < Int(count) {
            let told = isTested ? tern_describe(datagrams + index) : tern_reception(time: 0, traffic_class: -1)
            let arrival = isTested ? min(arrivals.arrival(told.time / 1_000), now) : now
            take(index, of: leg, medium, isRTCP: isRTCP, generation: generation, now: now, Arrival(time: arrival, trafficClass: told.traffic_class))
            index = index &+ 1
        }
        if isTested { wantControls(false) }
    }

    /// Makes room for what the system tells of datagrams, or has it tell nothing.
    private func wantControls(_ isWanted: Bool) {
        for index in 0..<Poller.burst {
            datagrams[index].header.msg_control = isWanted ? controls + index * Poller.controlSize : nil
            datagrams[index].header.msg_controllen = isWanted ? Poller.controlSize : 0
        }
    }

    private func readClocks() {
        let (realtime, monotonic) = Clock.both()
        arrivals.read(realtime: realtime, monotonic: monotonic)
    }

    private func take(_ index: Int, of leg: LegPointer, _ medium: Medium, isRTCP: Bool, generation: UInt64, now: Int64, _ arrival: Arrival) {
        let length = Int(datagrams[index].length)
        guard let bytes = vectors[index].iov_base, let source = MediaAddress(UnsafeRawPointer(sources + index)) else { return }
        // A truncated datagram is not a packet.
        guard datagrams[index].header.msg_flags & Int32(MSG_TRUNC) == 0 else { return leg.drop(medium, generation: generation) }
        if isRTCP || RTCP.isRTCP(bytes, length: length) {
            leg.receiveRTCP(bytes, length: length, from: source, medium: medium, isOwnPort: isRTCP, generation: generation, now: now)
        } else {
            janus_plugin_rtp_extensions_reset(&packet.pointee.extensions)
            leg.receive(bytes, length: length, from: source, medium: medium, generation: generation, now: now, arrival: arrival, relay: packet)
        }
    }
}
