internal import CJanusPlugin
internal import Glibc
internal import RTP

/// The thread that reads the sockets of plain legs, and does the periodic work of all.
final class Relay: @unchecked Sendable {
    static let shared = Relay()

    /// Between two rounds of the periodic work. Microseconds.
    static let period: Int64 = 100_000
    /// Packets that are read of one socket in a turn: a flood on one leg leaves time for the others.
    private static let burst = 16
    private static let capacity: Int32 = 256

    private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    /// Readable when the plugin ends.
    private let wake = tern_wake_descriptor()
    private let events: UnsafeMutablePointer<epoll_event>
    private let buffers: UnsafeMutableRawPointer
    private let sources: UnsafeMutablePointer<sockaddr_storage>
    private let vectors: UnsafeMutablePointer<iovec>
    private let datagrams: UnsafeMutablePointer<tern_datagram>
    private let packet: UnsafeMutablePointer<janus_plugin_rtp>

    private init() {
        events = .allocate(capacity: Int(Relay.capacity))
        events.initialize(repeating: epoll_event(), count: Int(Relay.capacity))
        let stride = Leg.packetSize + Leg.trailerSize
        buffers = .allocate(byteCount: Relay.burst * stride, alignment: 16)
        sources = .allocate(capacity: Relay.burst)
        sources.initialize(repeating: sockaddr_storage(), count: Relay.burst)
        vectors = .allocate(capacity: Relay.burst)
        datagrams = .allocate(capacity: Relay.burst)
        datagrams.initialize(repeating: tern_datagram(), count: Relay.burst)
        packet = .allocate(capacity: 1)
        packet.initialize(to: janus_plugin_rtp())
        for index in 0..<Relay.burst {
            (vectors + index).initialize(to: iovec(iov_base: buffers + index * stride, iov_len: Leg.packetSize))
            datagrams[index].header.msg_iov = vectors + index
            datagrams[index].header.msg_iovlen = 1
            datagrams[index].header.msg_name = UnsafeMutableRawPointer(sources + index)
        }
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event)
    }

    /// Has the sockets of a leg read from now on. Closing them ends that.
    func watch(_ pair: Ports.Pair, of leg: LegPointer, _ medium: Medium) {
        for (descriptor, isRTCP) in [(pair.rtp, false), (pair.rtcp, true)] {
            var event = epoll_event()
            event.events = EPOLLIN.rawValue
            event.data.u64 = UInt64(UInt(bitPattern: leg)) | UInt64(medium.rawValue) << 1 | (isRTCP ? 1 : 0)
            epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
        }
    }

    /// Ends ``run()``.
    func end() {
        var one: UInt64 = 1
        write(wake, &one, MemoryLayout<UInt64>.size)
    }

    /// Runs until the plugin ends.
    func run() {
        var due = Clock.now() &+ Relay.period
        while true {
            let wait = max(due &- Clock.now(), 0) / 1_000 &+ 1
            let count = epoll_wait(epoll, events, Relay.capacity, Int32(truncatingIfNeeded: wait))
            var index = 0
            while index < Int(count) {
                let tag = UInt(events[index].data.u64)
                guard let leg = LegPointer(bitPattern: tag & ~3) else { return }
                drain(leg, tag & 2 == 0 ? .audio : .video, isRTCP: tag & 1 != 0)
                index = index &+ 1
            }
            let now = Clock.now()
            if now >= due {
                due = now &+ Relay.period
                Housekeeping.run(now: now)
            }
        }
    }

    /// Reads one socket. The leg may have ended meanwhile, and its place have another one: then that one's socket is read.
    private func drain(_ leg: LegPointer, _ medium: Medium, isRTCP: Bool) {
        var index = 0
        while index < Relay.burst {
            datagrams[index].header.msg_namelen = socklen_t(MemoryLayout<sockaddr_storage>.size)
            index = index &+ 1
        }
        // The lock keeps the socket open.
        leg.pointee.receiving.lock()
        let receiver = leg.receiver(medium)
        let socket = isRTCP ? receiver.pointee.rtcp : receiver.pointee.rtp
        let generation = leg.pointee.generation
        let count = socket >= 0 ? tern_receive(socket, datagrams, UInt32(Relay.burst)) : 0
        leg.pointee.receiving.unlock()
        let now = Clock.now()
        index = 0
        while index < Int(count) {
            take(index, of: leg, medium, isRTCP: isRTCP, generation: generation, now: now)
            index = index &+ 1
        }
    }

    private func take(_ index: Int, of leg: LegPointer, _ medium: Medium, isRTCP: Bool, generation: UInt64, now: Int64) {
        let length = Int(datagrams[index].length)
        guard let bytes = vectors[index].iov_base, let source = MediaAddress(UnsafeRawPointer(sources + index)) else { return }
        // What was cut is no packet.
        guard datagrams[index].header.msg_flags & Int32(MSG_TRUNC) == 0 else { return leg.drop(medium, generation: generation) }
        if isRTCP || RTCP.isRTCP(bytes, length: length) {
            leg.receiveRTCP(bytes, length: length, from: source, medium: medium, isOwnPort: isRTCP, generation: generation, now: now)
        } else {
            janus_plugin_rtp_extensions_reset(&packet.pointee.extensions)
            leg.receive(bytes, length: length, from: source, medium: medium, generation: generation, now: now, relay: packet)
        }
    }
}
