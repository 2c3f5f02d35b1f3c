import BrowserAPI
import EventLoop
import JSON
import Testing

@Suite("Resume", .timeLimit(.minutes(1)))
@LoopActor
struct ResumeTests {
    @Test("a client goes on with another connection, and is told what is still alive")
    func resume() async throws {
        let bench = Bench()
        let (first, client, token) = try await bench.client()
        bench.api.closed(first)
        #expect(!client.isConnected)
        #expect(bench.api.clients(of: "alice").count == 1)
        bench.handler.aliveSessions = ["s1", "s2"]
        bench.handler.aliveCalls = ["c1"]
        let (_, answer) = await bench.resume(token)
        #expect(answer["data"]?["user"] == "alice")
        #expect(answer["data"]?["connection_id"] == .string(client.id))
        #expect(answer["data"]?["sessions"] == ["s1", "s2"])
        #expect(answer["data"]?["calls"] == ["c1"])
        #expect(client.isConnected)
        #expect(bench.handler.resumedClients == [client.id])
        #expect(bench.handler.endedClients.isEmpty)
    }

    @Test("the answer comes first, then what was kept in its order, then what comes about later")
    func order() async throws {
        let bench = Bench()
        let (first, client, token) = try await bench.client()
        bench.send(["class": "media", "cmd": "get_list", "tid": "open"], on: first)
        bench.api.closed(first)
        client.send(.session("s", "one"))
        try #require(bench.handler.takeReply()).ok(["sessions": []])
        client.send(.session("s", "two"))
        client.request(cmd: "call_invite", data: [:], timeout: .seconds(60)) { _ in }
        let (second, answer) = await bench.resume(token)
        #expect(answer.isOK)
        client.send(.session("s", "later"))
        let rest = second.rest()
        #expect(rest.map(\.eventType) == ["one", nil, "two", nil, "after", "later"])
        #expect(rest[1]["tid"] == "open")
        #expect(rest[3]["cmd"] == "call_invite")
        #expect(first.rest().isEmpty)
    }

    @Test("each resume gives another token, and the one before serves no more when the client has sent something")
    func rotation() async throws {
        let bench = Bench()
        let (first, client, token) = try await bench.client()
        bench.api.closed(first)
        let (second, answer) = await bench.resume(token)
        let next = try #require(answer["data"]?["resume_token"]?.stringValue)
        #expect(next != token)
        bench.send(["class": "core", "cmd": "ping", "tid": 2], on: second)
        bench.api.closed(second)
        #expect(await bench.resume(token).answer.errorCode == .unknownResumeToken)
        #expect(await bench.resume(next).answer["data"]?["connection_id"] == .string(client.id))
    }

    @Test("a resume whose answer was lost is made again with the same token, and what followed the answer is sent again")
    func lostAnswer() async throws {
        let bench = Bench()
        let (first, client, token) = try await bench.client()
        bench.api.closed(first)
        client.send(.session("s", "kept"))
        let (second, lost) = await bench.resume(token)
        client.send(.session("s", "sent"))
        bench.api.closed(second)
        client.send(.session("s", "kept later"))
        let (third, answer) = await bench.resume(token)
        #expect(answer["data"]?["connection_id"] == .string(client.id))
        #expect(third.rest().map(\.eventType) == ["kept", "after", "sent", "kept later", "after"])
        // Of the tokens, the lost one is worth nothing.
        let unknown = try #require(lost["data"]?["resume_token"]?.stringValue), next = try #require(answer["data"]?["resume_token"]?.stringValue)
        #expect(await bench.resume(unknown).answer.errorCode == .unknownResumeToken)
        // It takes over from a connection that seems to be open, too, as often as it takes.
        let (fourth, again) = await bench.resume(token)
        #expect(again.isOK && third.closing?.code == 4001)
        #expect(await bench.ask("core", "ping", on: fourth).eventType == "kept")
        bench.api.closed(fourth)
        for used in [token, next] { #expect(await bench.resume(used).answer.errorCode == .unknownResumeToken) }
        #expect(!client.isEnded)
    }

    @Test("a client that resumes with the newer token is not sent again what followed the answer")
    func answerCame() async throws {
        let bench = Bench()
        let (first, client, token) = try await bench.client()
        bench.api.closed(first)
        let (second, answer) = await bench.resume(token)
        client.send(.session("s", "sent"))
        bench.api.closed(second)
        client.send(.session("s", "kept"))
        let (third, _) = await bench.resume(try #require(answer["data"]?["resume_token"]?.stringValue))
        #expect(third.rest().map(\.eventType) == ["kept", "after"])
        bench.api.closed(third)
        #expect(await bench.resume(token).answer.errorCode == .unknownResumeToken)
    }

    @Test("a client that was sent more than may be kept since its resume is taken to have the answer, and does not end", arguments: [true, false])
    func boundOfSent(isConnected: Bool) async throws {
        let bench = Bench { $0.maximumKeptMessages = 3 }
        let (first, client, token) = try await bench.client()
        bench.api.closed(first)
        let (second, answer) = await bench.resume(token)
        for _ in 1...2 { client.send(.session("s", "sent")) }
        if !isConnected { bench.api.closed(second) }
        client.send(.session("s", "one too many"))
        #expect(await bench.resume(token).answer.errorCode == .unknownResumeToken)
        let (third, resumed) = await bench.resume(try #require(answer["data"]?["resume_token"]?.stringValue))
        #expect(resumed.isOK && !client.isEnded)
        #expect(third.rest().map(\.eventType) == (isConnected ? ["after"] : ["one too many", "after"]))
    }

    @Test("a request that is answered no more is not sent again after a lost answer")
    func withdrawnAfterSending() async throws {
        let bench = Bench()
        let (first, client, token) = try await bench.client()
        bench.api.closed(first)
        let (second, _) = await bench.resume(token)
        let error = await withCheckedContinuation { done in
            client.request(cmd: "call_invite", data: [:], timeout: .milliseconds(1)) { result in
                if case .failure(let error) = result { done.resume(returning: error.known) } else { done.resume(returning: nil) }
            }
        }
        #expect(error == .timedOut)
        bench.api.closed(second)
        #expect(await bench.resume(token).transport.rest().map(\.eventType) == ["after", "after"])
    }

    @Test("a resume takes over from a connection that is still open, whose end then changes nothing")
    func takeOver() async throws {
        let bench = Bench { $0.graceTime = .milliseconds(1) }
        let (first, client, token) = try await bench.client()
        let (second, _) = await bench.resume(token)
        #expect(first.closing?.code == 4001)
        bench.send(["class": "core", "cmd": "ping", "tid": 1], on: first)
        #expect(first.rest().isEmpty)
        bench.api.closed(first)
        #expect(client.isConnected)
        client.send(.session("s", "one"))
        #expect(second.rest().map(\.eventType).last == "one")
    }

    @Test("after the grace time the client has ended, and its token is worth nothing")
    func graceTime() async throws {
        let bench = Bench { $0.graceTime = .milliseconds(20) }
        let (first, client, token) = try await bench.client()
        var results: [APIError.Code?] = []
        client.request(cmd: "call_invite", data: [:], timeout: .seconds(60)) { result in
            if case .failure(let error) = result { results.append(error.known) }
        }
        bench.api.closed(first)
        #expect(bench.handler.endedClients.isEmpty)
        await bench.handler.waitForEnd()
        #expect(bench.handler.endedClients == [client.id])
        #expect(client.isEnded)
        #expect(results == [.clientGone])
        #expect(bench.api.clientCount == 0)
        #expect(await bench.resume(token).answer.errorCode == .unknownResumeToken)
    }

    @Test("more kept messages than allowed end the client, and later than within the call that sent them")
    func keptCount() async throws {
        let bench = Bench { $0.maximumKeptMessages = 3 }
        let (first, client, token) = try await bench.client()
        bench.api.closed(first)
        for _ in 1...3 { client.send(.session("s", "x")) }
        client.send(.session("s", "one too many"))
        #expect(!client.isEnded)
        #expect(await bench.resume(token).answer.errorCode == .unknownResumeToken)
        await bench.handler.waitForEnd()
        #expect(bench.handler.endedClients == [client.id])
    }

    @Test("more kept bytes than allowed end the client")
    func keptBytes() async throws {
        let bench = Bench { $0.maximumKeptBytes = 2_000 }
        let (first, client, _) = try await bench.client()
        let body: JSONValue = ["text": .string(String(repeating: "x", count: 1_200))]
        client.send(.session("s", "x", body))
        client.send(.session("s", "x", body))
        bench.api.closed(first)
        client.send(.session("s", "x", body))
        #expect(!client.isEnded)
        client.send(.session("s", "x", body))
        await bench.handler.waitForEnd()
        #expect(client.isEnded)
    }

    @Test("guessed tokens are counted like wrong passwords")
    func guesses() async {
        let bench = Bench { $0.failedLoginLimit = 2 }
        let transport = bench.connect()
        for _ in 1...2 {
            let answer = await bench.ask("core", "resume", ["resume_token": "guess"], on: transport)
            #expect(answer.errorCode == .unknownResumeToken)
        }
        #expect(transport.closing?.code == 1008)
    }

    @Test("a resume's token is checked", arguments: [[:], ["resume_token": 1], ["resume_token": ""]] as [JSONValue])
    func fields(data: JSONValue) async {
        let bench = Bench()
        let answer = await bench.ask("core", "resume", data, on: bench.connect())
        #expect(answer.errorText.hasPrefix("`resume_token`"))
    }

    @Test("one client of a user resumes, and the other is not touched")
    func twoClients() async throws {
        let bench = Bench()
        let (first, one, token) = try await bench.client()
        let (second, two, _) = try await bench.client()
        bench.api.closed(first)
        let (third, answer) = await bench.resume(token)
        #expect(answer["data"]?["connection_id"] == .string(one.id))
        two.send(.session("s", "two"))
        #expect(second.rest().map(\.eventType) == ["two"])
        #expect(third.rest().map(\.eventType) == ["after"])
    }
}
