import Foundation

/// The phones: one thread that sends PCMU every 20 ms for each call, and takes what comes.
///
/// All send from one socket, and a packet says which phone has sent it. Arrivals are timed by the system, so that it does not matter when
/// the thread looks.
final class Phones: @unchecked Sendable {
    /// What a phone's packets have come to.
    struct Count {
        var sent = 0
        var arrived = 0
        /// From ``Phones/add(to:)`` to the first arrival, in seconds.
        var first: Double?
    }

    static let interval: Int64 = 20_000_000
    private static let most = 4_096
    private static let magic: UInt64 = 0x7465_726e_6265_6e63
    private static let length = 172

    private struct Phone {
        var isActive = false
        var number: UInt32 = 0
        var source: UInt32 = 0
        var destination = sockaddr_in()
        var due: Int64 = 0
        var begin: Int64 = 0
        var sequence: UInt16 = 0
        var count = Count()
    }

    let port: UInt16
    private let socket: Int32
    /// For RTCP, which nobody reads.
    private let other: Int32
    private let address: String
    private let lock = NSLock()
    private var phones: [Phone] = []
    private var numbers: UInt32 = 0
    private var delays: [Int32] = []
    private var isOver = false
    private var thread: Thread?

    /// - Parameter address: A local IPv4 address.
    init(address: String, port: UInt16) throws {
        self.address = address
        self.port = port
        socket = try Phones.bind(address, port, buffer: 8 << 20)
        other = try Phones.bind(address, port + 1, buffer: 4_096)
        var on: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, socklen_t(MemoryLayout<Int32>.size))
        let thread = Thread { [unowned self] in run() }
        self.thread = thread
        thread.start()
    }

    func stop() { lock.withLock { isOver = true } }

    /// A phone begins to send. Phones send at moments of their own.
    ///
    /// - Parameter source: Its SSRC, where that is not to be made of its number.
    /// - Returns: Its number.
    func add(to address: String, _ port: Int, source: UInt32? = nil) -> UInt32 {
        lock.withLock {
            numbers += 1
            let now = Phones.now()
            // Consecutive ones lie apart by the golden section: evenly, whatever their number.
            let phase = Int64((Double(numbers) * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1) * Double(Phones.interval))
            var phone = Phone()
            phone.isActive = true
            phone.number = numbers
            phone.source = source ?? numbers | 0x1000_0000
            phone.destination = Phones.name(address, UInt16(truncatingIfNeeded: port))
            phone.begin = now
            phone.due = now / Phones.interval * Phones.interval + phase
            if phone.due < now { phone.due += Phones.interval }
            phone.sequence = UInt16(truncatingIfNeeded: numbers &* 7_919)
            if let free = phones.firstIndex(where: { !$0.isActive }) { phones[free] = phone } else { phones.append(phone) }
            return numbers
        }
    }

    /// A phone ends.
    @discardableResult
    func remove(_ number: UInt32) -> Count {
        lock.withLock {
            guard let index = phones.firstIndex(where: { $0.isActive && $0.number == number }) else { return Count() }
            phones[index].isActive = false
            return phones[index].count
        }
    }

    func count(of number: UInt32) -> Count {
        lock.withLock { phones.first { $0.isActive && $0.number == number }?.count ?? Count() }
    }

    /// How long packets took from `sendto` to their arrival, since this was asked last: nanoseconds.
    func takeDelays() -> [Int32] {
        lock.withLock {
            defer { delays = [] }
            return delays
        }
    }

    // MARK: The thread

    private func run() {
        // Phones are in time, whatever the machine has to do; where that is not allowed they are in time as far as they can be.
        var priority = sched_param(sched_priority: 1)
        pthread_setschedparam(pthread_self(), SCHED_RR, &priority)
        let packet = UnsafeMutableRawPointer.allocate(byteCount: 2_048, alignment: 16)
        let control = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 16)
        defer {
            packet.deallocate()
            control.deallocate()
            close(socket)
            close(other)
        }
        while true {
            lock.lock()
            if isOver { return lock.unlock() }
            let next = send(packet)
            receive(packet, control)
            lock.unlock()
            let wait = min(max(next - Phones.now(), 0), 1_000_000)
            var time = timespec(tv_sec: 0, tv_nsec: Int(wait))
            nanosleep(&time, nil)
        }
    }

    /// Sends what is due.
    ///
    /// - Returns: When the next packet is.
    private func send(_ packet: UnsafeMutableRawPointer) -> Int64 {
        var next = Int64.max
        for index in phones.indices where phones[index].isActive {
            let now = Phones.now()
            if phones[index].due <= now {
                phones[index].due += Phones.interval
                phones[index].sequence &+= 1
                phones[index].count.sent += 1
                send(packet, phones[index], now)
            }
            next = min(next, phones[index].due)
        }
        return next
    }

    private func send(_ packet: UnsafeMutableRawPointer, _ phone: Phone, _ now: Int64) {
        memset(packet, 0xd5, Phones.length)
        packet.storeBytes(of: UInt16(0x8000).bigEndian, as: UInt16.self)
        packet.storeBytes(of: phone.sequence.bigEndian, toByteOffset: 2, as: UInt16.self)
        packet.storeBytes(of: (UInt32(phone.sequence) &* 160).bigEndian, toByteOffset: 4, as: UInt32.self)
        packet.storeBytes(of: phone.source.bigEndian, toByteOffset: 8, as: UInt32.self)
        packet.storeBytes(of: Phones.magic, toByteOffset: 16, as: UInt64.self)
        packet.storeBytes(of: now, toByteOffset: 24, as: Int64.self)
        packet.storeBytes(of: phone.number, toByteOffset: 32, as: UInt32.self)
        var destination = phone.destination
        _ = withUnsafePointer(to: &destination) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(socket, packet, Phones.length, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private func receive(_ packet: UnsafeMutableRawPointer, _ control: UnsafeMutableRawPointer) {
        var vector = iovec(iov_base: packet, iov_len: 2_048)
        withUnsafeMutablePointer(to: &vector) { vector in
            while true {
                var header = msghdr()
                header.msg_iov = vector
                header.msg_iovlen = 1
                header.msg_control = control
                header.msg_controllen = 256
                let length = recvmsg(socket, &header, Int32(MSG_DONTWAIT))
                guard length >= 0 else { return }
                // The one control message: its header of 16 bytes, and a timespec.
                guard length >= 36, header.msg_controllen >= 32, packet.loadUnaligned(fromByteOffset: 16, as: UInt64.self) == Phones.magic else { continue }
                let time = control.load(fromByteOffset: 16, as: timespec.self)
                take(packet, at: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
            }
        }
    }

    private func take(_ packet: UnsafeMutableRawPointer, at arrival: Int64) {
        let number = packet.loadUnaligned(fromByteOffset: 32, as: UInt32.self), sent = packet.loadUnaligned(fromByteOffset: 24, as: Int64.self)
        guard let index = phones.firstIndex(where: { $0.isActive && $0.number == number }) else { return }
        if phones[index].count.arrived == 0 { phones[index].count.first = Double(arrival - phones[index].begin) / 1e9 }
        phones[index].count.arrived += 1
        delays.append(Int32(clamping: arrival - sent))
    }
}
