import BrowserAPI
import EventLoop
import JSON
import Testing
import WebSocket

@Suite("Over real WebSockets", .timeLimit(.minutes(1)), .serialized)
@LoopActor
struct SocketTests {
    private static let login = #"{"class":"core","cmd":"login","data":{"user":"alice","password":"secret-a"},"tid":1}"#
    private static let ping = #"{"class":"core","cmd":"ping","tid":"p"}"#

    /// Runs `body` with a server and with a client that is logged in and must not notice anything.
    private func withBench(_ body: (SocketBench, SocketPeer) async throws -> Void) async throws {
        let bench = SocketBench()
        try bench.start { $0.graceTime = .seconds(30) }
        let bystander = try await bench.connect()
        #expect(await bystander.ask(SocketTests.login)?.isOK == true)
        try await body(bench, bystander)
        #expect(await bystander.ask(SocketTests.ping)?.isOK == true)
        #expect(bench.clients == 1)
        await bystander.close()
        await bench.stop()
    }

    @Test("a login, a request and an event go through")
    func corridor() async throws {
        try await withBench { bench, peer in
            bench.handler.onCommand = { _, client, reply in
                reply.ok(["sessions": []])
                client.send(.session("s", "stop"))
            }
            let answer = await peer.ask(#"{"class":"media","cmd":"get_list","tid":2}"#)
            #expect(answer == ["result": "ok", "data": ["sessions": []], "tid": 2])
            #expect(await peer.next()?.eventType == "stop")
        }
    }

    @Test("a text that is no JSON, or nested too deeply, is answered and the connection stays")
    func badTexts() async throws {
        try await withBench { bench, _ in
            let peer = try await bench.connect()
            for text in ["hello", "{\"class\":", String(repeating: "[", count: 60_000), "é\u{1F600}"] {
                #expect(await peer.ask(text)?.errorCode == .notAnObject)
            }
            #expect(await peer.ask(SocketTests.ping)?.isOK == true)
            await peer.close()
        }
    }

    @Test("a message of 10 MB closes its connection with 1009")
    func tooLong() async throws {
        try await withBench { bench, _ in
            let peer = try await bench.connect()
            peer.send("{\"x\":\"" + String(repeating: "x", count: 10 << 20) + "\"}")
            #expect(await peer.closeStatus() == 1009)
            await peer.close()
        }
    }

    @Test("a binary frame closes its connection with 1003")
    func binary() async throws {
        try await withBench { bench, _ in
            let port = bench.port
            let status = await Task.detached { () -> Int? in
                guard let raw = RawWebSocket(port: port) else { return nil }
                defer { raw.close() }
                return raw.sendFrame(opcode: 2, [1, 2, 3]) ? raw.closeStatus() : nil
            }.value
            #expect(status == 1003)
        }
    }

    @Test("too many failed logins close the connection with 1008, after their answers")
    func failedLogins() async throws {
        try await withBench { bench, _ in
            let peer = try await bench.connect()
            for _ in 1...5 {
                let answer = await peer.ask(#"{"class":"core","cmd":"resume","data":{"resume_token":"guess"},"tid":1}"#)
                #expect(answer?.errorCode == .unknownResumeToken)
            }
            #expect(await peer.closeStatus() == 1008)
            await peer.close()
        }
    }

    @Test("a token logs in, a wrong one or one that is too long does not, and one of a megabyte ends its connection")
    func tokens() async throws {
        try await withBench { bench, _ in
            func login(_ token: String) -> String {
                #"{"class":"core","cmd":"login","data":{"token":"\#(token)"},"tid":1}"#
            }
            let peer = try await bench.connect()
            #expect(await peer.ask(login("wrong"))?.errorText == "the token is not valid")
            #expect(await peer.ask(login(String(repeating: "x", count: 8_193)))?.errorCode == .invalidField)
            #expect(await peer.ask(login("old"))?.errorText == "the token has expired")
            peer.send(login("ticket"))
            peer.send(SocketTests.ping)
            #expect(await peer.next()?["data"]?["user"] == "carol")
            #expect(await peer.next()?["tid"] == "p")
            #expect(await peer.ask(#"{"class":"core","cmd":"logout","tid":2}"#)?.isOK == true)
            peer.send(login(String(repeating: "x", count: 1 << 20)))
            #expect(await peer.closeStatus() == 1009)
            await peer.close()
        }
    }

    @Test("a client whose socket dies goes on with another, which gets what was kept")
    func resume() async throws {
        let bench = SocketBench()
        try bench.start()
        let first = try await bench.connect()
        let login = await first.ask(SocketTests.login)
        let token = try #require(login?["data"]?["resume_token"]?.stringValue)
        first.send(#"{"class":"media","cmd":"get_list","tid":"kept"}"#)
        #expect(await first.ask(SocketTests.ping)?.isOK == true)
        await first.close()
        let second = try await bench.connect()
        try #require(bench.handler.takeReply()).ok()
        let answer = await second.ask(#"{"class":"core","cmd":"resume","data":{"resume_token":"\#(token)"},"tid":1}"#)
        #expect(answer?["data"]?["connection_id"] == login?["data"]?["connection_id"])
        #expect(await second.next()?["tid"] == "kept")
        #expect(await second.next()?.eventType == "after")
        #expect(bench.clients == 1)
        await second.close()
        await bench.stop()
    }
}
