import EventLoop
@testable import Janus
import JSON
import Testing

/// Against a Janus that can be made to misbehave.
extension Serially {
@Suite("A client", .serialized)
struct JanusClientTests {
    /// Only those requests whose name is `name`.
    @LoopActor static func names(_ fake: FakeJanus) -> [String] {
        fake.requests.elements.compactMap { $0["janus"]?.stringValue }
    }

    /// What an operation threw.
    @LoopActor static func failure<Value>(
        _ operation: @LoopActor () async throws(JanusError) -> Value
    ) async -> JanusError? {
        do throws(JanusError) {
            _ = try await operation()
            return nil
        } catch {
            return error
        }
    }

    @Test("each request carries the secret, a transaction of its own and the ids that it is about")
    @LoopActor func requests() async throws {
        try await FakeJanus.run { fake, client, _ in
            let handle = try await client.attach()
            let reply = try await handle.message(["request": "x"], jsep: JSEP(type: .offer, sdp: "v=0", trickle: true))
            #expect(reply == JanusReply(data: ["done": true]))
            handle.trickle(JanusCandidate(sdpMid: "0", sdpMLineIndex: 0, candidate: "candidate:1"))
            handle.trickleCompleted()
            await handle.detach()
            #expect(Self.names(fake) == ["create", "attach", "message", "trickle", "trickle", "detach"])
            let requests = fake.requests.elements
            #expect(requests.allSatisfy { $0["apisecret"] == "secret" })
            #expect(Set(requests.compactMap { $0["transaction"]?.stringValue }).count == requests.count)
            #expect(requests[1]["plugin"] == "janus.plugin.tern")
            #expect(requests[2]["body"] == ["request": "x"])
            #expect(requests[2]["jsep"] == ["type": "offer", "sdp": "v=0", "trickle": true])
            #expect(requests[2...].allSatisfy { $0["handle_id"]?.intValue == Int(handle.id) && $0["session_id"] != nil })
            #expect(requests[3]["candidate"] == ["sdpMid": "0", "sdpMLineIndex": 0, "candidate": "candidate:1"])
            #expect(requests[4]["candidate"] == ["completed": true])
        }
    }

    @Test("a reply that comes before its ack, and a plugin that replies without one, are replies all the same")
    @LoopActor func orders() async throws {
        try await FakeJanus.run { fake, client, _ in
            let handle = try await client.attach()
            fake.answer = { fake, request in [fake.event(to: request, ["early": true]), fake.reply("ack", to: request)] }
            #expect(try await handle.message([:]).data == ["early": true])
            fake.answer = { fake, request in
                [fake.reply("success", to: request, ["plugindata": ["plugin": "p", "data": ["at once": 1]]])]
            }
            #expect(try await handle.message([:]).data == ["at once": 1])
            fake.answer = nil
            #expect(try await handle.message([:]).data == ["done": true])
        }
    }

    @Test("replies find their requests whatever order they come in")
    @LoopActor func crossing() async throws {
        try await FakeJanus.run { fake, client, _ in
            let handle = try await client.attach()
            var held: [String] = []
            fake.answer = { fake, request in
                held.insert(fake.event(to: request, request["body"] ?? .null), at: 0)
                return held.count == 3 ? held : []
            }
            let tasks = (1...3).map { number in LoopActor.task { try? await handle.message(["n": .integer(number)]).data } }
            for (index, task) in tasks.enumerated() { #expect(await task.value == ["n": .integer(index + 1)]) }
            fake.answer = nil
        }
    }

    @Test("a refusal of the core and one of the plugin come as what they are")
    @LoopActor func refusals() async throws {
        try await FakeJanus.run { fake, client, _ in
            let handle = try await client.attach()
            fake.answer = { fake, request in
                [fake.reply("error", to: request, ["error": ["code": 465, "reason": "bad SDP"]])]
            }
            #expect(await Self.failure { () async throws(JanusError) in try await handle.message([:]) } == .refused(code: 465, reason: "bad SDP"))
            #expect(await Self.failure { () async throws(JanusError) in try await client.attach() } == .refused(code: 465, reason: "bad SDP"))
            fake.answer = { fake, request in
                [fake.reply("ack", to: request), fake.event(to: request, ["error_code": 447, "error": "no audio"])]
            }
            #expect(await Self.failure { () async throws(JanusError) in try await handle.message([:]) } == .plugin(code: 447, reason: "no audio"))
            fake.answer = nil
        }
    }

    @Test("silence is a timeout, an ack alone too, and what comes later disturbs nothing")
    @LoopActor func silence() async throws {
        try await FakeJanus.run(timeout: .seconds(1)) { fake, client, _ in
            let handle = try await client.attach()
            let events = Record<JanusHandleEvent>()
            handle.onEvent = { events.add($0) }
            var late: [String] = []
            fake.answer = { fake, request in
                late.append(fake.event(to: request, ["late": true]))
                return late.count == 1 ? [] : [fake.reply("ack", to: request)]
            }
            for _ in 0..<2 {
                #expect(await Self.failure { () async throws(JanusError) in try await handle.message([:]) } == .timeout)
            }
            fake.answer = nil
            late.forEach { fake.sayText($0) }
            #expect(try await handle.message([:]).data == ["done": true])
            #expect(events.elements.isEmpty)
            #expect(client.state == .ready)
        }
    }

    @Test("a handle that Janus makes too late, or for a caller who has gone, is detached again")
    @LoopActor func lateHandles() async throws {
        try await FakeJanus.run(timeout: .seconds(1)) { fake, client, _ in
            let held = Record<String>()
            fake.answer = { fake, request in
                guard request["janus"] == "attach" else { return nil }
                held.add(fake.reply("success", to: request, ["data": ["id": .integer(900 + held.elements.count)]]))
                return []
            }
            #expect(await Self.failure { () async throws(JanusError) in try await client.attach() } == .timeout)
            let gone = LoopActor.task { await Self.failure { () async throws(JanusError) in try await client.attach() } }
            try await held.first { _ in held.elements.count == 2 }
            gone.cancel()
            #expect(await gone.value == .cancelled)
            held.elements.forEach { fake.sayText($0) }
            try await fake.requests.first { $0["janus"] == "detach" && $0["handle_id"] == 900 }
            try await fake.requests.first { $0["janus"] == "detach" && $0["handle_id"] == 901 }
            fake.answer = nil
            let done = try await client.attach()
            #expect(done.isOpen && client.openHandles == 1)
        }
    }

    @Test(
        "an answer that makes no sense is an error, not a crash",
        arguments: [
            ["janus": "success"], ["janus": "success", "data": [:]], ["janus": "success", "data": ["id": "7"]],
            ["janus": "success", "data": ["id": -7]], ["janus": "success", "data": ["id": 1.5]], ["janus": "success", "data": 7],
            ["janus": "event"], ["janus": "event", "plugindata": 3], ["janus": "event", "plugindata": ["data": []]],
            ["janus": "webrtcup"], ["janus": "surprise"], ["janus": "timeout-not"],
        ] as [JSONValue])
    @LoopActor func nonsense(message: JSONValue) async throws {
        try await FakeJanus.run { fake, client, _ in
            fake.answer = { fake, request in
                guard request["janus"] == "attach", case .object(var members) = message else { return nil }
                members["transaction"] = request["transaction"]
                return [JSONValue.object(members).text]
            }
            let failure = await Self.failure { () async throws(JanusError) in try await client.attach() }
            guard case .malformed = failure else { Issue.record("\(String(describing: failure))"); return }
            fake.answer = nil
            _ = try await client.attach()
        }
    }

    @Test(
        "what is not Janus' language ends the connection, and the next one works",
        arguments: ["rubbish", "", "[]", "{}", "7", "{\"janus\":7}", "{\"janus\":\"ack\",\"janus\":\"ack\"}", String(repeating: "[", count: 70_000)])
    @LoopActor func garbage(text: String) async throws {
        try await FakeJanus.run { fake, client, states in
            let handle = try await client.attach()
            let events = Record<JanusHandleEvent>()
            handle.onEvent = { events.add($0) }
            states.clear()
            fake.sayText(text)
            try await events.first { $0 == .lost }
            try await states.first { $0 == .ready }
            _ = try await client.attach()
            #expect(events.elements == [.lost])
        }
    }

    @Test("what Janus says unasked reaches the handle that it is about, in order, and no other")
    @LoopActor func events() async throws {
        try await FakeJanus.run { fake, client, _ in
            let handle = try await client.attach(), other = try await client.attach()
            let events = Record<JanusHandleEvent>(), others = Record<JanusHandleEvent>()
            handle.onEvent = { events.add($0) }
            other.onEvent = { others.add($0) }
            let sender = JSONValue.integer(Int(handle.id))
            fake.say(["janus": "webrtcup", "sender": sender])
            fake.say(["janus": "media", "sender": sender, "type": "audio", "receiving": true])
            fake.say(["janus": "slowlink", "sender": sender, "media": "video", "uplink": true, "lost": 9])
            fake.say(["janus": "trickle", "sender": sender, "candidate": ["candidate": "candidate:1", "sdpMLineIndex": 0]])
            fake.say(["janus": "trickle", "sender": sender, "candidate": ["completed": true]])
            fake.say([
                "janus": "event", "sender": sender, "plugindata": ["data": ["tern": "event", "event": "flowing"]],
                "jsep": ["type": "offer", "sdp": "v=0"],
            ])
            // Wrong types, unknown handles, unknown kinds: nothing comes of them.
            fake.say(["janus": "media", "sender": sender, "type": "smell", "receiving": true])
            fake.say(["janus": "media", "sender": sender, "type": "audio", "receiving": 1])
            fake.say(["janus": "slowlink", "sender": sender])
            fake.say(["janus": "trickle", "sender": sender])
            fake.say(["janus": "webrtcup", "sender": 424_242])
            fake.say(["janus": "webrtcup", "sender": "x"])
            fake.say(["janus": "webrtcup"])
            fake.say(["janus": "hangup", "sender": sender, "reason": "ICE failed"])
            fake.say(["janus": "detached", "sender": sender])
            try await events.first { $0 == .lost }
            let jsep = JSEP(type: .offer, sdp: "v=0")
            #expect(events.elements == [
                .webrtcUp, .media(.audio, receiving: true), .slowLink(.video, uplink: true, lost: 9),
                .candidate(JanusCandidate(sdpMid: nil, sdpMLineIndex: 0, candidate: "candidate:1")), .candidatesCompleted,
                .plugin(["tern": "event", "event": "flowing"], jsep), .hangup(reason: "ICE failed"), .lost,
            ])
            #expect(others.elements.isEmpty)
            #expect(client.openHandles == 1)
            #expect(await Self.failure { () async throws(JanusError) in try await handle.message([:]) } == .lost)
        }
    }

    @Test("a lost connection fails what waits, tells each handle once, and is made again")
    @LoopActor func loss() async throws {
        try await FakeJanus.run { fake, client, states in
            let handles = [try await client.attach(), try await client.attach()]
            let events = Record<JanusHandleEvent>()
            handles.forEach { $0.onEvent = { events.add($0) } }
            fake.answer = { fake, request in request["janus"] == "message" ? [] : nil }
            let waiting = handles.map { handle in
                LoopActor.task { await Self.failure { () async throws(JanusError) in try await handle.message([:]) } }
            }
            try await fake.requests.first { $0["janus"] == "message" && $0["handle_id"]?.intValue == Int(handles[1].id) }
            states.clear()
            fake.hangUp()
            for task in waiting { #expect(await task.value == .lost) }
            #expect(client.openHandles == 0)
            try await states.first { $0 == .ready }
            #expect(events.elements == [.lost, .lost])
            guard case .down = states.elements.first else { Issue.record("\(states.elements)"); return }
            await handles[0].detach()
            #expect(client.openHandles == 0)
        }
    }

    @Test("while there is no Janus an attach fails at once, and it is there when Janus is")
    @LoopActor func absence() async throws {
        let fake = FakeJanus()
        try fake.start()
        let url = fake.url, port = Int(url.split(separator: ":")[2].dropLast()) ?? 0
        await fake.stop()
        let states = Record<JanusState>()
        let client = JanusClient(
            configuration: JanusClientConfiguration(
                url: url, requestTimeout: .seconds(5), firstRetry: .milliseconds(5), longestRetry: .milliseconds(20))
        ) { states.add($0) }
        guard case .notReady = await Self.failure({ () async throws(JanusError) in try await client.attach() }) else {
            Issue.record("it was not started"); return
        }
        client.start()
        var downs = 0
        try await states.first { if case .down = $0 { downs += 1 }; return downs > 3 }
        guard case .notReady = await Self.failure({ () async throws(JanusError) in try await client.attach() }) else {
            Issue.record("there is no Janus"); return
        }
        try fake.start(port: port)
        try await states.first { $0 == .ready }
        _ = try await client.attach()
        await client.stop()
        #expect(client.state == .down(reason: "stopped"))
        await fake.stop()
    }

    @Test("a wrong secret shows as the reason why it is down")
    @LoopActor func unauthorised() async throws {
        let fake = FakeJanus()
        try fake.start()
        fake.answer = { fake, request in
            [fake.reply("error", to: request, ["error": ["code": 403, "reason": "Unauthorized"]])]
        }
        let states = Record<JanusState>()
        let client = JanusClient(configuration: JanusClientConfiguration(url: fake.url)) { states.add($0) }
        client.start()
        try await states.first { if case .down(let reason) = $0 { reason.contains("Unauthorized") } else { false } }
        await client.stop()
        await fake.stop()
    }

    @Test("the session is kept alive, and a Janus that no longer answers that is given up")
    @LoopActor func keepalive() async throws {
        try await FakeJanus.run(timeout: .seconds(1), keepalive: .milliseconds(20)) { fake, client, states in
            var kept = 0
            try await fake.requests.first { if $0["janus"] == "keepalive" { kept += 1 }; return kept >= 3 }
            states.clear()
            fake.answer = { _, request in request["janus"] == "keepalive" ? [] : nil }
            try await states.first { if case .down(let reason) = $0 { reason.contains("keepalive") } else { false } }
            fake.answer = nil
            try await states.first { $0 == .ready }
        }
    }

    @Test("a session that timed out in Janus is made anew")
    @LoopActor func sessionTimeout() async throws {
        try await FakeJanus.run { fake, client, states in
            let handle = try await client.attach()
            let events = Record<JanusHandleEvent>()
            handle.onEvent = { events.add($0) }
            states.clear()
            fake.say(["janus": "timeout", "session_id": 2])
            try await states.first { $0 == .ready }
            #expect(events.elements == [.lost])
        }
    }

    @Test("detaching twice asks Janus once, both return, and what waits on the handle fails")
    @LoopActor func detachTwice() async throws {
        try await FakeJanus.run { fake, client, _ in
            let handle = try await client.attach()
            var held: [String] = []
            fake.answer = { fake, request in
                guard request["janus"] == "detach" else { return [] }
                held.append(fake.reply("success", to: request))
                return []
            }
            let message = LoopActor.task { await Self.failure { () async throws(JanusError) in try await handle.message([:]) } }
            try await fake.requests.first { $0["janus"] == "message" }
            let both = (0..<2).map { _ in LoopActor.task { await handle.detach() } }
            try await fake.requests.first { $0["janus"] == "detach" }
            #expect(await message.value == .detached)
            #expect(client.openHandles == 1)
            // Janus has answered, the plugin has not let go yet.
            let answered = held
            held = []
            fake.answer = nil
            var isGone = false
            let end = LoopActor.task {
                for task in both { await task.value }
                isGone = true
            }
            answered.forEach { fake.sayText($0) }
            let other = try await client.attach()
            #expect(!isGone && client.openHandles == 2)
            let id = fake.requests.elements.last { $0["janus"] == "detach" }?["handle_id"] ?? .null
            fake.say(["janus": "detached", "sender": id])
            await end.value
            await handle.detach()
            #expect(other.isOpen && client.openHandles == 1)
            #expect(Self.names(fake).filter { $0 == "detach" }.count == 1)
            #expect(await Self.failure { () async throws(JanusError) in try await handle.message([:]) } == .detached)
        }
    }

    @Test("a cancelled task still detaches its handle")
    @LoopActor func cancelledDetach() async throws {
        try await FakeJanus.run { fake, client, _ in
            let handle = try await client.attach()
            let task = LoopActor.task { await handle.detach() }
            task.cancel()
            await task.value
            #expect(Self.names(fake).contains("detach"))
            #expect(client.openHandles == 0)
        }
    }

    @Test("no more requests wait than the limit allows")
    @LoopActor func overload() async throws {
        try await FakeJanus.run(maximumPending: 3) { fake, client, _ in
            let handle = try await client.attach()
            fake.answer = { _, request in request["janus"] == "message" ? [] : nil }
            let waiting = (0..<3).map { _ in
                LoopActor.task { await Self.failure { () async throws(JanusError) in try await handle.message([:]) } }
            }
            var sent = 0
            try await fake.requests.first { if $0["janus"] == "message" { sent += 1 }; return sent == 3 }
            #expect(await Self.failure { () async throws(JanusError) in try await handle.message([:]) } == .overloaded)
            fake.hangUp()
            for task in waiting { #expect(await task.value == .lost) }
        }
    }

    @Test("it follows Janus to another URL at once")
    @LoopActor func moves() async throws {
        try await FakeJanus.run { fake, client, states in
            let handle = try await client.attach()
            let events = Record<JanusHandleEvent>()
            handle.onEvent = { events.add($0) }
            let other = FakeJanus()
            try other.start()
            states.clear()
            client.connect(to: other.url)
            try await states.first { $0 == .ready }
            #expect(events.elements == [.lost])
            _ = try await client.attach()
            #expect(Self.names(other) == ["create", "attach"])
            client.connect(to: other.url)
            #expect(client.state == .ready)
            await client.stop()
            await other.stop()
        }
    }

    @Test("stopping ends the session in Janus and tells the handles")
    @LoopActor func stopping() async throws {
        try await FakeJanus.run { fake, client, _ in
            let handle = try await client.attach()
            let events = Record<JanusHandleEvent>()
            handle.onEvent = { events.add($0) }
            await client.stop()
            await client.stop()
            #expect(Self.names(fake).last == "destroy")
            #expect(events.elements == [.lost])
            #expect(client.openHandles == 0)
            #expect(fake.connections.isEmpty)
        }
    }
}
}
