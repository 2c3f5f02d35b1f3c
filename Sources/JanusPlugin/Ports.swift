internal import CJanusPlugin
internal import Glibc
internal import RTP

/// The pairs of ports for RTP and RTCP (RFC 3550 section 11). Under ``Legs``' lock.
final class Ports: @unchecked Sendable {
    static let shared = Ports()

    struct Pair {
        let rtp: Int32
        let rtcp: Int32
        let port: UInt16
    }

    /// Where the search begins: behind the pair that was taken last, so that one is used anew as late as possible. 0 before there was one: two
    /// Januses, or one that was started again, do not begin with the same, to which somebody may still send.
    private var next: UInt16 = 0

    /// The range that was used up when a pair was wanted last, and when it is tried again, in microseconds: the search costs a system call a port.
    private var full: (address: MediaAddress, range: ClosedRange<UInt16>, end: Int64)?
    private static let patience: Int64 = 1_000_000

    /// Sockets have been closed.
    func release() { full = nil }

    /// Binds a pair of neighbours, the even one for RTP.
    ///
    /// - Throws: 503 where the range is used up, or no socket can be had.
    func bind(_ address: MediaAddress, in range: ClosedRange<UInt16>) throws(RequestError) -> Pair {
        let now = Clock.now()
        if let full, full.address == address, full.range == range, now < full.end { throw Ports.usedUp(range) }
        if let pair = try search(address, range) { return pair }
        full = (address, range, now &+ Ports.patience)
        throw Ports.usedUp(range)
    }

    private static func usedUp(_ range: ClosedRange<UInt16>) -> RequestError {
        RequestError(code: 503, reason: "No pair of ports from \(range.lowerBound) to \(range.upperBound) is free on this address.")
    }

    private static var noSocket: RequestError {
        RequestError(code: 503, reason: "The system gives no socket: \(String(cString: strerror(errno))).")
    }

    private func search(_ address: MediaAddress, _ range: ClosedRange<UInt16>) throws(RequestError) -> Pair? {
        let first = (UInt32(range.lowerBound) &+ 1) & ~1
        guard first &+ 1 <= UInt32(range.upperBound) else { return nil }
        let count = (UInt32(range.upperBound) &- first &+ 1) / 2
        // Before the first search, or in another range than the last one: anywhere.
        let start = first...(UInt32(range.upperBound) &+ 2) ~= UInt32(next) ? (UInt32(next) &- first) / 2 % count : .random(in: 0..<count)
        // A socket that failed to bind serves for the next attempt.
        var rtp: Int32?
        for step in 0..<count {
            let port = UInt16(truncatingIfNeeded: first &+ (start &+ step) % count &* 2)
            if rtp == nil { rtp = Ports.socket(address) }
            guard let bound = rtp else { throw Ports.noSocket }
            guard Ports.bind(bound, address, port) else { continue }
            guard let rtcp = Ports.socket(address) else {
                let error = Ports.noSocket
                close(bound)
                throw error
            }
            if Ports.bind(rtcp, address, port &+ 1) {
                // Many phones have no port for RTCP.
                tern_report_refusals(bound, address.v4 == nil ? 1 : 0)
                next = port &+ 2
                return Pair(rtp: bound, rtcp: rtcp, port: port)
            }
            close(rtcp)
            // A bound socket cannot be bound elsewhere.
            close(bound)
            rtp = nil
        }
        if let rtp { close(rtp) }
        return nil
    }

    private static func socket(_ address: MediaAddress) -> Int32? {
        let isV6 = address.v4 == nil
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = Glibc.socket(isV6 ? AF_INET6 : AF_INET, type, 0)
        guard descriptor >= 0 else { return nil }
        if isV6 {
            var only: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &only, socklen_t(MemoryLayout<Int32>.size))
        }
        return descriptor
    }

    private static func bind(_ descriptor: Int32, _ address: MediaAddress, _ port: UInt16) -> Bool {
        var address = SocketAddress(
            MediaAddress(high: address.high, low: address.low, port: port), isV6: address.v4 == nil)
        return address.bind(descriptor)
    }
}

/// Whether the port that a phone wants its RTP at is closed, as ICMP says. Under the leg's receiving lock.
struct PortRefusal {
    /// So long it has to be closed until that is reported, and again while it stays so: a phone may open it late. Microseconds.
    private static let patience: Int64 = 2_000_000
    /// What was refused before this is no longer news. Microseconds.
    private static let lifetime: Int64 = 1_000_000

    private var since: Int64 = 0
    private var last: Int64 = 0
    private var reported: Int64 = 0

    /// A packet was refused.
    mutating func note(now: Int64) {
        if since == 0 || now &- last >= PortRefusal.lifetime { since = now }
        last = now
    }

    /// RTP of the phone: it lives.
    @inline(__always)
    mutating func end() { since = 0 }

    /// Whether packets met a closed port, and no RTP has come since.
    var isStanding: Bool { since != 0 }

    /// Whether to report it now.
    mutating func isDue(now: Int64) -> Bool {
        guard since != 0, now &- last < PortRefusal.lifetime, now &- max(since, reported) >= PortRefusal.patience else { return false }
        reported = now
        return true
    }
}
