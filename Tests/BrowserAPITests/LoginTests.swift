import Authentication
@testable import BrowserAPI
import EventLoop
import JSON
import Logging
import Testing

@Suite("Login and logout", .timeLimit(.minutes(1)))
@LoopActor
struct LoginTests {
    @Test("a login gives the user, a connection id and a resume token")
    func login() async throws {
        let bench = Bench()
        let (_, answer) = await bench.login()
        #expect(answer["user"] == "alice")
        #expect(BrowserID.isValid(try #require(answer["connection_id"]?.stringValue)))
        #expect(try #require(answer["resume_token"]?.stringValue).utf8.count == 32)
        #expect(bench.api.clientCount == 1)
        #expect(bench.api.clients(of: "alice").map(\.id) == [answer["connection_id"]?.stringValue])
    }

    @Test("a token serves in place of user and password")
    func token() async {
        let bench = Bench()
        let answer = await bench.ask("core", "login", ["token": "ticket"], on: bench.connect())
        #expect(answer["data"]?["user"] == "carol")
        #expect(await bench.ask("core", "login", ["token": "wrong"], on: bench.connect()).errorCode == .wrongCredentials)
    }

    @Test(
        "a login's fields are checked, and the error names the field",
        arguments: [
            ("user", [:]), ("user", ["password": "x"]), ("password", ["user": "alice"]),
            ("user", ["user": 1, "password": "x"]), ("password", ["user": "alice", "password": ["x"]]),
            ("user", ["user": "", "password": "x"]), ("token", ["token": 1]), ("token", ["token": ""]),
            ("user", ["user": .string(String(repeating: "a", count: 257)), "password": "x"]),
            ("password", ["user": "alice", "password": .string(String(repeating: "a", count: 1_025))]),
            ("user", ["user": "al\nice", "password": "x"]),
        ] as [(String, JSONValue)])
    func fields(field: String, data: JSONValue) async {
        let bench = Bench()
        let answer = await bench.ask("core", "login", data, on: bench.connect())
        #expect(answer.errorCode == .missingField || answer.errorCode == .invalidField)
        #expect(answer.errorText.hasPrefix("`\(field)`"))
    }

    @Test(
        "before login only login, resume and ping are served",
        arguments: [
            ("core", "subscribe"), ("core", "unsubscribe"), ("core", "logout"), ("core", "nothing"), ("media", "get_list"),
            ("media", "start_session"), ("other", "x"),
        ])
    func notLoggedIn(class: String, cmd: String) async {
        let bench = Bench()
        #expect(await bench.ask(`class`, cmd, on: bench.connect()).errorCode == .notLoggedIn)
        #expect(bench.handler.asked.isEmpty)
    }

    @Test("a second login on a connection is refused, a second connection of the user is not")
    func once() async {
        let bench = Bench()
        let (transport, _) = await bench.login()
        let credentials: JSONValue = ["user": "bob", "password": "secret-b"]
        #expect(await bench.ask("core", "login", credentials, on: transport).errorCode == .alreadyLoggedIn)
        #expect(await bench.ask("core", "resume", ["resume_token": "x"], on: transport).errorCode == .alreadyLoggedIn)
        _ = await bench.login()
        #expect(bench.api.clients(of: "alice").count == 2)
        #expect(bench.api.clients(of: "bob").isEmpty)
    }

    @Test("after some wrong passwords the connection is closed with 1008, and others are not")
    func limit() async {
        let bench = Bench { $0.failedLoginLimit = 3 }
        let (other, _) = await bench.login("bob")
        let transport = bench.connect()
        for _ in 1...3 {
            #expect(transport.closing == nil)
            let answer = await bench.ask("core", "login", ["user": "alice", "password": "x"], on: transport)
            #expect(answer.errorCode == .wrongCredentials)
        }
        #expect(await transport.closed() == 1008)
        bench.send(["class": "core", "cmd": "ping", "tid": 1], on: transport)
        #expect(transport.rest().isEmpty)
        #expect(await bench.ask("core", "ping", on: other).isOK)
    }

    @Test("after some wrong passwords of a user from one address none is looked at, on whatever connection; other users log in")
    func guesses() async {
        let bench = Bench { $0.wrongPasswordLimit = 3 }
        for _ in 1...3 {
            let answer = await bench.ask("core", "login", ["user": "alice", "password": "x"], on: bench.connect())
            #expect(answer.errorCode == .wrongCredentials)
        }
        let right: JSONValue = ["user": "alice", "password": "secret-a"]
        #expect(await bench.ask("core", "login", right, on: bench.connect()).errorCode == .tooManyRequests)
        #expect(await bench.login("bob").answer["connection_id"] != nil)
    }

    @Test("a resume after a restart is no warning, and a failed login is one, with its user")
    func lines() async throws {
        let lines = LineLog()
        let handler = TestHandler()
        let api = BrowserAPI(handler: handler, log: Logger(label: "test") { _ in lines })
        let transport = TestTransport(id: 1)
        api.opened(transport)
        api.received(#"{"class":"core","cmd":"resume","data":{"resume_token":"0123456789"},"tid":1}"#, on: transport)
        #expect(await transport.next().errorCode == .unknownResumeToken)
        #expect(lines.lines.map(\.message) == ["a resume found no client"] && lines.lines.first?.level == .info)
        api.received(#"{"class":"core","cmd":"login","data":{"user":"alice","password":"swordfish"},"tid":2}"#, on: transport)
        #expect(await transport.next().errorCode == .wrongCredentials)
        let failed = try #require(lines.lines.last)
        #expect(failed.message == "a login failed" && failed.level == .warning && failed.fields["user"] == "alice")
        #expect(!lines.lines.contains { "\($0)".contains("swordfish") })
    }

    @Test("wrong passwords over loopback, where a proxy stands, ban nobody; those of an address do, once, and a ban is lifted")
    func bans() async {
        let bench = Bench { $0.wrongPasswordLimit = 3 }
        var told: [FailureLimiter.Ban] = []
        bench.api.onBan = { told.append($0) }
        for peer in ["127.0.0.1:1", "[::1]:1"] {
            for _ in 1...30 { #expect(bench.api.authenticate(user: "alice", password: "x", from: peer) == nil) }
            #expect(bench.api.authenticate(user: "alice", password: "secret-a", from: peer)?.name == "alice")
        }
        for _ in 1...9 { #expect(bench.api.authenticate(user: "alice", password: "x", from: "192.0.2.9:4000") == nil) }
        #expect(told.map(\.user) == ["alice"] && bench.api.bans == told)
        #expect(bench.api.authenticate(user: "alice", password: "secret-a", from: "192.0.2.9:4001") == nil)
        #expect(bench.api.authenticate(user: "bob", password: "secret-b", from: "192.0.2.9:4001")?.name == "bob")
        #expect(bench.api.liftBans(address: "192.0.2.9", user: nil) == told)
        #expect(bench.api.authenticate(user: "alice", password: "secret-a", from: "192.0.2.9:4001")?.name == "alice")
        for _ in 1...9 { #expect(bench.api.authenticate(user: "alice", password: "x", from: "192.0.2.9:4000") == nil) }
        #expect(bench.api.authenticate(user: "alice", password: "secret-a", from: "192.0.2.9:4001")?.name == "alice")
    }

    @Test("the answer to a wrong password is held back, and another login meanwhile is refused")
    func slowed() async {
        let bench = Bench { $0.failedLoginDelay = .milliseconds(80) }
        let transport = bench.connect()
        let started = ContinuousClock.now
        bench.send(["class": "core", "cmd": "login", "data": ["user": "alice", "password": "x"], "tid": 1], on: transport)
        let credentials: JSONValue = ["user": "alice", "password": "secret-a"]
        #expect(await bench.ask("core", "login", credentials, tid: 2, on: transport).errorCode == .tooManyRequests)
        let late = await transport.next()
        #expect(late["tid"] == 1)
        #expect(late.errorCode == .wrongCredentials)
        #expect(ContinuousClock.now - started >= .milliseconds(80))
        #expect(await bench.ask("core", "login", credentials, tid: 3, on: transport).isOK)
    }

    @Test("a connection that never logs in is closed, one that did stays")
    func loginTime() async {
        let bench = Bench { $0.loginTime = .milliseconds(30) }
        let (inside, _) = await bench.login()
        let outside = bench.connect()
        #expect(await outside.closed() == 1008)
        #expect(inside.closing == nil)
    }

    @Test("more clients than allowed, in all or of one user, are refused")
    func clientBounds() async {
        let bench = Bench {
            $0.maximumClients = 3
            $0.maximumClientsPerUser = 2
        }
        _ = await bench.login()
        _ = await bench.login()
        let credentials: JSONValue = ["user": "alice", "password": "secret-a"]
        #expect(await bench.ask("core", "login", credentials, on: bench.connect()).errorCode == .tooManyClients)
        let (bob, _) = await bench.login("bob")
        let others: JSONValue = ["user": "root", "password": "secret-r"]
        #expect(await bench.ask("core", "login", others, on: bench.connect()).errorCode == .tooManyClients)
        #expect(await bench.ask("core", "logout", on: bob).isOK)
        #expect(await bench.ask("core", "login", others, on: bench.connect()).isOK)
    }

    @Test("a logout ends the client at once, and the connection may log in again")
    func logout() async throws {
        let bench = Bench()
        let (transport, client, token) = try await bench.client()
        #expect(await bench.ask("core", "logout", tid: 5, on: transport) == ["result": "ok", "data": [:], "tid": 5])
        #expect(client.isEnded)
        #expect(bench.handler.endedClients == [client.id])
        #expect(bench.api.clientCount == 0)
        #expect(await bench.ask("core", "subscribe", on: transport).errorCode == .notLoggedIn)
        #expect(await bench.resume(token).answer.errorCode == .unknownResumeToken)
        let credentials: JSONValue = ["user": "bob", "password": "secret-b"]
        #expect(await bench.ask("core", "login", credentials, on: transport).isOK)
        bench.api.closed(transport)
        #expect(bench.handler.endedClients == [client.id])
    }

    @Test("what a client waits for is answered before its logout, and not again")
    func logoutAnswers() async throws {
        let bench = Bench()
        let (transport, _) = await bench.login()
        bench.send(["class": "media", "cmd": "get_list", "tid": 1], on: transport)
        bench.send(["class": "core", "cmd": "logout", "tid": 2], on: transport)
        let first = await transport.next()
        #expect(first["tid"] == 1)
        #expect(first.errorCode == .clientGone)
        #expect(await transport.next()["tid"] == 2)
        try #require(bench.handler.takeReply()).ok()
        #expect(transport.rest().isEmpty)
    }

    @Test("a stop ends all clients and closes all connections with 1001")
    func stop() async throws {
        let bench = Bench()
        let (inside, client, _) = try await bench.client()
        let outside = bench.connect()
        bench.api.stop()
        #expect(client.isEnded)
        #expect(inside.closing?.code == 1001)
        #expect(outside.closing?.code == 1001)
        #expect(bench.api.clientCount == 0)
    }
}
