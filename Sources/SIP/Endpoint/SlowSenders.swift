internal import CSofiaSIP
internal import EventLoop
internal import Glibc
internal import SIPNames

/// Connections on which data comes again and again, and no message ends.
struct SlowSenders {
    private struct Progress {
        let peer: SocketAddress
        /// Messages that had come.
        let messages: Int
        let segments: UInt32
        let began: ContinuousClock.Instant
    }

    /// Time for a message, however slow.
    static let patience = Duration.seconds(30)
    /// Segments with data in that time that are no keepalives, nor answers to ours: phones send one every five seconds at most.
    static let fewest: UInt32 = 12

    private var progress: [Int32: Progress] = [:]

    /// - Parameters:
    ///   - connections: Those that there are, with the segments with data that have come.
    ///   - messages: How many messages have come from each peer.
    /// - Returns: Those that are to be closed.
    mutating func look(
        _ connections: [(descriptor: Int32, peer: SocketAddress, segments: UInt32)], messages: [SocketAddress: Int], now: ContinuousClock.Instant = .now
    ) -> [Int32] {
        var next: [Int32: Progress] = [:]
        var slow: [Int32] = []
        for (descriptor, peer, segments) in connections {
            let count = messages[peer] ?? 0
            guard let former = progress[descriptor], former.peer == peer, former.messages == count else {
                next[descriptor] = Progress(peer: peer, messages: count, segments: segments, began: now)
                continue
            }
            guard now - former.began >= SlowSenders.patience else {
                next[descriptor] = former
                continue
            }
            if segments &- former.segments >= SlowSenders.fewest { slow.append(descriptor) }
            next[descriptor] = Progress(peer: peer, messages: count, segments: segments, began: now)
        }
        progress = next
        return slow
    }
}

/// How many messages have come over each connection.
@LoopActor
enum ReceivedMessages {
    private(set) static var counts: [SocketAddress: Int] = [:]
    /// Peers that are remembered from one look to the next.
    private static let most = 65_536

    static func note(_ message: OpaquePointer?, _ transport: OpaquePointer?) {
        var length: socklen_t = 0
        guard let name = tern_tport_protocol(transport), !SofiaText.field(name, limit: 8).lowercased().hasPrefix("udp"), let message,
            let peer = tern_msg_source(message, &length).flatMap({ SocketAddress($0, length: length) }), counts.count < most || counts[peer] != nil
        else { return }
        counts[peer, default: 0] &+= 1
    }

    /// Forgets all other peers.
    static func keep(_ peers: Set<SocketAddress>) { counts = counts.filter { peers.contains($0.key) } }
}

/// What the kernel knows of a connection (`TCP_INFO`, struct tcp_info of Linux' <linux/tcp.h>).
struct TCPFigures {
    /// Time since data came.
    let idle: Duration
    /// Segments with data that have come.
    let segments: UInt32

    init(of descriptor: Int32) {
        var info = [UInt32](repeating: 0, count: 64)
        var length = socklen_t(info.count * MemoryLayout<UInt32>.size)
        guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0 else {
            (idle, segments) = (.zero, 0)
            return
        }
        // tcpi_last_data_recv, in milliseconds, and tcpi_data_segs_in.
        (idle, segments) = (.milliseconds(Int(info[13])), info[38])
    }
}
