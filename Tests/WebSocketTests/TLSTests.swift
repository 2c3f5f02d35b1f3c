import EventLoop
import TLS
import TestCertificates
import Testing
@testable import WebSocket

extension WebSocketTests {
    @Suite("HTTPS and WSS")
    @LoopActor
    struct Secure {
        private let authority: TestAuthority
        private let identity: TLSIdentity

        init() throws {
            authority = try TestAuthority()
            let pair = try authority.issue("host", names: "DNS:tern.test,IP:127.0.0.1")
            identity = try TLSIdentity(TLSFiles(certificate: pair.certificate, key: pair.key))
        }

        /// A verified connection; its tunnel must be kept.
        private func connect(
            _ port: Int, name: String = "tern.test", arguments: [String] = []
        ) async throws -> (TLSTunnel, RawSocket) {
            let tunnel = try TLSTunnel(port: port, authority: authority.certificate, name: name, arguments: arguments)
            return (tunnel, RawSocket(descriptor: tunnel.descriptor))
        }

        @Test("a page and a WebSocket come over TLS 1.3 and 1.2, with a certificate that is checked", arguments: ["-tls1_3", "-tls1_2"])
        func served(version: String) async throws {
            try await withServer(.init(tls: identity)) { server, handler in
                handler.pages["/"] = HTTPResponse(status: 200, text: "hello")
                let (pageTunnel, page) = try await connect(server.port, arguments: [version])
                let response = await offLoop {
                    page.send("GET / HTTP/1.1\r\nHost: tern.test\r\n\r\n")
                    return page.takeResponse()
                }
                #expect(response.head.hasPrefix("HTTP/1.1 200 "))
                #expect(response.body == Array("hello\n".utf8))
                let (tunnel, socket) = try await connect(server.port, name: "127.0.0.1", arguments: [version])
                let origin = "Origin: https://127.0.0.1:\(server.port)"
                let head = await offLoop { [port = server.port] in
                    socket.send(RawSocket.handshake(headers: [origin]).replacing("Host: localhost", with: "Host: 127.0.0.1:\(port)"))
                    return socket.takeHead()
                }
                #expect(head.hasPrefix("HTTP/1.1 101 "))
                let echoed = await offLoop {
                    socket.sendFrame(1, Array("over TLS".utf8))
                    return socket.takeFrame()
                }
                #expect(echoed?.text == "over TLS")
                pageTunnel.close()
                tunnel.close()
            }
        }

        @Test("a chain is sent whole")
        func chain() async throws {
            let pair = try authority.issueChain("chained", names: "DNS:tern.test")
            let identity = try TLSIdentity(TLSFiles(certificate: pair.certificate, key: pair.key))
            try await withServer(.init(tls: identity)) { server, _ in
                let (tunnel, page) = try await connect(server.port)
                let head = await offLoop {
                    page.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    return page.takeHead()
                }
                #expect(head.hasPrefix("HTTP/1.1 404 "))
                tunnel.close()
            }
        }

        @Test("1 MB comes whole, also twice in a row")
        func large() async throws {
            try await withServer(.init(tls: identity)) { server, handler in
                let body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
                handler.pages["/large"] = HTTPResponse(contentType: "application/octet-stream", body: body)
                let (tunnel, socket) = try await connect(server.port)
                let same = await offLoop {
                    let request = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
                    socket.send(request + request)
                    return [socket.takeResponse().body == body, socket.takeResponse().body == body]
                }
                #expect(same == [true, true])
                tunnel.close()
            }
        }

        @Test("older versions of TLS and weak ciphers are refused", arguments: [["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_2", "-cipher", "AES128-SHA"]])
        func weak(arguments: [String]) async throws {
            try await withServer(.init(tls: identity)) { server, handler in
                let (tunnel, socket) = try await connect(server.port, arguments: arguments)
                let answer = await offLoop {
                    socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    return socket.takeAll()
                }
                #expect(answer.isEmpty)
                #expect(handler.requests.isEmpty)
                tunnel.close()
            }
        }

        @Test("plain HTTP is sent to HTTPS, and gets no page and no WebSocket")
        func plain() async throws {
            try await withServer(.init(tls: identity)) { server, handler in
                let port = server.port
                let answers = await offLoop {
                    [
                        "GET /a/b HTTP/1.1\r\nHost: tern.test:\(port)\r\n\r\n",
                        "GET / HTTP/1.1\r\nHost: evil\"<x>\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", RawSocket.handshake(),
                    ].map { request in
                        let socket = RawSocket(port: port)
                        socket.send(request)
                        return String(decoding: socket.takeAll(), as: UTF8.self)
                    }
                }
                #expect(answers[0].hasPrefix("HTTP/1.1 301 "))
                #expect(answers[0].lowercased().contains("location: https://tern.test:\(port)/a/b\r\n"))
                for answer in answers.dropFirst() { #expect(answer.hasPrefix("HTTP/1.") && answer.contains(" 403 "), "\(answer)") }
                #expect(handler.requests.isEmpty)
                #expect(handler.opened == 0)
            }
        }

        @Test("who says nothing, half a greeting or rubbish is cut off in time, and disturbs nobody")
        func silent() async throws {
            let configuration = WebSocketServerConfiguration(tls: identity, handshakeTimeout: .milliseconds(700))
            try await withServer(configuration) { server, handler in
                handler.pages["/"] = HTTPResponse(status: 200, text: "hello")
                let port = server.port
                // A record that announces 512 bytes of a ClientHello, and has 6.
                let half: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]
                let sockets = await offLoop {
                    (0..<60).map { index in
                        let socket = RawSocket(port: port)
                        if index % 3 == 1 { socket.send(half) }
                        if index % 3 == 2 { socket.send([0x16, 0x03, 0x01, 0x00, 0x02, 0xFF, 0xFF]) }
                        return socket
                    }
                }
                let (tunnel, page) = try await connect(port)
                let response = await offLoop {
                    page.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    return page.takeResponse()
                }
                #expect(response.body == Array("hello\n".utf8))
                let ended = await offLoop { sockets.map { socket in _ = socket.takeAll(); return socket.endedByReset != nil } }
                #expect(ended == ended.map { _ in true })
                tunnel.close()
            }
        }

        @Test("a new certificate is shown to who connects from then on; a WebSocket that is up stays")
        func reload() async throws {
            try await withServer(.init(tls: identity)) { server, _ in
                let (tunnel, socket) = try await connect(server.port)
                let head = await offLoop {
                    socket.send(RawSocket.handshake())
                    return socket.takeHead()
                }
                #expect(head.hasPrefix("HTTP/1.1 101 "))
                let pair = try authority.issue("new", names: "DNS:new.test")
                try server.use(TLSIdentity(TLSFiles(certificate: pair.certificate, key: pair.key)))
                let echoed = await offLoop {
                    socket.sendFrame(1, Array("still here".utf8))
                    return socket.takeFrame()
                }
                #expect(echoed?.text == "still here")
                for (name, status) in [("new.test", "HTTP/1.1 404 "), ("tern.test", "")] {
                    let (other, page) = try await connect(server.port, name: name)
                    let head = await offLoop {
                        page.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                        return page.takeHead()
                    }
                    #expect(head.hasPrefix(status))
                    #expect(head.isEmpty == status.isEmpty)
                    other.close()
                }
                tunnel.close()
            }
        }
    }
}
