import BrowserAPI
import EventLoop
import JSON
import Testing

@Suite("Login with a token", .timeLimit(.minutes(1)))
@LoopActor
struct TokenLoginTests {
    private static func login(_ token: String, _ tid: JSONValue) -> JSONValue {
        ["class": "core", "cmd": "login", "data": ["token": .string(token)], "tid": tid]
    }

    private static func ping(_ tid: JSONValue) -> JSONValue { ["class": "core", "cmd": "ping", "tid": tid] }

    /// A bench whose handler takes its time, and a connection that has sent a token.
    private func waiting(_ token: String = "ticket") async -> (bench: Bench, transport: TestTransport) {
        let bench = Bench()
        bench.handler.isSlow = true
        let transport = bench.connect()
        bench.send(Self.login(token, "login"), on: transport)
        await bench.handler.waitForToken()
        return (bench, transport)
    }

    /// Whatever was to follow from what happened has run: the loop runs its jobs in order.
    private func settled() async {
        for _ in 0..<10 { await LoopActor.task {}.value }
    }

    @Test("what comes behind the login waits for it, and is answered in its order")
    func order() async {
        let (bench, transport) = await waiting()
        bench.send(["class": "core", "cmd": "subscribe", "tid": 1], on: transport)
        bench.send(Self.ping(2), on: transport)
        bench.send(["class": "core", "cmd": "logout", "tid": 3], on: transport)
        bench.send(Self.ping(4), on: transport)
        #expect(transport.rest().isEmpty)
        bench.handler.decide()
        #expect(await transport.next()["data"]?["user"] == "carol")
        for tid in 1...4 {
            let answer = await transport.next()
            #expect(answer["tid"] == .integer(tid))
            #expect(answer.isOK)
        }
    }

    @Test("another login with a token waits for the first, and the rest for both")
    func twice() async {
        let (bench, transport) = await waiting("wrong")
        bench.send(Self.ping(1), on: transport)
        bench.handler.decide()
        #expect(await transport.next()["tid"] == 1)
        #expect(await transport.next().errorCode == .wrongCredentials)
        bench.send(Self.login("ticket", 2), on: transport)
        await bench.handler.waitForToken()
        bench.send(["class": "core", "cmd": "logout", "tid": 3], on: transport)
        bench.send(Self.login("ticket", 4), on: transport)
        bench.send(Self.ping(5), on: transport)
        bench.handler.decide()
        #expect(await transport.next()["tid"] == 2)
        #expect(await transport.next()["tid"] == 3)
        await bench.handler.waitForToken()
        #expect(transport.rest().isEmpty)
        bench.handler.decide()
        #expect(await transport.next()["tid"] == 4)
        #expect(await transport.next()["tid"] == 5)
    }

    @Test("a connection that closes meanwhile logs nobody in")
    func closed() async {
        let (bench, transport) = await waiting()
        bench.api.closed(transport)
        bench.handler.decide()
        await settled()
        #expect(bench.api.clientCount == 0)
        #expect(transport.rest().isEmpty)
    }

    @Test("an API that stops meanwhile logs nobody in")
    func stopped() async {
        let (bench, transport) = await waiting()
        bench.api.stop()
        bench.handler.decide()
        await settled()
        #expect(bench.api.clientCount == 0)
        #expect(transport.closing?.code == 1001)
    }

    @Test("who sends more than can wait is closed with 1008", arguments: [(101, 1), (5, 60_000)])
    func bounded(count: Int, size: Int) async {
        let (bench, transport) = await waiting()
        let padding = JSONValue.string(String(repeating: "x", count: size))
        for _ in 1..<count {
            bench.send(["class": "core", "cmd": "ping", "data": ["x": padding], "tid": 1], on: transport)
            #expect(transport.closing == nil)
        }
        bench.send(["class": "core", "cmd": "ping", "data": ["x": padding], "tid": 1], on: transport)
        #expect(transport.closing?.code == 1008)
        bench.handler.decide()
        await settled()
        #expect(bench.api.clientCount == 0)
    }

    @Test("wrong tokens count as failed logins, and the text says whether one has expired and no more")
    func failures() async {
        let bench = Bench { $0.failedLoginLimit = 3 }
        let transport = bench.connect()
        for (token, text) in [("wrong", "the token is not valid"), ("old", "the token has expired"), ("x", "the token is not valid")] {
            let answer = await bench.ask("core", "login", ["token": .string(token)], on: transport)
            #expect(answer.errorCode == .wrongCredentials)
            #expect(answer.errorText == text)
        }
        #expect(await transport.closed() == 1008)
    }
}
