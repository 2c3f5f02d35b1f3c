import EventLoop
import Glibc
import SIPNames
import Testing
@testable import WebSocket

extension WebSocketTests {
    @Suite("Connections of strangers")
    struct Strangers {
        private func source(_ text: String) throws -> SourceAddress { SourceAddress(try #require(IPAddress(text)), exempt: .loopback) }

        @Test("an address and a network have their shares, loopback is bounded in all only, and what is gone counts no more")
        func table() throws {
            let one = try source("192.0.2.1"), two = try source("192.0.2.2"), other = try source("192.0.3.9"), proxy = try source("127.0.0.1")
            var table = StrangerTable(ConnectionShares(perAddress: 2, perNetwork: 3, inAll: 6))
            for id: UInt64 in 1...2 { table.insert(id, one) }
            #expect(table.crowd(for: one) == [1, 2] && table.crowd(for: two) == nil)
            table.insert(3, two)
            #expect(table.crowd(for: two) == [1, 2, 3] && table.crowd(for: other) == nil)
            for id: UInt64 in 4...6 { table.insert(id, proxy) }
            #expect(table.crowd(for: proxy) == [1, 2, 3, 4, 5, 6] && table.crowd(for: other)?.count == 6)
            table.remove(1)
            table.remove(1)
            #expect(table.count == 5 && table.crowd(for: one) == nil && table.crowd(for: proxy) == nil)
        }

        @Test("a message that comes a byte at a time has its connection cut; one in parts that comes in time is heard")
        @LoopActor func slow() async throws {
            let handler = EchoHandler()
            let server = WebSocketServer(configuration: .init(messageTimeout: .milliseconds(300)), handler: handler)
            try server.start()
            let port = server.port
            let (isCut, echo) = await offLoop { () -> (Bool, [UInt8]?) in
                let slow = RawSocket(port: port), quick = RawSocket(port: port)
                for socket in [slow, quick] {
                    socket.send(RawSocket.handshake())
                    _ = socket.takeHead()
                    // A text of 100 bytes, masked with zeros.
                    socket.send([0x81, 0x80 | 100, 0, 0, 0, 0])
                }
                quick.send([UInt8](repeating: 0x61, count: 50))
                quick.send([UInt8](repeating: 0x61, count: 50))
                let echo = quick.take(102)
                for _ in 0..<40 where slow.send([0x61]) { usleep(50_000) }
                _ = slow.takeAll()
                return (slow.endedByReset != nil, echo)
            }
            #expect(isCut && echo?.count == 102)
            await server.stop()
        }
    }
}
