import EventLoop
import Testing
@testable import WebSocket

extension WebSocketTests {
    @Suite("Clients")
    @LoopActor
    struct Clients {
        /// What `onClosed` told, as the first event.
        private func failure(_ url: String, configuration: WebSocketClientConfiguration = .init()) async throws -> WebSocketClosure? {
            let client = TestClient(url, configuration: configuration)
            try client.connect()
            guard case .closed(let closure) = await client.next() else { return nil }
            await client.stop()
            #expect(client.closures == 1)
            return closure
        }

        @Test("a port where nothing listens is told at once", arguments: ["127.0.0.1", "localhost", "[::1]"])
        func refused(host: String) async throws {
            let port = RawServer().port
            let start = ContinuousClock.now
            guard case .notConnected(let reason) = try await failure("ws://\(host):\(port)/") else {
                Issue.record("not told")
                return
            }
            // For people, and for JSON.
            #expect(!reason.isEmpty && reason.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "\(reason.debugDescription)")
            #expect(ContinuousClock.now - start < .seconds(2))
        }

        @Test("a server that accepts and never answers is given up after the handshake's time")
        func mute() async throws {
            let server = RawServer()
            let start = ContinuousClock.now
            let closure = try await failure("ws://127.0.0.1:\(server.port)/", configuration: .init(handshakeTimeout: .milliseconds(200)))
            guard case .notConnected(let reason) = closure else {
                Issue.record("not told: \(String(describing: closure))")
                return
            }
            #expect(reason.contains("no answer"))
            #expect((.milliseconds(190) ..< .seconds(2)).contains(ContinuousClock.now - start))
        }

        @Test(
            "answers that are no upgrade are failures",
            arguments: [
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                "HTTP/1.1 301 Moved\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
                "SSH-2.0-OpenSSH\r\n",
                "",
            ])
        func notAnUpgrade(response: String) async throws {
            let server = RawServer()
            async let answered: Void = offLoop { server.answer(response).close() }
            guard case .notConnected = try await failure("ws://127.0.0.1:\(server.port)/", configuration: .init(handshakeTimeout: .seconds(2))) else {
                Issue.record("not told")
                return
            }
            await answered
        }

        @Test("a server's path and subprotocol have to fit")
        func wrongRequest() async throws {
            try await withServer { server, handler in
                guard case .notConnected = try await failure("ws://127.0.0.1:\(server.port)/other") else {
                    Issue.record("another path was taken")
                    return
                }
                let client = TestClient("ws://127.0.0.1:\(server.port)/api", subprotocol: "chat")
                try client.connect()
                guard case .closed(.notConnected) = await client.next() else {
                    Issue.record("another subprotocol was taken")
                    return
                }
                await client.stop()
                #expect(handler.opened == 0)
            }
        }

        @Test("a name that does not resolve is told")
        func unknownName() async throws {
            guard case .notConnected = try await failure("ws://no-such-host.invalid:80/", configuration: .init(handshakeTimeout: .seconds(2))) else {
                Issue.record("not told")
                return
            }
        }

        @Test("localhost finds a server that listens on IPv6 only")
        func localhost() async throws {
            try await withServer(.init(address: "::1")) { server, _ in
                let client = TestClient("ws://localhost:\(server.port)/api")
                try client.connect()
                #expect(await client.next() == .open)
                client.send("six")
                #expect(await client.next() == .text("six"))
                await client.stop()
            }
        }

        @Test("closing while it connects is told once, as ours")
        func closedEarly() async throws {
            let server = RawServer()
            let client = TestClient("ws://127.0.0.1:\(server.port)/")
            try client.connect()
            #expect(throws: WebSocketError.alreadyStarted) { try client.connect() }
            client.close()
            client.close()
            #expect(await client.next() == .closed(.byUs))
            let other = TestClient("ws://127.0.0.1:\(server.port)/")
            try other.connect()
            // Now the library has begun with it.
            for _ in 0..<5 { await LoopTurn.next() }
            other.close()
            #expect(await other.next() == .closed(.byUs))
            await client.stop()
            await other.stop()
            #expect(client.closures == 1)
            #expect(other.closures == 1)
        }

        @Test("a message over the client's limit closes with 1009 and is told as a failure")
        func clientLimit() async throws {
            try await withServer { server, handler in
                handler.onReceived = { _, connection in connection.send(String(repeating: "x", count: 2_000)) }
                let client = try await openClient(server, configuration: .init(maximumMessageSize: 1_000))
                client.send("go")
                guard case .closed(.failed) = await client.next() else {
                    Issue.record("not told")
                    return
                }
                await client.stop()
            }
        }

        @Test("a client may be closed and a new one made from within onClosed")
        func reconnect() async throws {
            try await withServer { server, handler in
                let url = "ws://127.0.0.1:\(server.port)/api"
                let texts = AsyncStream.makeStream(of: String.self)
                let first = WebSocketClient(
                    url: url, subprotocol: "tern", onOpen: {}, onText: { _ in },
                    onClosed: { _ in
                        var second: WebSocketClient?
                        second = WebSocketClient(
                            url: url, subprotocol: "tern", onOpen: { second?.send("again") },
                            onText: {
                                texts.continuation.yield($0)
                                second?.close()
                            },
                            onClosed: { _ in
                                second = nil
                                texts.continuation.finish()
                            })
                        try? second?.connect()
                    })
                try first.connect()
                await handler.wait { $0.opened == 1 }
                handler.connections.first?.close()
                var seen: [String] = []
                for await text in texts.stream { seen.append(text) }
                #expect(seen == ["again"])
                await handler.wait { $0.closed == 2 }
            }
        }

        @Test("200 clients at once each get their own echo")
        func crowd() async throws {
            try await withServer { server, handler in
                var clients: [TestClient] = []
                for _ in 0..<200 {
                    let client = TestClient("ws://127.0.0.1:\(server.port)/api")
                    try client.connect()
                    clients.append(client)
                }
                for client in clients { #expect(await client.next() == .open) }
                #expect(server.connectionCount == 200)
                for (number, client) in clients.enumerated() { client.send("\(number)") }
                for (number, client) in clients.enumerated() { #expect(await client.next() == .text("\(number)")) }
                for client in clients { client.close() }
                await handler.wait { $0.closed == 200 }
                for client in clients { await client.stop() }
            }
        }

        @Test(
            "URLs that are none of ours are refused",
            arguments: [
                "", "ws://", "http://host/", "wss://host/", "ws://host:0/", "ws://host:65536/", "ws://host:port/", "ws://[::1/",
                "ws://[host]/", "ws://user@host/", "ws://host/a b", "ws://host/#part", "ws://[::1]8188/", "ws://host:+80/",
                "ws://ho\r\nst/",
            ])
        func badURL(url: String) {
            #expect(throws: WebSocketError.invalidURL(url)) { try WebSocketURL(url) }
            #expect(throws: WebSocketError.invalidURL(url)) { try TestClient(url).connect() }
        }

        @Test("the parts of a URL")
        func goodURL() throws {
            let plain = try WebSocketURL("ws://janus:8188/janus?x=1")
            #expect((plain.host, plain.port, plain.path) == ("janus", 8_188, "/janus?x=1"))
            let short = try WebSocketURL("WS://127.0.0.1")
            #expect((short.host, short.port, short.path, short.authority) == ("127.0.0.1", 80, "/", "127.0.0.1:80"))
            let six = try WebSocketURL("ws://[::1]:8188?x")
            #expect((six.host, six.port, six.path, six.authority) == ("::1", 8_188, "/?x", "[::1]:8188"))
        }
    }
}
