import Foundation

/// The picture of a SIP phone: what it receives goes back to where it came from, RTP and RTCP alike, so that the other side
/// sees itself. It counts.
final class RTPReflector: Sendable {
    let port: Int
    private let media: Socket
    private let control: Socket
    private let packets = Counter()
    private let wishes = Counter()
    private let keys = Keyframes()

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
            // They do not keep it: one that nobody has any more answers nobody.
            Thread.detachNewThread { [weak self] in
                while let (bytes, sender) = socket.datagram(), let self { reflect(bytes, to: sender, from: socket, counting: true) }
            }
            Thread.detachNewThread { [weak self] in
                while let (bytes, sender) = next.datagram(), let self { reflect(bytes, to: sender, from: next, counting: false) }
            }
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

    /// What comes in from now on, in kbit/s of RTP, over so long.
    func rate(during time: Duration) async -> Double {
        let before = packets.bytes
        try? await Task.sleep(for: time)
        return Double(packets.bytes - before) * 8 / 1_000 / time.seconds
    }

    /// Packets that come in from now on, for so long.
    func packets(during time: Duration) async -> Int {
        let before = receivedPackets
        try? await Task.sleep(for: time)
        return receivedPackets - before
    }

    /// Whether packets come in now or within the time, more than a few.
    func sees(within limit: Duration = .patience) async -> Bool {
        let before = receivedPackets
        return await eventually(within: limit) { receivedPackets > before + 20 }
    }

    /// Whether packets stop to come in.
    func seesNothing(within limit: Duration = .patience) async -> Bool {
        await eventually(within: limit) { await packets(during: .milliseconds(500)) == 0 }
    }

    /// PLI and FIR that came in so far (RFC 4585, section 6.3.1; RFC 5104, section 4.3.1).
    var receivedWishes: Int { wishes.value }

    /// VP8 keyframes that came in so far.
    var keyframes: Int { keys.value }

    /// Whether a keyframe comes in within the time, from now on or from when there were `before`.
    ///
    /// Calls get theirs within a second; a busy machine has three. Without having been asked an encoder sends none for far longer.
    func seesKeyframe(after before: Int? = nil, within limit: Duration = .seconds(3)) async -> Bool {
        let before = before ?? keyframes
        return await eventually(within: limit) { keyframes > before }
    }

    /// Whether pictures go back to their sender. RTCP does so in any case, but for PLI and FIR.
    var reflects: Bool {
        get { keys.reflects }
        set { keys.reflects = newValue }
    }

    /// Sends a PLI to where the picture comes from, whose RTP port is `port`.
    func wish(at address: String, port: Int) {
        let source = keys.source
        let bytes = [0x81, 206, 0, 2, 0, 0, 0, 1] + (0..<4).map { UInt8(source >> (24 - 8 * $0) & 0xff) }
        control.send(bytes, to: address, port: port + 1)
    }

    private func reflect(_ bytes: [UInt8], to sender: sockaddr_in, from socket: Socket, counting: Bool) {
        guard bytes.count > 7, bytes[0] & 0xc0 == 0x80 else { return }
        if counting {
            packets.increment(bytes: bytes.count)
            keys.take(bytes)
            guard keys.reflects else { return }
        } else if RTPReflector.wishes(bytes) {
            wishes.increment()
        }
        socket.send(bytes, to: sender)
    }

    /// Whether there is a PLI or FIR among the packets of a compound (RFC 3550, section 6.1).
    private static func wishes(_ compound: [UInt8]) -> Bool {
        var at = 0
        while compound.count >= at + 4 {
            if compound[at + 1] == 206, [1, 4].contains(compound[at] & 0x1f) { return true }
            at += 4 * (Int(compound[at + 2]) << 8 | Int(compound[at + 3]) + 1)
        }
        return false
    }

    /// Finds the keyframes in a stream of VP8 (RFC 7741, sections 4.2 and 4.3).
    private final class Keyframes: @unchecked Sendable {
        private let lock = NSLock()
        private var times: Set<UInt32> = []
        private var isReflecting = true
        private var last: UInt32 = 0
        var value: Int { lock.withLock { times.count } }
        var source: UInt32 { lock.withLock { last } }
        var reflects: Bool {
            get { lock.withLock { isReflecting } }
            set { lock.withLock { isReflecting = newValue } }
        }

        func take(_ packet: [UInt8]) {
            func number(_ at: Int) -> UInt32 { packet[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) } }
            var at = 12 + 4 * Int(packet[0] & 0xf)
            if packet[0] & 0x10 != 0, packet.count > at + 3 { at += 4 + 4 * (Int(packet[at + 2]) << 8 | Int(packet[at + 3])) }
            guard packet.count > at + 4 else { return }
            let descriptor = packet[at]
            lock.withLock { last = number(8) }
            guard descriptor & 0x10 != 0, descriptor & 0x07 == 0 else { return }
            at += 1
            if descriptor & 0x80 != 0 {
                let extensions = packet[at]
                at += 1
                if extensions & 0x80 != 0 { at += packet[at] & 0x80 != 0 ? 2 : 1 }
                if extensions & 0x40 != 0 { at += 1 }
                if extensions & 0x30 != 0 { at += 1 }
            }
            guard packet.count > at, packet[at] & 1 == 0 else { return }
            _ = lock.withLock { times.insert(number(4)) }
        }
    }

    private final class Counter: @unchecked Sendable {
        private let lock = NSLock()
        private var count = 0
        private var sum = 0
        var value: Int { lock.withLock { count } }
        var bytes: Int { lock.withLock { sum } }
        func increment(bytes: Int = 0) {
            lock.withLock {
                count += 1
                sum += bytes
            }
        }
    }
}
