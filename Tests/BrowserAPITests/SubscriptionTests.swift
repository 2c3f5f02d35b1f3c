import BrowserAPI
import EventLoop
import JSON
import Testing

@Suite("Events and subscriptions", .timeLimit(.minutes(1)))
@LoopActor
struct SubscriptionTests {
    nonisolated static let session = "54c1b637-36fb-40c2-8080-28f07603cda8"
    nonisolated static let call = "0b9e1a64-5b1f-4f0e-9a5c-2f5f4f0d3a11"

    private func answer(_ type: String = "answer") -> BrowserEvent { .session(SubscriptionTests.session, type) }

    @Test(
        "a subscription matches what it names, and all where it says * or nothing",
        arguments: [
            ([:], true), (["class": "*", "subclass": "*", "type": "*", "obj_id": "*"], true), (["class": "media"], true),
            (["class": "media", "subclass": "session", "type": "answer", "obj_id": .string(session)], true),
            (["class": "core"], false), (["subclass": "call"], false), (["type": "stop"], false),
            (["obj_id": .string(call)], false), (["type": "answer", "subclass": "call"], false), (["type": .null], true),
        ] as [(JSONValue, Bool)])
    func patterns(data: JSONValue, isSent: Bool) async {
        let bench = Bench()
        bench.handler.owned = [SubscriptionTests.session: ["alice"], SubscriptionTests.call: ["alice"]]
        let (transport, _) = await bench.login()
        #expect(await bench.ask("core", "subscribe", data, on: transport) == ["result": "ok", "data": [:], "tid": 1])
        bench.api.publish(answer(), owner: "alice")
        #expect(transport.rest().count == (isSent ? 1 : 0))
    }

    @Test(
        "a pattern of the wrong type is an error that names the field",
        arguments: ["class", "subclass", "type", "obj_id"], ["subscribe", "unsubscribe"])
    func fields(field: String, cmd: String) async {
        let bench = Bench()
        let (transport, _) = await bench.login()
        for wrong in [1, [], "", .string(String(repeating: "x", count: 129))] as [JSONValue] {
            let answer = await bench.ask("core", cmd, [field: wrong], on: transport)
            #expect(answer.errorCode == .invalidField)
            #expect(answer.errorText.hasPrefix("`\(field)`"))
        }
    }

    @Test("events go to clients of the owner and to admins, each once, however many subscriptions match")
    func owners() async {
        let bench = Bench()
        let (alice, _) = await bench.login("alice")
        let (bob, _) = await bench.login("bob")
        let (admin, _) = await bench.login("root")
        for transport in [alice, bob, admin] {
            _ = await bench.ask("core", "subscribe", on: transport)
            _ = await bench.ask("core", "subscribe", ["class": "media"], on: transport)
        }
        bench.api.publish(answer(), owner: "alice")
        #expect([alice, bob, admin].map { $0.rest().count } == [1, 0, 1])
        bench.api.publish(answer(), owners: ["alice", "bob"])
        #expect([alice, bob, admin].map { $0.rest().count } == [1, 1, 1])
    }

    @Test("only an admin subscribes to what others own, and nobody to what is not there")
    func rights() async {
        let bench = Bench()
        bench.handler.owned = [SubscriptionTests.session: ["alice"]]
        let theirs: JSONValue = ["obj_id": .string(SubscriptionTests.session)]
        let (alice, _) = await bench.login("alice")
        let (bob, _) = await bench.login("bob")
        let (admin, _) = await bench.login("root")
        #expect(await bench.ask("core", "subscribe", theirs, on: alice).isOK)
        let refusal = await bench.ask("core", "subscribe", theirs, on: bob)
        #expect(refusal.errorCode == .notYours)
        #expect(refusal.errorText.hasPrefix("`obj_id`"))
        #expect(await bench.ask("core", "subscribe", theirs, on: admin).isOK)
        let nothing: JSONValue = ["obj_id": .string(SubscriptionTests.call)]
        #expect(await bench.ask("core", "subscribe", nothing, on: admin).errorCode == .unknownObject)
    }

    @Test("only an admin lists what others own")
    func lists() async {
        let bench = Bench()
        bench.handler.onCommand = { _, _, reply in reply.ok() }
        let (alice, _) = await bench.login("alice")
        let (admin, _) = await bench.login("root")
        #expect(await bench.ask("media", "get_list", ["user": "alice"], on: alice).isOK)
        #expect(await bench.ask("media", "get_list", ["user": "bob"], on: alice).errorCode == .notYours)
        #expect(await bench.ask("media", "get_list", ["user": "*"], on: alice).errorCode == .notYours)
        #expect(await bench.ask("media", "get_list", ["user": "bob"], on: admin).isOK)
    }

    @Test("the creator gets its events without asking, its user's other clients do not")
    func creator() async throws {
        let bench = Bench()
        let (mine, client, _) = try await bench.client()
        let (other, _) = await bench.login()
        bench.api.publish(answer(), owner: "alice", creator: client.id)
        bench.api.publish(answer(), owner: "alice")
        #expect(mine.rest().count == 1)
        #expect(other.rest().isEmpty)
    }

    @Test("a creator that unsubscribes from its object gets no more of it, until it subscribes again")
    func creatorUnsubscribes() async throws {
        let bench = Bench()
        bench.handler.owned = [SubscriptionTests.session: ["alice"]]
        let (transport, client, _) = try await bench.client()
        let mine: JSONValue = ["obj_id": .string(SubscriptionTests.session)]
        _ = await bench.ask("core", "unsubscribe", mine, on: transport)
        bench.api.publish(answer(), owner: "alice", creator: client.id)
        #expect(transport.rest().isEmpty)
        _ = await bench.ask("core", "subscribe", mine, on: transport)
        bench.api.publish(answer(), owner: "alice", creator: client.id)
        #expect(transport.rest().count == 1)
    }

    @Test("unsubscribe removes every subscription that its pattern covers, and no other")
    func unsubscribe() async {
        let bench = Bench()
        let (transport, _) = await bench.login()
        _ = await bench.ask("core", "subscribe", ["class": "media", "type": "answer"], on: transport)
        _ = await bench.ask("core", "subscribe", ["type": "stop"], on: transport)
        _ = await bench.ask("core", "unsubscribe", ["class": "media"], on: transport)
        bench.api.publish(answer(), owner: "alice")
        #expect(transport.rest().isEmpty)
        bench.api.publish(answer("stop"), owner: "alice")
        #expect(transport.rest().count == 1)
        _ = await bench.ask("core", "unsubscribe", on: transport)
        bench.api.publish(answer("stop"), owner: "alice")
        #expect(transport.rest().isEmpty)
    }

    @Test("the gateway lets a client of another user have an object's events, until the last one")
    func granted() async throws {
        let bench = Bench()
        let (transport, client, _) = try await bench.client("bob")
        client.subscribe(to: SubscriptionTests.call)
        bench.api.publish(.call(SubscriptionTests.call, "ringing"), owner: "alice")
        bench.api.publish(.call(SubscriptionTests.call, "hangup"), owner: "alice")
        bench.api.publish(.call(SubscriptionTests.call, "ringing"), owner: "alice")
        #expect(transport.rest().map(\.eventType) == ["ringing", "hangup"])
        client.subscribe(to: SubscriptionTests.call)
        client.unsubscribe(from: SubscriptionTests.call)
        bench.api.publish(.call(SubscriptionTests.call, "ringing"), owner: "alice")
        #expect(transport.rest().isEmpty)
    }

    @Test("subscriptions are bounded, the same one counts once, and one for an object ends with it")
    func bound() async {
        let bench = Bench { $0.maximumSubscriptions = 2 }
        bench.handler.owned = [SubscriptionTests.session: ["alice"]]
        let (transport, _) = await bench.login()
        let object: JSONValue = ["obj_id": .string(SubscriptionTests.session)]
        for _ in 1...3 { #expect(await bench.ask("core", "subscribe", object, on: transport).isOK) }
        #expect(await bench.ask("core", "subscribe", ["type": "b"], on: transport).isOK)
        #expect(await bench.ask("core", "subscribe", ["type": "c"], on: transport).errorCode == .tooManySubscriptions)
        bench.api.publish(answer("stop"), owner: "alice")
        #expect(transport.rest().count == 1)
        #expect(await bench.ask("core", "subscribe", ["type": "c"], on: transport).isOK)
    }

    @Test("subscriptions outlive the connection, and not the client")
    func resume() async throws {
        let bench = Bench()
        let (first, client, token) = try await bench.client()
        _ = await bench.ask("core", "subscribe", on: first)
        client.subscribe(to: SubscriptionTests.call)
        bench.api.closed(first)
        bench.api.publish(answer(), owner: "alice")
        let (second, _) = await bench.resume(token)
        #expect(second.rest().map(\.eventType) == ["answer", "after"])
        #expect(await bench.ask("core", "logout", on: second).isOK)
        bench.api.publish(answer(), owner: "alice", creator: client.id)
        bench.api.publish(.call(SubscriptionTests.call, "ringing"), owner: "alice")
        #expect(second.rest().isEmpty)
    }
}
