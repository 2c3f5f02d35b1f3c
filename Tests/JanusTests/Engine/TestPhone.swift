import Foundation
import Janus
import SIPNames

/// A phone's pair of UDP sockets, for RTP and RTCP.
final class TestPhone: Sendable {
    struct Failure: Error { let reason: String }

    let address: String
    let rtp: Int32
    let rtcp: Int32
    /// Port of RTP, which is even; that of RTCP follows it.
    let port: Int

    init(_ address: String) throws {
        self.address = address
        for _ in 0..<100 {
            let rtp = try TestPhone.socket(address), port = TestPhone.port(of: rtp)
            if port % 2 == 0, let rtcp = try? TestPhone.socket(address, port: port + 1) {
                (self.rtp, self.rtcp, self.port) = (rtp, rtcp, port)
                return
            }
            close(rtp)
        }
        throw Failure(reason: "no pair of ports")
    }

    deinit {
        close(rtp)
        close(rtcp)
    }

    /// As its SDP would say.
    var remote: EngineRemote { EngineRemote(address: address, port: port, rtcpPort: port + 1) }

    func send(_ packet: RTPSample, to leg: SocketAddress) { send(packet.bytes, to: leg) }

    /// Sends a datagram; to the port after that of `leg` where it is RTCP on a port of its own.
    func send(_ bytes: [UInt8], to leg: SocketAddress, asRTCP: Bool = false) {
        TestPhone.with(leg.address, leg.port + (asRTCP ? 1 : 0)) { name, length in
            _ = bytes.withUnsafeBytes { sendto(asRTCP ? rtcp : rtp, $0.baseAddress, $0.count, 0, name, length) }
        }
    }

    /// Waits for RTP packets, `count` of them at most.
    func receive(_ count: Int, within limit: Duration = .seconds(3)) async -> [RTPSample] {
        await datagrams(count, within: limit).compactMap { RTPSample($0.bytes) }
    }

    /// Waits for datagrams, `count` of them at most, on a thread of its own.
    func datagrams(
        _ count: Int, asRTCP: Bool = false, within limit: Duration = .seconds(3)
    ) async -> [(bytes: [UInt8], port: Int)] {
        // A test whose time is over waits for nothing more.
        if Task.isCancelled { return [] }
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                let socket = asRTCP ? rtcp : rtp
                let end = ContinuousClock.now + limit
                var found: [(bytes: [UInt8], port: Int)] = []
                while found.count < count {
                    if let datagram = TestPhone.take(socket) {
                        found.append(datagram)
                        continue
                    }
                    let left = end - ContinuousClock.now
                    guard left > .zero else { break }
                    var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
                    _ = Glibc.poll(&poll, 1, Int32(left.components.seconds * 1_000 + left.components.attoseconds / 1_000_000_000_000_000 + 1))
                }
                continuation.resume(returning: found)
            }
        }
    }

    /// What has come and was not taken yet.
    func waiting(asRTCP: Bool = false) -> [[UInt8]] {
        var found: [[UInt8]] = []
        while let datagram = TestPhone.take(asRTCP ? rtcp : rtp) { found.append(datagram.bytes) }
        return found
    }

    private static func take(_ socket: Int32) -> (bytes: [UInt8], port: Int)? {
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 4_096) { buffer, filled in
            count = withUnsafeMutablePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT), $0, &length)
                }
            }
            filled = max(0, count)
        }
        return count < 0 ? nil : (bytes, port(of: name))
    }

    private static func socket(_ address: String, port: Int = 0) throws -> Int32 {
        let family = address.contains(":") ? AF_INET6 : AF_INET
        let socket = Glibc.socket(family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw Failure(reason: "no socket") }
        var size: Int32 = 4 << 20
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        let isBound = with(address, port) { bind(socket, $0, $1) == 0 }
        guard isBound else {
            let reason = String(cString: strerror(errno))
            close(socket)
            throw Failure(reason: "\(address): \(reason)")
        }
        return socket
    }

    private static func port(of socket: Int32) -> Int {
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        return port(of: name)
    }

    private static func port(of name: sockaddr_storage) -> Int {
        // Both families have it at the same place.
        withUnsafeBytes(of: name) { Int(UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self))) }
    }

    private static func with<Result>(_ address: String, _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        if address.contains(":") {
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = UInt16(truncatingIfNeeded: port).bigEndian
            inet_pton(AF_INET6, address, &name.sin6_addr)
            return withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in6>.size)) }
            }
        }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        inet_pton(AF_INET, address, &name.sin_addr)
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}

/// An RTP packet (RFC 3550 section 5.1) as a phone of the tests sends it, without CSRCs or an extension.
struct RTPSample: Equatable, Sendable {
    var type: UInt8 = 0
    var marker = false
    var sequence: UInt16
    var timestamp: UInt32
    var ssrc: UInt32
    var payload: [UInt8]

    /// The `index`-th packet of a stream of 20 ms of PCMU each, whose payload tells which it is.
    init(_ index: Int, ssrc: UInt32 = 0x1234_5678, type: UInt8 = 0, mark: UInt8 = 0) {
        self.type = type
        sequence = UInt16(truncatingIfNeeded: index)
        timestamp = UInt32(truncatingIfNeeded: index &* 160)
        self.ssrc = ssrc
        payload = [mark, UInt8(truncatingIfNeeded: index >> 8), UInt8(truncatingIfNeeded: index)] + [UInt8](repeating: 0xd5, count: 157)
    }

    /// `nil` for what is no RTP packet of version 2.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 12, bytes[0] == 0x80 else { return nil }
        func number(_ range: Range<Int>) -> UInt32 { bytes[range].reduce(0) { $0 << 8 | UInt32($1) } }
        marker = bytes[1] & 0x80 != 0
        type = bytes[1] & 0x7f
        sequence = UInt16(truncatingIfNeeded: number(2..<4))
        timestamp = number(4..<8)
        ssrc = number(8..<12)
        payload = Array(bytes[12...])
    }

    var bytes: [UInt8] {
        func big(_ value: UInt32, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt32($0 * 8)) }
        }
        return [0x80, (marker ? 0x80 : 0) | type] + big(UInt32(sequence), 2) + big(timestamp, 4) + big(ssrc, 4) + payload
    }

    /// The `index` that it was made of.
    var index: Int { payload.count > 2 ? Int(payload[1]) << 8 | Int(payload[2]) : -1 }
    /// The `mark` that it was made with.
    var mark: UInt8 { payload.first ?? 0 }
}
