import BrowserAPI
import EventLoop
import JSON
import Testing

@Suite("Answers to requests", .timeLimit(.minutes(1)))
@LoopActor
struct ReplyTests {
    private func list(_ tid: JSONValue) -> JSONValue { ["class": "media", "cmd": "get_list", "tid": tid] }

    @Test("an answer within the call and one later both arrive, without an ack")
    func answers() async throws {
        let bench = Bench()
        let (transport, _) = await bench.login()
        bench.handler.onCommand = { _, _, reply in reply.ok(["sessions": []]) }
        bench.send(list(1), on: transport)
        #expect(await transport.next() == ["result": "ok", "data": ["sessions": []], "tid": 1])
        bench.handler.onCommand = nil
        bench.send(list("two"), on: transport)
        #expect(transport.rest().isEmpty)
        try #require(bench.handler.takeReply()).fail(APIError(.wrongState, "not now"))
        #expect(await transport.next() == ["result": "error", "data": ["code": 3004, "error": "not now"], "tid": "two"])
        bench.send(list(3), on: transport)
        try #require(bench.handler.takeReply()).fail(APIError(.wrongState, "away", sipStatus: 480))
        #expect(await transport.next() == ["result": "error", "data": ["code": 3004, "error": "away", "sip_status": 480], "tid": 3])
    }

    @Test("an answer that takes its time is announced by one ack")
    func ack() async throws {
        let bench = Bench { $0.ackDelay = .milliseconds(20) }
        let (transport, _) = await bench.login()
        bench.send(list("slow"), on: transport)
        #expect(await transport.next() == ["ack": "slow"])
        try #require(bench.handler.takeReply()).ok()
        #expect(await transport.next()["result"] == "ok")
        #expect(transport.rest().isEmpty)
    }

    @Test("only the first of several answers is sent")
    func twice() async {
        let bench = Bench()
        let (transport, _) = await bench.login()
        bench.handler.onCommand = { _, _, reply in
            reply.ok(["n": 1])
            reply.ok(["n": 2])
            reply.fail(APIError(.internalError))
        }
        bench.send(list(1), on: transport)
        #expect(await transport.next()["data"] == ["n": 1])
        #expect(transport.rest().isEmpty)
    }

    @Test("a request that is let go of is answered with an internal error")
    func dropped() async throws {
        let bench = Bench()
        let (transport, _) = await bench.login()
        bench.handler.onCommand = { _, _, _ in }
        bench.send(list(1), on: transport)
        #expect(await transport.next().errorCode == .internalError)
        bench.handler.onCommand = nil
        bench.send(list(2), on: transport)
        #expect(transport.rest().isEmpty)
        _ = bench.handler.takeReply()
        let late = await transport.next()
        #expect(late.errorCode == .internalError)
        #expect(late["tid"] == 2)
    }

    @Test("a tid is free again once its request is answered, and not before")
    func duplicateTID() async throws {
        let bench = Bench()
        let (transport, _) = await bench.login()
        bench.send(list(1), on: transport)
        #expect(await bench.ask("media", "get_list", tid: 1, on: transport).errorCode == .duplicateTID)
        #expect(await bench.ask("core", "ping", tid: "1", on: transport).isOK)
        try #require(bench.handler.takeReply()).ok()
        #expect(await transport.next().isOK)
        bench.handler.onCommand = { _, _, reply in reply.ok() }
        #expect(await bench.ask("media", "get_list", tid: 1, on: transport).isOK)
    }

    @Test("more open requests than allowed are refused, those before them are served")
    func openRequests() async throws {
        let bench = Bench { $0.maximumOpenRequests = 3 }
        let (transport, _) = await bench.login()
        for tid in 1...5 { bench.send(list(.integer(tid)), on: transport) }
        #expect(bench.handler.asked.count == 3)
        let refused = transport.rest()
        #expect(refused.map { $0["tid"] } == [4, 5])
        #expect(refused.allSatisfy { $0.errorCode == .tooManyRequests })
        try #require(bench.handler.takeReply()).ok()
        #expect(await transport.next()["tid"] == 1)
        bench.send(list(6), on: transport)
        #expect(bench.handler.asked.count == 3)
    }

    @Test("answers and events arrive in the order in which they came about")
    func order() async throws {
        let bench = Bench()
        let (transport, client, _) = try await bench.client()
        bench.handler.onCommand = { _, client, reply in
            client.send(.session("s", "before"))
            reply.ok()
            client.send(.session("s", "after"))
        }
        for tid in 1...3 { bench.send(list(.integer(tid)), on: transport) }
        client.send(.session("s", "last"))
        let seen = transport.rest().map { $0.eventType.map(JSONValue.string) ?? $0["tid"] }
        let expected: [JSONValue] = ["before", 1, "after", "before", 2, "after", "before", 3, "after", "last"]
        #expect(seen == expected)
    }

    @Test("an answer for a client that has ended goes nowhere")
    func endedClient() async throws {
        let bench = Bench { $0.graceTime = .milliseconds(1) }
        let (transport, _) = await bench.login()
        bench.send(list(1), on: transport)
        bench.api.closed(transport)
        await bench.handler.waitForEnd()
        try #require(bench.handler.takeReply()).ok()
        #expect(transport.rest().isEmpty)
    }

    @Test("messages beyond the rate close the connection with 1008")
    func rate() async {
        let bench = Bench {
            $0.messagesPerSecond = 1
            $0.messageBurst = 10
        }
        let transport = bench.connect()
        for tid in 1...12 { bench.send(["class": "core", "cmd": "ping", "tid": .integer(tid)], on: transport) }
        #expect(transport.rest().count == 10)
        #expect(transport.closing?.code == 1008)
    }
}
