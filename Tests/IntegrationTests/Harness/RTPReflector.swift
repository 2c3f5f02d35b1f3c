import Foundation

/// The picture of a SIP phone: what it receives goes back to where it came from, RTP and RTCP alike, so that the other side
/// sees itself. It counts.
final class RTPReflector: Sendable {
    let port: Int
    private let media: Socket
    private let control: Socket
    private let packets = Counter()

    /// RTCP has the port after RTP's (RFC 3550, section 11).
    init(on address: String) throws {
        for _ in 0..<50 {
            let socket = try Socket(type: SOCK_DGRAM, address: address, port: 0)
            let port = socket.port
            guard port % 2 == 0, let next = try? Socket(type: SOCK_DGRAM, address: address, port: port + 1) else {
                socket.close()
                continue
            }
            (media, control, self.port) = (socket, next, port)
            Thread.detachNewThread { self.reflect(self.media, counting: true) }
            Thread.detachNewThread { self.reflect(self.control, counting: false) }
            return
        }
        throw HarnessError("no two ports free side by side")
    }

    deinit { stop() }

    func stop() {
        media.close()
        control.close()
    }

    /// RTP packets that came in so far.
    var receivedPackets: Int { packets.value }

    /// Packets that come in from now on, for so long.
    func packets(during time: Duration) async -> Int {
        let before = receivedPackets
        try? await Task.sleep(for: time)
        return receivedPackets - before
    }

    /// Whether packets come in now or within the time, more than a few.
    func sees(within limit: Duration = .seconds(8)) async -> Bool {
        let before = receivedPackets
        return await eventually(within: limit) { receivedPackets > before + 20 }
    }

    /// Whether packets stop to come in.
    func seesNothing(within limit: Duration = .seconds(5)) async -> Bool {
        await eventually(within: limit) { await packets(during: .milliseconds(500)) == 0 }
    }

    private func reflect(_ socket: Socket, counting: Bool) {
        while let (bytes, sender) = socket.datagram() {
            guard bytes.count > 7, bytes[0] & 0xc0 == 0x80 else { continue }
            if counting { packets.increment() }
            socket.send(bytes, to: sender)
        }
    }

    private final class Counter: @unchecked Sendable {
        private let lock = NSLock()
        private var count = 0
        var value: Int { lock.withLock { count } }
        func increment() { lock.withLock { count += 1 } }
    }
}
