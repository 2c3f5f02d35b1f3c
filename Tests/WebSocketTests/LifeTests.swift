import EventLoop
import Testing
@testable import WebSocket

extension WebSocketTests {
    @Suite("Starting and stopping")
    @LoopActor
    struct Life {
        @Test("20 starts and stops, with a client each time, leave no descriptor behind")
        func repeated() async throws {
            let handler = EchoHandler()
            let server = WebSocketServer(configuration: .init(), handler: handler)
            func once() async throws {
                try server.start()
                let client = try await openClient(server)
                client.send("x")
                #expect(await client.next() == .text("x"))
                await server.stop()
                guard case .closed(.byPeer(code: 1001, _)) = await client.next() else {
                    Issue.record("not closed by the server")
                    return
                }
                await client.stop()
            }
            try await once()
            let before = openDescriptors()
            for _ in 0..<20 { try await once() }
            #expect(openDescriptors() == before)
            #expect(handler.opened == 21)
            #expect(handler.closed == 21)
        }

        @Test("two servers on one port of two addresses keep their clients apart, whatever Host says")
        func two() async throws {
            let first = EchoHandler()
            let second = EchoHandler()
            first.pages["/"] = HTTPResponse(status: 200, text: "four")
            second.pages["/"] = HTTPResponse(status: 200, text: "six")
            let four = WebSocketServer(configuration: .init(address: "127.0.0.1"), handler: first)
            try four.start()
            let six = WebSocketServer(configuration: .init(address: "::1", port: four.port, subprotocol: "other"), handler: second)
            try six.start()
            #expect(four.port == six.port)
            let port = four.port
            let bodies = await offLoop {
                [false, true].map { version6 in
                    let socket = RawSocket(port: port, version6: version6)
                    socket.send("GET / HTTP/1.1\r\nHost: tern\r\n\r\n")
                    return String(decoding: socket.takeResponse().body, as: UTF8.self)
                }
            }
            #expect(bodies == ["four\n", "six\n"])
            let client = TestClient("ws://[::1]:\(port)/api", subprotocol: "other")
            try client.connect()
            #expect(await client.next() == .open)
            let staying = try await openClient(four)
            await six.stop()
            guard case .closed(.byPeer(code: 1001, _)) = await client.next() else {
                Issue.record("not closed by the server")
                return
            }
            staying.send("alive")
            #expect(await staying.next() == .text("alive"))
            await staying.stop()
            await client.stop()
            await four.stop()
            #expect((first.opened, first.closed, second.opened, second.closed) == (1, 1, 1, 1))
        }

        @Test("a busy port is an error that names address, port and reason, and can be tried again")
        func busy() async throws {
            try await withServer { server, _ in
                let second = WebSocketServer(configuration: .init(port: server.port), handler: EchoHandler())
                let before = openDescriptors()
                let error = #expect(throws: WebSocketError.self) { try second.start() }
                #expect(error?.description == "cannot listen on 127.0.0.1:\(server.port): Address already in use")
                #expect(openDescriptors() == before)
                await server.stop()
                try second.start()
                #expect(second.port != 0)
                await second.stop()
            }
        }

        @Test(
            "addresses that are none are errors",
            arguments: [("localhost", 0), ("", 0), ("127.0.0.1", -1), ("127.0.0.1", 65_536), ("[::1]", 0), ("1.2.3", 0)])
        func badAddress(address: String, port: Int) {
            let server = WebSocketServer(configuration: .init(address: address, port: port), handler: EchoHandler())
            #expect(throws: WebSocketError.invalidAddress("\(address):\(port)")) { try server.start() }
        }

        @Test("an address that is not ours is an error with the system's reason")
        func foreignAddress() {
            let server = WebSocketServer(configuration: .init(address: "192.0.2.1"), handler: EchoHandler())
            #expect(throws: WebSocketError.cannotListen(address: "192.0.2.1", port: 0, reason: "Cannot assign requested address")) {
                try server.start()
            }
        }

        @Test("starting twice is an error; stopping twice, at once or one after the other, is none")
        func twice() async throws {
            let server = WebSocketServer(configuration: .init(), handler: EchoHandler())
            await server.stop()
            try server.start()
            #expect(throws: WebSocketError.alreadyStarted) { try server.start() }
            async let first: Void = server.stop()
            async let second: Void = server.stop()
            _ = await (first, second)
            await server.stop()
        }

        @Test("a server can be stopped from its own handler")
        func fromHandler() async throws {
            let handler = EchoHandler()
            let server = WebSocketServer(configuration: .init(), handler: handler)
            try server.start()
            handler.onReceived = { _, _ in LoopActor.task { await server.stop() } }
            let client = try await openClient(server)
            client.send("stop")
            guard case .closed(.byPeer(code: 1001, _)) = await client.next() else {
                Issue.record("not closed by the server")
                return
            }
            await server.stop()
            await client.stop()
            #expect(handler.closed == 1)
            // The server keeps its handler, and this one the server.
            handler.onReceived = nil
        }

        @Test("the loop itself can end and start again around it")
        nonisolated func loop() async throws {
            for _ in 0..<3 {
                try await LoopActor.task {
                    do {
                        try await withServer { server, _ in
                            let client = try await openClient(server)
                            client.send("x")
                            #expect(await client.next() == .text("x"))
                            await client.stop()
                        }
                        return Result<Void, any Error>.success(())
                    } catch { return .failure(error) }
                }.value.get()
                EventLoop.shared.stop()
            }
        }
    }
}
