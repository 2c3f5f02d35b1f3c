import Foundation

/// A port of a phone's that sends RTP of one payload type, and counts what comes back with the same one.
final class RTPSample: @unchecked Sendable {
    let port: Int
    private let socket: Socket
    private let lock = NSLock()
    private var encryption: (own: SRTPStream, peer: SRTPStream)?
    private var received: [UInt8: Int] = [:]

    init(on address: String) throws {
        socket = try RTPPhone.evenSocket(address)
        port = socket.port
        Thread.detachNewThread { self.listen() }
    }

    deinit { stop() }

    func stop() { socket.close() }

    /// Sends and expects SRTP from now on (`AES_CM_128_HMAC_SHA1_80`).
    func encrypt(own: SRTPStream, peer: SRTPStream) { lock.withLock { encryption = (own, peer) } }

    /// Packets that came in with that payload type.
    func packets(of type: UInt8) -> Int { lock.withLock { received[type, default: 0] } }

    /// Sends a packet every 20 ms until several have come back. False when the time is over.
    func comesBack(as type: UInt8, from address: String, port: Int, within limit: Duration = .seconds(10)) async throws -> Bool {
        let source = UInt32.random(in: 1...UInt32.max), end = ContinuousClock.now + limit
        var number = 0
        while packets(of: type) < 5, ContinuousClock.now < end {
            var packet = RTPPhone.header(type, number: number, time: number * 160, source: source, isFirst: number == 0)
            packet += [UInt8](repeating: 0x55, count: 160)
            if let stream = lock.withLock({ encryption?.own }) { packet = try stream.protect(packet) }
            socket.send(packet, to: address, port: port)
            number += 1
            try await Task.sleep(for: .milliseconds(20))
        }
        return packets(of: type) >= 5
    }

    private func listen() {
        while let packet = socket.read(atMost: 2_048), !packet.isEmpty {
            // RTCP has its own port.
            guard packet.count >= 12, packet[0] & 0xc0 == 0x80 else { continue }
            lock.withLock {
                if encryption != nil, encryption?.peer.unprotect(packet) == nil { return }
                received[packet[1] & 0x7f, default: 0] += 1
            }
        }
    }
}
