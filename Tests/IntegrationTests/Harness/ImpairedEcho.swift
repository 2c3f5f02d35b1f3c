import Foundation

/// The far end of a line with an echo on a bad network: sends RTP back to where it came from, later, and not all of it.
final class ImpairedEcho: Sendable {
    let port: Int
    private let socket: Socket
    private let delay: DispatchTimeInterval
    private let dropping: Int?
    private let queue = DispatchQueue(label: "impaired echo", qos: .userInteractive)

    /// - Parameter dropping: One of so many packets never goes back.
    init(on address: String, delayed delay: DispatchTimeInterval, dropping: Int? = nil) throws {
        socket = try RTPPhone.evenSocket(address)
        port = socket.port
        self.delay = delay
        self.dropping = dropping
        Thread.detachNewThread { [weak self, socket] in
            var count = 0
            while let (bytes, sender) = socket.datagram(), let self { reflect(bytes, to: sender, &count) }
        }
    }

    deinit { stop() }

    func stop() { socket.close() }

    private func reflect(_ bytes: [UInt8], to sender: sockaddr_in, _ count: inout Int) {
        guard bytes.count > 11, bytes[0] & 0xc0 == 0x80 else { return }
        count += 1
        if let dropping, count % dropping == 0 { return }
        queue.asyncAfter(deadline: .now() + delay) { [socket] in socket.send(bytes, to: sender) }
    }
}
