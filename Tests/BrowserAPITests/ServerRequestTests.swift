import BrowserAPI
import EventLoop
import JSON
import Testing

@Suite("Requests to a client", .timeLimit(.minutes(1)))
@LoopActor
struct ServerRequestTests {
    /// Sends `call_invite` and waits for what becomes of it.
    private func invite(
        _ client: BrowserClient, timeout: Duration = .seconds(60), meanwhile: @escaping @LoopActor () async -> Void
    ) async -> Result<JSONValue, APIError> {
        await withCheckedContinuation { continuation in
            client.request(cmd: "call_invite", data: ["call_id": "c"], timeout: timeout) { continuation.resume(returning: $0) }
            LoopActor.task { await meanwhile() }
        }
    }

    @Test("a request has a tid, and the client's answer comes back")
    func answer() async throws {
        let bench = Bench()
        let (transport, client, _) = try await bench.client()
        let result = await invite(client) {
            let request = await transport.next()
            #expect(request["class"] == "media")
            #expect(request["cmd"] == "call_invite")
            #expect(request["data"] == ["call_id": "c"])
            let tid = request["tid"] ?? .null
            bench.send(["result": "ok", "data": ["a": 1], "tid": tid], on: transport)
            bench.send(["result": "error", "tid": tid], on: transport)
        }
        #expect(result == .success(["a": 1]))
    }

    private nonisolated static let refusals: [(answer: JSONValue, error: APIError)] = [
        (["result": "error", "data": ["code": 486, "error": "busy"]], APIError(code: 486, text: "busy")),
        (["result": "error"], APIError(.refusedByClient)),
        (["result": "error", "data": ["code": "x", "error": []]], APIError(.refusedByClient)),
        (["result": "fine"], APIError(.invalidField, "the client's response is malformed")),
        (["result": "ok", "data": 1], APIError(.invalidField, "the client's response is malformed")),
    ]

    @Test(
        "a client's refusal, or an answer that makes no sense, is a failure",
        arguments: refusals)
    func refusal(answer: JSONValue, error: APIError) async throws {
        let bench = Bench()
        let (transport, client, _) = try await bench.client()
        let result = await invite(client) {
            var answer = answer.objectValue ?? [:]
            answer["tid"] = await transport.next()["tid"]
            bench.send(.object(answer), on: transport)
        }
        #expect(result == .failure(error))
    }

    @Test("an answer without data is an empty one")
    func noData() async throws {
        let bench = Bench()
        let (transport, client, _) = try await bench.client()
        let result = await invite(client) {
            let tid = await transport.next()["tid"] ?? .null
            bench.send(["result": "ok", "tid": tid], on: transport)
        }
        #expect(result == .success([:]))
    }

    @Test("without an answer in time it fails, and a late one is ignored")
    func timeout() async throws {
        let bench = Bench()
        let (transport, client, _) = try await bench.client()
        let result = await invite(client, timeout: .milliseconds(10)) {}
        #expect(result == .failure(APIError(.timedOut)))
        let tid = await transport.next()["tid"] ?? .null
        bench.send(["result": "ok", "tid": tid], on: transport)
        #expect(transport.rest().isEmpty)
    }

    @Test("an ack gives the client longer, once")
    func ack() async throws {
        let bench = Bench { $0.acknowledgedRequestTime = .milliseconds(150) }
        let (transport, client, _) = try await bench.client()
        let started = ContinuousClock.now
        var acks: LoopTimer?
        var sent = 0
        let result = await invite(client, timeout: .milliseconds(40)) {
            let tid = await transport.next()["tid"] ?? .null
            // One that went on acknowledging would otherwise keep the request open for ever.
            acks = LoopTimer.schedule(after: .zero, every: .milliseconds(10)) {
                sent += 1
                if sent <= 50 { bench.send(["ack": tid], on: transport) }
            }
        }
        acks?.cancel()
        #expect(sent < 50)
        #expect(result == .failure(APIError(.timedOut)))
        #expect(ContinuousClock.now - started >= .milliseconds(150))
    }

    @Test("a request that timed out while the client was away is not sent when it is back")
    func withdrawn() async throws {
        let bench = Bench()
        let (first, client, token) = try await bench.client()
        bench.api.closed(first)
        #expect(await invite(client, timeout: .milliseconds(10)) {} == .failure(APIError(.timedOut)))
        let (second, _) = await bench.resume(token)
        #expect(second.rest().map(\.eventType) == ["after"])
    }

    @Test("an answer may come on the connection that resumed")
    func answerAfterResume() async throws {
        let bench = Bench()
        let (first, client, token) = try await bench.client()
        let result = await invite(client) {
            let tid = await first.next()["tid"] ?? .null
            bench.api.closed(first)
            let (second, _) = await bench.resume(token)
            bench.send(["result": "ok", "tid": tid], on: second)
        }
        #expect(result == .success([:]))
    }

    @Test("nobody answers another client's request")
    func strangers() async throws {
        let bench = Bench()
        let (transport, client, _) = try await bench.client()
        let (stranger, _) = await bench.login("bob")
        let result = await invite(client) {
            let tid = await transport.next()["tid"] ?? .null
            bench.send(["result": "error", "tid": tid], on: stranger)
            bench.send(["result": "ok", "data": ["by": "alice"], "tid": tid], on: transport)
        }
        #expect(result == .success(["by": "alice"]))
    }

    @Test("when the client logs out, or had ended before, the request fails; never within the call that made it")
    func end() async throws {
        let bench = Bench()
        let (transport, client, _) = try await bench.client()
        let result = await invite(client) { bench.send(["class": "core", "cmd": "logout", "tid": 1], on: transport) }
        #expect(result == .failure(APIError(.clientGone)))
        var isMaking = true
        let again = await withCheckedContinuation { continuation in
            client.request(cmd: "call_invite", data: [:], timeout: .seconds(60)) { result in
                #expect(!isMaking)
                continuation.resume(returning: result)
            }
            isMaking = false
        }
        #expect(again == .failure(APIError(.clientGone)))
    }

    @Test("more open requests than allowed fail at once")
    func bound() async throws {
        let bench = Bench { $0.maximumRequestsToClient = 2 }
        let (_, client, _) = try await bench.client()
        for _ in 1...2 { client.request(cmd: "call_invite", data: [:], timeout: .seconds(60)) { _ in } }
        #expect(await invite(client) {} == .failure(APIError(.tooManyRequests)))
    }
}
