internal import Glibc
internal import RTP
internal import SIPNames

/// The media of a test call: sends a ``MarkedSignal`` as G.711 in packets of 20 ms, and keeps what comes. Both on a thread of its own, for the sake of its clock.
final class TestLine: @unchecked Sendable {
    /// Where to send what, from the answer's SDP.
    struct Peer: Sendable {
        let address: SocketAddress
        let payloadType: UInt8
        let law: G711
    }

    /// What was counted and kept.
    struct Outcome {
        var sentPackets = 0
        var received = StreamMeter()
        var audio = ReceivedAudio()
        /// After the first packet was sent. Milliseconds.
        var firstPacket: Int?
        var source: SocketAddress?
        /// What the far end's last report says of what it got.
        var report: ReportBlock?
        /// Milliseconds.
        var roundTrip: Double?
        /// Microseconds of the monotonic clock.
        var began: Int64 = 0
        /// How late the latest packet was sent. Microseconds.
        var lateness: Int64 = 0
    }

    private static let packetTime: Int64 = 20_000
    private static let samplesInPacket = 160
    private static let reportInterval: Int64 = 2_000_000
    private static let bufferSize = 2_048

    /// The address that is offered, with the port for RTP; that for RTCP is one more.
    let local: SocketAddress
    private let rtp: Int32
    private let rtcp: Int32
    private var thread: pthread_t?
    private let isStopping: UnsafeMutablePointer<Bool>
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var outcome = Outcome()
    private var arrivals = ArrivalClock()

    /// Binds a pair of ports.
    init(address: IPAddress) throws(TestCallError) {
        var found: (rtp: Int32, rtcp: Int32, port: UInt16)?
        for _ in 0..<50 {
            let first = TestLine.bind(SocketAddress(address, port: 0))
            guard first >= 0 else { throw TestCallError("no UDP port can be had at \(address): \(String(cString: strerror(errno)))") }
            let port = UInt16(exactly: SocketAddress(boundTo: first)?.port ?? 0) ?? 0
            let second = port % 2 == 0 && port > 0 ? TestLine.bind(SocketAddress(address, port: port + 1)) : -1
            if second >= 0 {
                found = (first, second, port)
                break
            }
            close(first)
        }
        guard let found else { throw TestCallError("no pair of UDP ports is free at \(address)") }
        (rtp, rtcp) = (found.rtp, found.rtcp)
        local = SocketAddress(address, port: found.port)
        // Packets count when they come, however busy this machine is.
        var on: Int32 = 1
        setsockopt(rtp, SOL_SOCKET, SO_TIMESTAMPNS, &on, socklen_t(MemoryLayout<Int32>.size))
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        isStopping = .allocate(capacity: 1)
        isStopping.initialize(to: false)
    }

    deinit {
        close(rtp)
        close(rtcp)
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        isStopping.deallocate()
    }

    // MARK: Life

    /// Begins to send.
    func start(to peer: Peer) {
        guard thread == nil else { return }
        let run = Unmanaged.passRetained(Run(line: self, peer: peer))
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, { argument in
            if let argument {
                let run = Unmanaged<Run>.fromOpaque(argument).takeRetainedValue()
                run.line.run(run.peer)
            }
            return nil
        }, run.toOpaque())
        if status == 0 { self.thread = thread } else { run.release() }
    }

    /// Ends it, and says what came. Waits for the thread, which takes 20 ms at most.
    func stop() -> Outcome {
        if let thread {
            pthread_mutex_lock(mutex)
            isStopping.pointee = true
            pthread_mutex_unlock(mutex)
            pthread_join(thread, nil)
            self.thread = nil
        }
        return outcome
    }

    private final class Run {
        let line: TestLine
        let peer: Peer

        init(line: TestLine, peer: Peer) {
            self.line = line
            self.peer = peer
        }
    }

    private var mustStop: Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return isStopping.pointee
    }

    // MARK: The thread

    private func run(_ peer: Peer) {
        // Before others, where the system allows it: there is little to do, but at its time.
        var priority = sched_param(sched_priority: 1)
        pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority)
        let signal = MarkedSignal().samples
        let codes = signal.map { peer.law.code($0) }
        let ssrc = UInt32.random(in: 1...UInt32.max), firstSequence = UInt16.random(in: 0...UInt16.max), firstTimestamp = UInt32.random(in: 0...UInt32.max)
        let began = TestLine.now
        outcome.began = began
        var next = began, report = began + TestLine.reportInterval / 2
        var packet = [UInt8](repeating: 0, count: RTPHeader.size + TestLine.samplesInPacket)
        while !mustStop {
            let now = TestLine.now
            while next <= now {
                let number = outcome.sentPackets, start = number * TestLine.samplesInPacket
                packet[0] = 0x80
                packet[1] = peer.payloadType | (number == 0 ? 0x80 : 0)
                packet.withUnsafeMutableBytes { bytes in
                    guard let base = bytes.baseAddress else { return }
                    RTPHeader.write(
                        sequence: firstSequence &+ UInt16(truncatingIfNeeded: number), timestamp: firstTimestamp &+ UInt32(truncatingIfNeeded: start), ssrc: ssrc, to: base)
                }
                for index in 0..<TestLine.samplesInPacket { packet[RTPHeader.size + index] = codes[(start + index) % codes.count] }
                TestLine.send(packet[...], from: rtp, to: peer.address)
                outcome.sentPackets += 1
                outcome.lateness = max(outcome.lateness, TestLine.now - next)
                next += TestLine.packetTime
            }
            if now >= report {
                report += TestLine.reportInterval
                sendReport(ssrc: ssrc, timestamp: firstTimestamp, now: now, to: peer)
            }
            receive(until: min(next, report), peer, ssrc: ssrc)
        }
    }

    private func sendReport(ssrc: UInt32, timestamp: UInt32, now: Int64, to peer: Peer) {
        let sent = outcome.sentPackets
        let info = SenderInfo(
            ntp: TestLine.ntp, timestamp: timestamp &+ UInt32(truncatingIfNeeded: (now - outcome.began) / 125), packets: UInt32(truncatingIfNeeded: sent),
            bytes: UInt32(truncatingIfNeeded: sent * TestLine.samplesInPacket))
        var buffer = [UInt8](repeating: 0, count: RTCPWriter.capacity)
        let name = Array("tern-test-call".utf8)
        let length = buffer.withUnsafeMutableBytes { bytes in
            name.withUnsafeBytes { name in
                bytes.baseAddress.map { RTCPWriter.report(to: $0, ssrc: ssrc, sender: info, block: nil, name: name) } ?? 0
            }
        }
        guard peer.address.port < 65_535, let port = UInt16(exactly: peer.address.port + 1) else { return }
        TestLine.send(buffer[..<length], from: rtcp, to: SocketAddress(peer.address.ip, port: port))
    }

    private func receive(until time: Int64, _ peer: Peer, ssrc: UInt32) {
        var descriptors = [pollfd(fd: rtp, events: Int16(POLLIN), revents: 0), pollfd(fd: rtcp, events: Int16(POLLIN), revents: 0)]
        let wait = max(0, min(20, Int32((time - TestLine.now + 999) / 1_000)))
        guard poll(&descriptors, 2, wait) > 0 else { return }
        var buffer = [UInt8](repeating: 0, count: TestLine.bufferSize)
        for (descriptor, isMedia) in [(rtp, true), (rtcp, false)] {
            for _ in 0..<64 {
                guard let (count, source, arrival) = TestLine.receive(from: descriptor, into: &buffer) else { break }
                buffer.withUnsafeBytes { bytes in
                    guard let base = bytes.baseAddress else { return }
                    if isMedia, let header = RTPHeader(base, length: count) {
                        take(header, UnsafeRawBufferPointer(rebasing: bytes[header.payloadOffset..<header.payloadEnd]), source, peer, arrival: steadyTime(of: arrival))
                    } else {
                        takeReports(base, length: count, ssrc: ssrc)
                    }
                }
            }
        }
    }

    private func take(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, _ source: SocketAddress?, _ peer: Peer, arrival now: Int64) {
        if outcome.firstPacket == nil { outcome.firstPacket = Int((now - outcome.began) / 1_000) }
        outcome.source = source ?? outcome.source
        let law: G711? = header.payloadType == peer.payloadType ? peer.law : header.payloadType == 0 ? .muLaw : header.payloadType == 8 ? .aLaw : nil
        let isNew = outcome.received.take(StreamMeter.Packet(header: header, clockRate: 8_000, isAgreed: law != nil, isEvent: false, now: now))
        guard isNew, let law else { return }
        outcome.audio.take(header, payload, law, arrival: Int((now - outcome.began) / 125))
    }

    private func takeReports(_ packet: UnsafeRawPointer, length: Int, ssrc: UInt32) {
        let middle = UInt32(truncatingIfNeeded: TestLine.ntp >> 16)
        var reader = RTCPReader(packet, length: length)
        while let part = reader.next() {
            guard let block = RTCPReport(part, in: packet)?.block(about: ssrc, in: packet) else { continue }
            outcome.report = block
            if let trip = block.roundTrip(now: middle) { outcome.roundTrip = Double(trip) / 1_000 }
        }
    }

    // MARK: The system

    /// Microseconds of a clock that does not jump.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// NTP time (RFC 3550 section 4).
    private static var ntp: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec + 2_208_988_800) << 32 | (UInt64(time.tv_nsec) << 32) / 1_000_000_000
    }

    private static func bind(_ address: SocketAddress) -> Int32 {
        let descriptor = socket(address.ip.isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { return -1 }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        // DSCP EF (RFC 4594 section 4.1), as a phone marks its audio.
        var mark: Int32 = 46 << 2
        let (level, name) = address.ip.isIPv6 ? (Int32(IPPROTO_IPV6), IPV6_TCLASS) : (Int32(IPPROTO_IP), IP_TOS)
        setsockopt(descriptor, level, name, &mark, socklen_t(MemoryLayout<Int32>.size))
        guard address.withPointer({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    private static func send(_ bytes: ArraySlice<UInt8>, from descriptor: Int32, to address: SocketAddress) {
        bytes.withUnsafeBytes { bytes in
            _ = address.withPointer { sendto(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT), $0, $1) }
        }
    }

    /// A datagram, with the kernel's time of it: microseconds of the realtime clock, 0 where there is none.
    private static func receive(from descriptor: Int32, into buffer: inout [UInt8]) -> (count: Int, source: SocketAddress?, arrival: Int64)? {
        var count = 0, arrival: Int64 = 0
        let source = SocketAddress.filled { address, length in
            withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { control in
                count = buffer.withUnsafeMutableBytes { bytes in
                    var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                    return withUnsafeMutablePointer(to: &vector) { vector in
                        var header = msghdr()
                        (header.msg_name, header.msg_namelen) = (UnsafeMutableRawPointer(address), length.pointee)
                        (header.msg_iov, header.msg_iovlen) = (vector, 1)
                        (header.msg_control, header.msg_controllen) = (control.baseAddress, control.count)
                        let count = recvmsg(descriptor, &header, Int32(MSG_DONTWAIT))
                        length.pointee = header.msg_namelen
                        arrival = count > 0 ? TestLine.arrival(UnsafeRawBufferPointer(rebasing: control.prefix(Int(header.msg_controllen)))) : 0
                        return count
                    }
                }
                return Int32(clamping: count)
            }
        }
        return count > 0 ? (count, source, arrival) : nil
    }

    /// The time in the one control message: its header is followed by a timespec.
    private static func arrival(_ control: UnsafeRawBufferPointer) -> Int64 {
        let size = MemoryLayout<cmsghdr>.size
        guard control.count >= size + MemoryLayout<timespec>.size else { return 0 }
        let header = control.loadUnaligned(as: cmsghdr.self)
        guard header.cmsg_level == SOL_SOCKET, header.cmsg_type == SO_TIMESTAMPNS else { return 0 }
        let time = control.loadUnaligned(fromByteOffset: size, as: timespec.self)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000
    }

    /// On the clock that does not jump.
    private func steadyTime(of arrival: Int64) -> Int64 {
        var realtime = timespec()
        let now = TestLine.now
        clock_gettime(CLOCK_REALTIME, &realtime)
        arrivals.read(realtime: Int64(realtime.tv_sec) &* 1_000_000 &+ Int64(realtime.tv_nsec) / 1_000, monotonic: now)
        return arrivals.arrival(arrival)
    }
}

/// Why a test call could not be made.
public struct TestCallError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
