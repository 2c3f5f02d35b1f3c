import EventLoop
import Testing
@testable import WebSocket

extension WebSocketTests {
    @Suite("Messages")
    @LoopActor
    struct Messages {
        @Test("texts go both ways and the close is told at both ends")
        func echo() async throws {
            try await withServer { server, handler in
                let client = try await openClient(server)
                client.send("hello")
                #expect(await client.next() == .text("hello"))
                client.close()
                #expect(await client.next() == .closed(.byUs))
                await handler.wait { $0.closed == 1 }
                await client.stop()
            }
        }

        @Test(
            "messages of every size around the buffers come back whole",
            arguments: [0, 1, 125, 126, 127, 4_095, 4_096, 4_097, 8_192, 65_535, 65_536, 65_537, 300_000])
        func sizes(size: Int) async throws {
            try await withServer(.init(maximumMessageSize: 300_000)) { server, _ in
                let client = try await openClient(server)
                // Two-byte characters, so that they fall across the buffers' ends.
                let text = String(repeating: "ä", count: size / 2) + (size % 2 == 1 ? "x" : "")
                client.send(text)
                #expect(await client.next() == .text(text))
                client.send("after it")
                #expect(await client.next() == .text("after it"))
                await client.stop()
            }
        }

        @Test("1,000 messages in one go arrive in order")
        func order() async throws {
            try await withServer { server, _ in
                let client = try await openClient(server)
                for number in 0..<1_000 { client.send("\(number)") }
                for number in 0..<1_000 { #expect(await client.next() == .text("\(number)")) }
                await client.stop()
            }
        }

        @Test("fragments are joined, also with a ping between them and a character split by them")
        func fragments() async throws {
            try await withServer { server, handler in
                let port = server.port
                let (pong, echo) = await offLoop {
                    let socket = RawSocket.webSocket(port: port)
                    let euro = Array("€".utf8)
                    socket.sendFrame(1, Array("price: ".utf8) + euro.prefix(1), isFinal: false)
                    socket.sendFrame(9, Array("there?".utf8))
                    let pong = socket.takeFrame()
                    socket.sendFrame(0, euro.dropFirst() + [], isFinal: false)
                    socket.sendFrame(0, [], isFinal: false)
                    socket.sendFrame(0, Array("5".utf8))
                    return (pong, socket.takeFrame())
                }
                #expect(pong == .init(opcode: 10, payload: Array("there?".utf8)))
                #expect(echo?.text == "price: €5")
                await handler.wait { $0.closed == 1 }
            }
        }

        @Test("a message as long as the limit passes, one byte more closes with 1009, in one frame or in many")
        func limit() async throws {
            try await withServer(.init(maximumMessageSize: 1_000)) { server, handler in
                let port = server.port
                let (longest, inOne, inMany) = await offLoop {
                    let socket = RawSocket.webSocket(port: port)
                    socket.sendFrame(1, [UInt8](repeating: 0x41, count: 1_000))
                    let longest = socket.takeFrame()
                    socket.sendFrame(1, [UInt8](repeating: 0x41, count: 1_001))
                    let inOne = socket.takeFrame()
                    let other = RawSocket.webSocket(port: port)
                    other.sendFrame(1, [UInt8](repeating: 0x41, count: 500), isFinal: false)
                    other.sendFrame(0, [UInt8](repeating: 0x41, count: 500), isFinal: false)
                    other.sendFrame(0, [0x41])
                    return (longest, inOne, other.takeFrame())
                }
                #expect(longest?.payload.count == 1_000)
                #expect(inOne?.code == 1009)
                #expect(inMany?.code == 1009)
                await handler.wait { $0.closed == 2 }
            }
        }

        @Test("a message of 10 MB is refused with 1009 and nobody else notices")
        func tooLarge() async throws {
            try await withServer { server, handler in
                let other = try await openClient(server)
                let large = try await openClient(server, configuration: .init(maximumQueuedBytes: 20_000_000))
                large.send(String(repeating: "x", count: 10_000_000))
                guard case .closed(.byPeer(code: 1009, _)) = await large.next() else {
                    Issue.record("not closed with 1009")
                    return
                }
                #expect(handler.receivedBytes == 0)
                other.send("still here")
                #expect(await other.next() == .text("still here"))
                await other.stop()
                await large.stop()
            }
        }

        @Test("the announced length alone is enough to refuse: nothing of 2^62 bytes is waited for")
        func announcedLength() async throws {
            try await withServer { server, _ in
                let port = server.port
                let close = await offLoop {
                    let socket = RawSocket.webSocket(port: port)
                    socket.send(RawSocket.frameHead(1, length: 1 << 62) + [1, 2, 3, 4] + [UInt8](repeating: 0x20, count: 8_192))
                    return socket.takeFrame()
                }
                #expect(close?.code == 1009)
            }
        }

        @Test("a binary frame closes with 1003")
        func binary() async throws {
            try await withServer { server, handler in
                let port = server.port
                let close = await offLoop {
                    let socket = RawSocket.webSocket(port: port)
                    socket.sendFrame(2, [1, 2, 3])
                    return socket.takeFrame()
                }
                #expect(close?.code == 1003)
                #expect(handler.receivedBytes == 0)
            }
        }

        @Test(
            "text that is not UTF-8 closes with 1007",
            arguments: [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x41, 0x80]] as [[UInt8]])
        func badText(bytes: [UInt8]) async throws {
            try await withServer { server, handler in
                let port = server.port
                let close = await offLoop {
                    let socket = RawSocket.webSocket(port: port)
                    socket.sendFrame(1, bytes)
                    return socket.takeFrame()
                }
                #expect(close?.code == 1007)
                #expect(handler.receivedBytes == 0)
            }
        }

        @Test(
            "what RFC 6455 forbids ends the connection",
            arguments: [
                ("a continuation of nothing", RawSocket.frameHead(0, length: 0) + [1, 2, 3, 4]),
                ("a reserved opcode", RawSocket.frameHead(3, length: 0) + [1, 2, 3, 4]),
                ("a reserved bit", [0xC1, 0x80, 1, 2, 3, 4]),
                ("a fragmented ping", RawSocket.frameHead(9, length: 0, isFinal: false) + [1, 2, 3, 4]),
                ("a long ping", RawSocket.frameHead(9, length: 126) + [1, 2, 3, 4]),
                ("a length of more than 63 bits", [0x81, 0xFF] + [UInt8](repeating: 0xFF, count: 12)),
            ])
        func violations(what: String, bytes: [UInt8]) async throws {
            try await withServer(.init(closeTimeout: .milliseconds(200))) { server, handler in
                let port = server.port
                let answer = await offLoop {
                    let socket = RawSocket.webSocket(port: port)
                    socket.send(bytes)
                    let frame = socket.takeFrame()
                    socket.close()
                    return frame
                }
                #expect(answer == nil || answer?.code == 1002)
                await handler.wait { $0.closed == 1 }
                #expect(handler.receivedBytes == 0)
            }
        }
    }
}
