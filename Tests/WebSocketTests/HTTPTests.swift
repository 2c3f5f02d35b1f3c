import Foundation
import EventLoop
import Testing
@testable import WebSocket

extension WebSocketTests {
    @Suite("HTTP")
    @LoopActor
    struct HTTP {
        private let page = HTTPResponse(
            contentType: "text/html; charset=utf-8",
            headers: [.init("Content-Security-Policy", "default-src 'self'"), .init("X-Content-Type-Options", "nosniff")],
            body: Array("<p>hello</p>".utf8))

        /// Sends one text on a new connection; the result is the response, and whether the server then closed.
        private func ask(_ port: Int, _ text: String) async -> (head: String, body: [UInt8]) {
            await offLoop {
                let socket = RawSocket(port: port)
                socket.send(text)
                return socket.takeResponse()
            }
        }

        @Test("GET brings status, headers and body, and the connection stays for the next")
        func get() async throws {
            try await withServer { server, handler in
                handler.pages["/"] = page
                let port = server.port
                let (first, second) = await offLoop {
                    let socket = RawSocket(port: port)
                    socket.send("GET /?a=1&b=2 HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\nX-Other: no\r\n\r\n")
                    let first = socket.takeResponse()
                    socket.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
                    return (first, socket.takeResponse())
                }
                #expect(first.head.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(first.head.lowercased().contains("content-type: text/html; charset=utf-8\r\n"))
                #expect(first.head.lowercased().contains("content-security-policy: default-src 'self'\r\n"))
                #expect(first.body == page.body)
                #expect(second.head.hasPrefix("HTTP/1.1 404 "))
                #expect(second.body == Array("not found\n".utf8))
                let request = try #require(handler.requests.first)
                #expect(request.method == .get)
                #expect(request.path == "/")
                #expect(request.query == "a=1&b=2")
                #expect(request.headers == ["host": "x", "user-agent": "test"])
                #expect(request.remoteAddress.hasPrefix("127.0.0.1:"))
            }
        }

        @Test("what pages of allowed origins may read says so to them, and to no other", arguments: [
            ("https://portal.example", true), ("https://PORTAL.example", true), ("https://evil.example", false), ("null", false), ("", false),
        ])
        func shared(origin: String, isAllowed: Bool) async throws {
            try await withServer(.init(allowedOrigins: ["https://portal.example"])) { server, handler in
                handler.pages["/own.js"] = page
                handler.pages["/shared.js"] = HTTPResponse(contentType: "text/javascript", body: [], isForAllowedOrigins: true)
                let header = origin.isEmpty ? "" : "Origin: \(origin)\r\n"
                let shared = await ask(server.port, "GET /shared.js HTTP/1.1\r\nHost: x\r\n\(header)\r\n").head.lowercased()
                let own = await ask(server.port, "GET /own.js HTTP/1.1\r\nHost: x\r\n\(header)\r\n").head.lowercased()
                #expect(shared.contains("access-control-allow-origin: \(origin.lowercased())\r\n") == isAllowed)
                #expect(shared.contains("access-control") == isAllowed && shared.contains("vary: origin\r\n"))
                #expect(own.hasPrefix("http/1.1 200 ") && !own.contains("access-control"))
            }
        }

        @Test("1 MB comes whole, also twice in a row and to a slow reader")
        func large() async throws {
            try await withServer { server, handler in
                let body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
                handler.pages["/large"] = HTTPResponse(contentType: "application/octet-stream", body: body)
                let port = server.port
                let same = await offLoop {
                    let socket = RawSocket(port: port)
                    let request = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
                    // Both requests at once: the second waits for the first body.
                    socket.send(request + request)
                    return [socket.takeResponse().body == body, socket.takeResponse().body == body]
                }
                #expect(same == [true, true])
            }
        }

        @Test("a file comes whole, twice on one connection; one that has become shorter is cut off", .timeLimit(.minutes(1)))
        func file() async throws {
            let path = "/tmp/tern-http-\(UInt64.random(in: 0 ... .max))"
            let body = (0..<300_001).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
            try Data(body).write(to: URL(filePath: path))
            defer { try? FileManager.default.removeItem(atPath: path) }
            try await withServer { server, handler in
                var response = HTTPResponse(contentType: "audio/mp4", body: [])
                response.file = await HTTPFile.open(path)
                #expect(response.file?.size == body.count)
                handler.pages["/file"] = response
                let port = server.port
                func get(_ count: Int) async -> [Bool] {
                    await offLoop {
                        let socket = RawSocket(port: port)
                        let request = "GET /file HTTP/1.1\r\nHost: x\r\n\r\n"
                        socket.send(String(repeating: request, count: count))
                        return (0..<count).map { _ in socket.takeResponse().body == body }
                    }
                }
                #expect(await get(2) == [true, true])
                try FileHandle(forWritingTo: URL(filePath: path)).truncate(atOffset: 70_000)
                let rest = await offLoop {
                    let socket = RawSocket(port: port)
                    socket.send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n")
                    return socket.takeAll()
                }
                #expect(rest.count > 70_000 && rest.count < 71_000)
            }
            #expect(await HTTPFile.open("/tmp") == nil)
            #expect(await HTTPFile.open("/nowhere") == nil)
        }

        @Test("HEAD has the length of the body and no body")
        func head() async throws {
            try await withServer { server, handler in
                handler.pages["/"] = page
                let port = server.port
                let all = await offLoop {
                    let socket = RawSocket(port: port)
                    socket.send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    return String(decoding: socket.takeAll(), as: UTF8.self)
                }
                #expect(all.hasPrefix("HTTP/1.1 200 "))
                #expect(all.lowercased().contains("content-length: 12\r\n"))
                #expect(all.hasSuffix("\r\n\r\n"))
            }
        }

        @Test("other methods get a 405 and the connection ends", arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
        func method(name: String) async throws {
            try await withServer { server, handler in
                let port = server.port
                let (response, rest) = await offLoop {
                    let socket = RawSocket(port: port)
                    socket.send("\(name) / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
                    return (socket.takeResponse(), socket.takeAll())
                }
                #expect(response.head.hasPrefix("HTTP/1.1 405 "))
                #expect(response.head.lowercased().contains("allow: get, head\r\n"))
                #expect(response.head.lowercased().contains("connection: close\r\n"))
                #expect(rest.isEmpty)
                #expect(handler.requests.isEmpty)
            }
        }

        @Test("a GET with a body is refused", arguments: ["Content-Length: 5", "Transfer-Encoding: chunked", "Content-Length: -1"])
        func body(header: String) async throws {
            try await withServer { server, handler in
                let response = await ask(server.port, "GET / HTTP/1.1\r\nHost: x\r\n\(header)\r\n\r\n")
                #expect(response.head.hasPrefix("HTTP/1.1 413 "))
                #expect(handler.requests.isEmpty)
            }
        }

        @Test("upgrades that must not be are refused", arguments: [
            (404, RawSocket.handshake(path: "/")),
            (404, RawSocket.handshake(path: "/api/more")),
            (400, RawSocket.handshake(headers: ["Sec-WebSocket-Protocol: chat, superchat"])),
            (403, RawSocket.handshake(headers: ["Origin: https://evil.example"])),
            (403, RawSocket.handshake(headers: ["Origin: null"])),
            (403, RawSocket.handshake(headers: ["Origin: http://127.0.0.1.evil.example"])),
            (426, RawSocket.handshake().replacing("Version: 13", with: "Version: 8")),
            (400, RawSocket.handshake().replacing("Sec-WebSocket-Key", with: "X-Key")),
            (400, RawSocket.handshake().replacing("Host", with: "X-Host")),
            (405, RawSocket.handshake().replacing("GET", with: "POST")),
        ])
        func upgrade(status: Int, request: String) async throws {
            try await withServer(.init(allowedOrigins: ["https://phone.example"])) { server, handler in
                let response = await ask(server.port, request)
                #expect(response.head.hasPrefix("HTTP/1.1 \(status) ") || response.head.hasPrefix("HTTP/1.0 \(status) "))
                #expect(handler.opened == 0)
            }
        }

        @Test("a page by the Host that it asks may connect; where the server has names, by one of them or by an address only", arguments: [
            ("rebound.example", false), ("tern.example", true), ("TERN.example", true), ("127.0.0.1", true), ("[::1]", true), ("localhost", true),
        ] as [(String, Bool)])
        func names(host: String, isNamed: Bool) async throws {
            for hosts in [[], ["tern.example"]] {
                try await withServer(.init(hosts: hosts)) { server, handler in
                    let origin = "Origin: http://\(host.lowercased()):\(server.port)"
                    let request = RawSocket.handshake(headers: [origin]).replacing("Host: localhost", with: "Host: \(host):\(server.port)")
                    let response = await ask(server.port, request)
                    let status = response.head.split(separator: " ").dropFirst().first
                    #expect(status == (hosts.isEmpty || isNamed ? "101" : "403"), "\(hosts) \(response.head)")
                }
            }
        }

        @Test("a refused origin is worth a line once a minute, with the attempts since, and a bounded number of them are told apart")
        func refusedOrigins() {
            let start = ContinuousClock.now
            var origins = RefusedOrigins()
            #expect(origins.note("https://a.example", now: start) == 1)
            for second in 1...9 { #expect(origins.note("https://a.example", now: start + .seconds(second)) == nil) }
            #expect(origins.note("https://b.example", now: start + .seconds(9)) == 1)
            #expect(origins.note("https://a.example", now: start + .seconds(60)) == 10)
            let lines = (1...500).count { origins.note("https://\($0).example", now: start + .seconds(61)) != nil }
            #expect(lines == RefusedOrigins.most - 2)
            #expect(origins.note("https://c.example", now: start + .seconds(130)) == 1)
        }

        @Test("upgrades that may be are accepted, and the subprotocol is named only to who asked for it")
        func upgradeAccepted() async throws {
            try await withServer(.init(allowedOrigins: ["https://phone.example"])) { server, handler in
                let none = await ask(server.port, RawSocket.handshake(headers: []))
                let one = await ask(server.port, RawSocket.handshake(headers: ["Sec-WebSocket-Protocol: chat, tern"]))
                let browser = await ask(server.port, RawSocket.handshake(headers: ["Origin: https://phone.example"]))
                for response in [none, one, browser] { #expect(response.head.hasPrefix("HTTP/1.1 101 ")) }
                #expect(!none.head.lowercased().contains("sec-websocket-protocol"))
                #expect(one.head.lowercased().contains("sec-websocket-protocol: tern\r\n"))
                #expect(one.head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
                #expect(handler.opened == 3)
            }
        }

        @Test("a client over the number allowed gets a 503")
        func full() async throws {
            try await withServer(.init(maximumConnections: 1)) { server, handler in
                let client = try await openClient(server)
                let response = await ask(server.port, RawSocket.handshake())
                #expect(response.head.contains(" 503 "))
                client.close()
                await handler.wait { $0.closed == 1 }
                let next = try await openClient(server)
                await client.stop()
                await next.stop()
            }
        }

        @Test(
            "what is no request, or no proper one, does no harm",
            arguments: [
                "\0\0\0\0\r\n\r\n",
                "GET\r\n\r\n",
                "GET http://other/ HTTP/1.1\r\n\r\n",
                "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
                "CONNECT host:80 HTTP/1.1\r\nHost: x\r\n\r\nraw bytes",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
                // The library frees the second request's headers before it asks about its upgrade.
                "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "X-Long: \(String(repeating: "y", count: 1_000))\r\n", count: 40) + "\r\n",
                "GET /" + String(repeating: "a", count: 40_000) + " HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\n" + String(repeating: "Cookie: a=b\r\n", count: 2_000) + "\r\n",
                "GET /?" + String(repeating: "a&", count: 2_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
                String(repeating: "x", count: 100_000),
                "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}",
            ])
        func garbage(text: String) async throws {
            try await withServer(.init(handshakeTimeout: .milliseconds(150), idleTimeout: .milliseconds(150))) { server, handler in
                handler.pages["/"] = page
                let port = server.port
                let (ended, answer) = await offLoop {
                    let socket = RawSocket(port: port)
                    socket.send(text)
                    _ = socket.takeAll()
                    let next = RawSocket(port: port)
                    next.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    return (socket.endedByReset != nil, next.takeResponse())
                }
                #expect(ended, "the connection stays open")
                #expect(answer.body == page.body)
                #expect(!handler.requests.contains { $0.path.contains("..") })
                #expect(handler.opened == 0)
            }
        }

        @Test("a request that does not come to its end, and an idle connection, are cut off")
        func timeouts() async throws {
            let configuration = WebSocketServerConfiguration(handshakeTimeout: .milliseconds(150), idleTimeout: .milliseconds(100))
            try await withServer(configuration) { server, handler in
                handler.pages["/"] = page
                let port = server.port
                let ends = await offLoop {
                    let silent = RawSocket(port: port)
                    let partial = RawSocket(port: port)
                    partial.send("GET / HTTP/1.1\r\nHo")
                    let idle = RawSocket(port: port)
                    idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    _ = idle.takeResponse()
                    return [silent, partial, idle].map { socket in
                        _ = socket.takeAll()
                        return socket.endedByReset != nil
                    }
                }
                #expect(ends == [true, true, true])
            }
        }

        @Test("a response with headers that would break it is not sent")
        func badHeader() async throws {
            try await withServer { server, handler in
                handler.pages["/"] = HTTPResponse(contentType: "text/plain", headers: [.init("X-A", "b\r\nX-C: d")], body: [65])
                let response = await ask(server.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(response.head.isEmpty)
            }
        }
    }
}
