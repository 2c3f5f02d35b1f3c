import EventLoop
import Testing
@testable import WebSocket

extension WebSocketTests {
    @Suite("Closing")
    @LoopActor
    struct Closing {
        @Test("the server's code and reason reach the client, after what was sent before")
        func byServer() async throws {
            try await withServer { server, handler in
                handler.onReceived = { _, connection in
                    connection.send("first")
                    connection.close(code: 4_001, reason: "enough")
                    connection.send("too late")
                    #expect(!connection.isOpen)
                }
                let client = try await openClient(server)
                client.send("go")
                #expect(await client.next() == .text("first"))
                #expect(await client.next() == .closed(.byPeer(code: 4_001, reason: "enough")))
                await client.stop()
                #expect(client.closures == 1)
            }
        }

        @Test("a client that vanishes with a TCP reset is closed once")
        func reset() async throws {
            try await withServer { server, handler in
                let port = server.port
                await offLoop { RawSocket.webSocket(port: port).reset() }
                await handler.wait { $0.closed == 1 }
                #expect(server.connectionCount == 0)
            }
        }

        @Test("a client that ends TCP without a close frame is closed once")
        func endOfStream() async throws {
            try await withServer { server, handler in
                let port = server.port
                await offLoop { RawSocket.webSocket(port: port).close() }
                await handler.wait { $0.closed == 1 }
            }
        }

        @Test("a client that does not read is cut off when its queue is full, and the queue is freed")
        func slowReader() async throws {
            try await withServer(.init(maximumQueuedBytes: 1_000_000)) { server, handler in
                let port = server.port
                let socket = await offLoop { RawSocket.webSocket(port: port) }
                await handler.wait { $0.opened == 1 }
                let text = String(repeating: "x", count: 100_000)
                var sent = 0
                // The kernel takes some megabytes; each turn lets the library hand over what it can.
                while handler.closed == 0 && sent < 1_000 {
                    handler.connections.first?.send(text)
                    sent += 1
                    await LoopTurn.next()
                }
                #expect(handler.closed == 1)
                #expect(sent < 1_000)
                #expect(server.queues == WebSocketServer.Queues())
                let other = try await openClient(server)
                other.send("fine")
                #expect(await other.next() == .text("fine"))
                await other.stop()
                socket.close()
            }
        }

        @Test("what waits for clients is counted, of all and of the one for which most waits, until they take it")
        func queues() async throws {
            try await withServer { server, handler in
                let port = server.port
                let slow = await offLoop { RawSocket.webSocket(port: port) }
                await handler.wait { $0.opened == 1 }
                let text = String(repeating: "x", count: 100_000)
                var sent = 0
                while server.queues.bytes < 300_000 && sent < 1_000 {
                    handler.connections.first?.send(text)
                    sent += 1
                    await LoopTurn.next()
                }
                let queues = server.queues
                #expect(queues.messages >= 3 && queues.messages <= sent && queues.bytes >= 300_000 && queues.mostBytes == queues.bytes)
                let other = try await openClient(server)
                handler.connections.last?.send("one")
                #expect(server.queues.mostBytes < server.queues.bytes)
                slow.close()
                await handler.wait { $0.closed == 1 }
                _ = await other.next()
                while server.queues.messages > 0 { await LoopTurn.next() }
                #expect(server.queues == WebSocketServer.Queues())
                await other.stop()
            }
        }

        @Test("a client that stays silent is pinged and then cut off; one that answers pings stays")
        func silence() async throws {
            let configuration = WebSocketServerConfiguration(pingInterval: .milliseconds(50), silenceLimit: .milliseconds(300))
            try await withServer(configuration) { server, handler in
                let client = try await openClient(server)
                let port = server.port
                let (frame, socket) = await offLoop {
                    let socket = RawSocket.webSocket(port: port)
                    return (socket.takeFrame(), socket)
                }
                #expect(frame?.opcode == 9)
                await handler.wait { $0.closed == 1 }
                client.send("still here")
                #expect(await client.next() == .text("still here"))
                #expect(handler.connections.count == 1)
                socket.close()
                await client.stop()
            }
        }

        @Test("a client notices a server that went silent")
        func silentServer() async throws {
            try await withServer { server, _ in
                // Between the two: passes the handshake on, and nothing after it.
                let between = RawServer()
                let client = TestClient(
                    "ws://127.0.0.1:\(between.port)/api",
                    configuration: .init(pingInterval: .milliseconds(50), silenceLimit: .milliseconds(200)))
                try client.connect()
                let port = server.port
                let (ping, sockets) = await offLoop {
                    let toClient = between.accepted()
                    let toServer = RawSocket(port: port)
                    toServer.send(toClient.takeHead())
                    toClient.send(toServer.takeHead())
                    return (toClient.takeFrame(), [toClient, toServer])
                }
                #expect(ping?.opcode == 9)
                #expect(await client.next() == .open)
                #expect(await client.next() == .closed(.failed("the peer is silent")))
                await client.stop()
                for socket in sockets { socket.close() }
            }
        }

        @Test("stopping says 1001 to everyone and waits for no one who does not answer")
        func stopping() async throws {
            let handler = EchoHandler()
            let server = WebSocketServer(configuration: .init(closeTimeout: .milliseconds(200)), handler: handler)
            try server.start()
            let client = try await openClient(server)
            let port = server.port
            let deaf = await offLoop { RawSocket.webSocket(port: port) }
            let idle = await offLoop { RawSocket(port: port) }
            await handler.wait { $0.opened == 2 }
            await server.stop()
            #expect(handler.closed == 2)
            #expect(await client.next() == .closed(.byPeer(code: 1001, reason: "the server stops")))
            let (close, end) = await offLoop { (deaf.takeFrame(), idle.takeAll()) }
            #expect(close?.code == 1001)
            #expect(end.isEmpty)
            #expect(server.port == 0)
            await client.stop()
        }

        @Test("close frames of the peer with strange codes do no harm", arguments: [[], [3], [0, 0], [3, 237], [255, 255], [3, 232, 0xFF, 0xFE]] as [[UInt8]])
        func strangeClose(payload: [UInt8]) async throws {
            try await withServer { server, handler in
                let port = server.port
                await offLoop {
                    let socket = RawSocket.webSocket(port: port)
                    socket.sendFrame(8, payload)
                    _ = socket.takeAll()
                }
                await handler.wait { $0.closed == 1 }
            }
        }
    }
}
