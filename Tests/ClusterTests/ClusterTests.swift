@testable import Cluster
import EventLoop
import Foundation
import Registrar
import SIPNames
import TestRedis
import Testing

/// Nodes of a cluster on a real Redis.
@Suite("Nodes and Redis", .serialized)
struct ClusterTests {
    @Test("a node knows what another has: phones, and users with a browser; and that it is gone")
    @LoopActor func seen() async throws {
        let redis = try RedisProcess()
        let (a, b) = (try await TestNode("a", redis), try await TestNode("b", redis))
        #expect(a.ringing.isEmpty && !a.cluster.hasBrowser("bob"))
        #expect(b.register(.bob()) == 200)
        #expect(await eventually { a.ringing == ["b"] })
        #expect(a.cluster.nodes(of: "bob").first?.node.address == ListenAddress(transport: .tcp, address: "127.0.0.1", port: 5_098))
        #expect(b.ringing.isEmpty && a.registrar.count == 0)
        #expect(b.register(.bob(expires: 0, cSeq: 2)) == 200)
        #expect(await eventually { a.ringing.isEmpty })
        b.cluster.setBrowser("bob", isThere: true)
        #expect(await eventually { a.ringing == ["b"] && a.cluster.hasBrowser("bob") })
        b.cluster.setBrowser("bob", isThere: false)
        #expect(await eventually { a.ringing.isEmpty && !a.cluster.hasBrowser("bob") })
        b.cluster.setBrowser("bob", isThere: true)
        #expect(await eventually { a.ringing == ["b"] })
        await b.stop()
        #expect(await eventually(within: .milliseconds(1_000)) { a.ringing.isEmpty }, "a node that leaves says so")
        #expect(a.log.count("notice: a node of the cluster is there b") == 1 && a.log.count("notice: a node of the cluster is gone b") == 1)
        await a.stop()
    }

    @Test("a node that starts later knows what there is; a node that dies is gone when its time is over, with its browsers, and its contacts with a Path are left")
    @LoopActor func dies() async throws {
        let redis = try RedisProcess()
        let b = try await TestNode("b", redis)
        b.register(.bob())
        b.register(.bob("192.0.2.7", callID: "other", path: ["<sip:edge;lr>"]))
        b.cluster.setBrowser("bob", isThere: true)
        #expect(await eventually { (try? redis.command("HLEN", "tern:browsers:b")) == "1" && (try? redis.command("HLEN", "tern:bindings:b")) == "2" })
        let a = try await TestNode("a", redis)
        #expect(a.ringing == ["b"] && a.cluster.hasBrowser("bob") && a.cluster.stranded(of: "bob").isEmpty)
        b.cluster.die()
        #expect(await eventually { a.ringing.isEmpty && !a.cluster.hasBrowser("bob") })
        #expect(a.cluster.stranded(of: "bob").map(\.contact.host) == ["192.0.2.7"])
        // The phone comes back by itself, here.
        a.register(.bob("192.0.2.7", callID: "other", cSeq: 2, path: ["<sip:edge;lr>"]))
        #expect(a.cluster.stranded(of: "bob").isEmpty)
        await a.stop()
    }

    @Test("a node that drains is called no longer")
    @LoopActor func drains() async throws {
        let redis = try RedisProcess()
        let (a, b) = (try await TestNode("a", redis), try await TestNode("b", redis))
        b.register(.bob(path: ["<sip:edge;lr>"]))
        #expect(await eventually { a.ringing == ["b"] })
        b.cluster.isDraining = true
        #expect(await eventually { a.ringing.isEmpty && a.cluster.stranded(of: "bob").count == 1 })
        b.cluster.isDraining = false
        #expect(await eventually { a.ringing == ["b"] && a.cluster.stranded(of: "bob").isEmpty })
        await a.stop()
        await b.stop()
    }

    @Test("a node tells which process it is: one that was started again is another; what one has sealed the others read")
    @LoopActor func instances() async throws {
        let redis = try RedisProcess()
        let a = try await TestNode("a", redis), b = try await TestNode("b", redis)
        let former = b.cluster.instance
        #expect(await eventually { a.cluster.instance(of: "b") == former })
        #expect(a.cluster.instance != former && a.cluster.instance(of: "nobody") == nil)
        let sealed = try #require(b.cluster.seal("text", for: "alice"))
        await b.stop()
        let again = try await TestNode("b", redis)
        #expect(await eventually { a.cluster.instance(of: "b") == again.cluster.instance })
        #expect(again.cluster.instance != former)
        for node in [a, again] { #expect(node.cluster.open(sealed, of: "alice") == "text" && node.cluster.open(sealed, of: "bob") == nil) }
        await a.stop()
        await again.stop()
    }

    @Test("a node that starts is called when it takes calls, not before")
    @LoopActor func starts() async throws {
        let redis = try RedisProcess()
        let a = try await TestNode("a", redis), b = try await TestNode(.sample("b", redis), isDraining: true)
        b.register(.bob())
        b.cluster.setBrowser("bob", isThere: true)
        #expect(await eventually { a.cluster.hasBrowser("bob") && a.cluster.states.first.map { $0.isAlive && $0.isDraining } == true })
        #expect(a.ringing.isEmpty)
        b.cluster.isDraining = false
        #expect(await eventually { a.ringing == ["b"] })
        await a.stop()
        await b.stop()
    }

    @Test("a phone that registers at another node is taken from the first: by its contact, its Call-ID or its instance", arguments: [
        ("192.0.2.1", "call", UInt32(2), nil as String?), ("192.0.2.1", "another", 1, nil), ("192.0.2.9", "call", 2, nil), ("192.0.2.9", "another", 1, "<urn:uuid:1>"),
    ])
    @LoopActor func moves(host: String, callID: String, cSeq: UInt32, instance: String?) async throws {
        let redis = try RedisProcess()
        let (a, b) = (try await TestNode("a", redis), try await TestNode("b", redis))
        a.register(.bob(instance: instance))
        a.register(.bob("192.0.2.77", callID: "stays"))
        #expect(await eventually { b.ringing == ["a"] })
        await LoopTimer.sleep(for: .milliseconds(5))
        b.register(.bob(host, callID: callID, cSeq: cSeq, instance: instance))
        #expect(await eventually { a.hosts == ["192.0.2.77"] })
        #expect(b.hosts == [host])
        #expect(await eventually { a.ringing == ["b"] && b.ringing == ["a"] })
        await a.stop()
        await b.stop()
    }

    @Test("a REGISTER that comes late to another node takes nothing away, and is taken back there")
    @LoopActor func late() async throws {
        let redis = try RedisProcess()
        let (a, b) = (try await TestNode("a", redis), try await TestNode("b", redis))
        a.register(.bob(cSeq: 5))
        #expect(await eventually { b.ringing == ["a"] })
        b.register(.bob(cSeq: 4))
        #expect(b.hosts.isEmpty && a.hosts == ["192.0.2.1"])
        await a.stop()
        await b.stop()
    }

    @Test("a phone that unregisters at another node is gone, with one contact or all", arguments: [false, true])
    @LoopActor func unregisters(all: Bool) async throws {
        let redis = try RedisProcess()
        let (a, b) = (try await TestNode("a", redis), try await TestNode("b", redis))
        a.register(.bob())
        #expect(await eventually { b.ringing == ["a"] })
        #expect(b.register(.bob(expires: 0, cSeq: 2, wildcard: all)) == 200)
        #expect(await eventually { a.hosts.isEmpty && b.ringing.isEmpty })
        await a.stop()
        await b.stop()
    }

    @Test("a node that comes back has its registrations, but for those whose phones have moved meanwhile")
    @LoopActor func comesBack() async throws {
        let redis = try RedisProcess()
        let (a, b) = (try await TestNode("a", redis), try await TestNode("b", redis))
        a.register(.bob())
        a.register(.bob("192.0.2.7", callID: "other"))
        #expect(await a.registrar.flush())
        a.cluster.die()
        #expect(await eventually { b.ringing.isEmpty })
        b.register(.bob(cSeq: 2))
        #expect(await b.registrar.flush())
        let again = try await TestNode("a", redis)
        #expect(again.hosts == ["192.0.2.7"])
        #expect(await eventually { b.ringing == ["a"] && again.ringing == ["b"] })
        #expect(b.hosts == ["192.0.2.1"])
        await again.stop()
        await b.stop()
    }

    // MARK: Faults

    @Test("Redis is gone: registrations go on in memory, it is said once, and all is written when it is back, be it empty")
    @LoopActor func gone() async throws {
        let redis = try RedisProcess()
        let (a, b) = (try await TestNode("a", redis), try await TestNode("b", redis))
        b.register(.bob())
        #expect(await eventually { a.ringing == ["b"] })
        redis.stop()
        #expect(await eventually { !a.cluster.isReached && !b.cluster.isReached })
        // What was known last counts.
        #expect(a.ringing == ["b"])
        #expect(b.register(.bob("192.0.2.2", callID: "second")) == 200)
        b.cluster.setBrowser("carol", isThere: true)
        #expect(await eventually { b.log.count("error: registrations cannot be stored, and are kept in memory") == 1 })
        #expect(b.log.count("error: the cluster is not reached") == 1)
        try redis.start()
        #expect(await eventually(within: .seconds(20)) { a.cluster.isReached && b.cluster.isReached && a.cluster.hasBrowser("carol") })
        #expect(await eventually { (try? redis.command("HLEN", "tern:bindings:b")) == "2" })
        #expect(await eventually { a.ringing == ["b"] })
        #expect(b.log.count("notice: the cluster is reached again") == 1)
        #expect(await eventually { b.log.count("notice: registrations are stored again") == 1 })
        await a.stop()
        await b.stop()
    }

    @Test("a Redis that hangs keeps nobody waiting")
    @LoopActor func hangs() async throws {
        let redis = try RedisProcess()
        let (a, b) = (try await TestNode("a", redis), try await TestNode("b", redis))
        b.register(.bob())
        #expect(await eventually { a.ringing == ["b"] })
        redis.pause(true)
        let before = ContinuousClock.now
        for number in 1...20 { #expect(b.register(.bob("192.0.2.2", callID: "\(number)")) == 200) }
        #expect(before.duration(to: .now) < .milliseconds(500))
        #expect(await eventually { !a.cluster.isReached && a.cluster.failure?.contains("does not answer") == true }, "\(a.cluster.failure ?? "")")
        redis.pause(false)
        #expect(await eventually(within: .seconds(20)) { a.cluster.isReached && b.cluster.isReached && a.ringing == ["b"] })
        await a.stop()
        await b.stop()
    }

    @Test("all that Redis had is lost while it runs: it is written again")
    @LoopActor func emptied() async throws {
        let redis = try RedisProcess()
        let (a, b) = (try await TestNode("a", redis), try await TestNode("b", redis))
        b.register(.bob())
        b.cluster.setBrowser("carol", isThere: true)
        #expect(await eventually { a.ringing == ["b"] && a.cluster.hasBrowser("carol") })
        try redis.command("FLUSHALL")
        #expect(await eventually { (try? redis.command("HLEN", "tern:bindings:b")) == "1" && (try? redis.command("HLEN", "tern:browsers:b")) == "1" })
        #expect(await eventually { a.ringing == ["b"] && a.cluster.hasBrowser("carol") })
        try redis.command("DEL", "tern:bindings:b")
        #expect(await eventually { (try? redis.command("HLEN", "tern:bindings:b")) == "1" })
        await a.stop()
        await b.stop()
    }

    @Test("a wrong password is said clearly, and so is none")
    @LoopActor func password() async throws {
        let redis = try RedisProcess(password: "right")
        for (password, words) in [("wrong", "WRONGPASS"), (nil as String?, "NOAUTH")] {
            var settings = ClusterSettings.sample("a", redis)
            settings.redis.password = password.map { .init($0) }
            let node = try await TestNode(settings)
            #expect(node.log.count("error: the cluster is not reached") == 1 && node.log.count(words) > 0, "\(node.log.all)")
            #expect(node.register(.bob()) == 200)
            await node.stop()
        }
        let node = try await TestNode("a", redis)
        #expect(node.cluster.isReached && node.log.count("error") == 0, "\(node.log.all)")
        await node.stop()
    }

    @Test("data of another version, or of something else, is left alone")
    @LoopActor func foreign() async throws {
        let redis = try RedisProcess()
        try redis.command("SET", "tern:version", "2")
        let later = try await TestNode("a", redis)
        #expect(later.log.count("the data under tern: in Redis is of version 2, and this Tern knows version 1") > 0, "\(later.log.all)")
        #expect(later.register(.bob()) == 200)
        #expect(await !later.registrar.flush())
        await later.stop()
        #expect(try redis.command("KEYS", "*") == "tern:version")
        try redis.command("FLUSHALL")
        try redis.command("LPUSH", "tern:nodes", "somebody's")
        let other = try await TestNode("a", redis)
        #expect(other.log.count("is none of a cluster") > 0, "\(other.log.all)")
        await other.stop()
        #expect(try redis.command("LRANGE", "tern:nodes", "0", "-1") == "somebody's")
    }

    @Test("what cannot be read of another node is left out")
    @LoopActor func garbage() async throws {
        let redis = try RedisProcess()
        let b = try await TestNode("b", redis)
        b.register(.bob())
        #expect(await b.registrar.flush())
        try redis.command("HSET", "tern:bindings:b", "77", "no JSON", "78", "{\"id\": 78, \"user\": \"bob\"}", "79", "[]")
        try redis.command("HSET", "tern:nodes", "x", "garbage", "y", "{\"address\": \"tcp:nowhere\"}")
        try redis.command("SET", "tern:node:x", "1")
        try redis.command("XADD", "tern:changes", "*", "foo", "bar")
        try redis.command("XADD", "tern:changes", "*", "node", "z", "op", "node", "field", "z", "value", "1")
        let a = try await TestNode("a", redis)
        #expect(a.ringing == ["b"] && a.cluster.states.map(\.node.name) == ["b"])
        try redis.command("XADD", "tern:changes", "*", "node", "b", "op", "+bindings", "field", "80", "value", "garbage")
        try redis.command("XADD", "tern:changes", "*", "node", "a", "op", "end", "field", "-9", "value", "bob")
        b.cluster.setBrowser("carol", isThere: true)
        #expect(await eventually { a.cluster.hasBrowser("carol") })
        #expect(a.ringing == ["b"])
        await a.stop()
        await b.stop()
    }

    @Test("a second node of one name is refused, at another address or at the same one; the name is free again when the first has left")
    @LoopActor func namesake() async throws {
        let redis = try RedisProcess()
        let first = try await TestNode("a", redis)
        first.register(.bob())
        #expect(await first.registrar.flush())
        let second = try await TestNode(.sample("a", redis, port: 5_999))
        #expect(second.log.count("cluster.node: the gateway at tcp:127.0.0.1:5097 is node a already") > 0, "\(second.log.all)")
        #expect(second.hosts.isEmpty, "the registrations are those of the first")
        #expect(second.register(.bob("192.0.2.2", callID: "second")) == 200)
        #expect(await !second.registrar.flush())
        #expect(first.cluster.isReached && first.log.count("error") == 0)
        #expect(try redis.command("HLEN", "tern:bindings:a") == "1")
        await first.stop()
        #expect(await eventually { second.cluster.isReached })
        #expect(await eventually(within: .seconds(20)) { (try? redis.command("HVALS", "tern:bindings:a"))?.contains("192.0.2.2") == true })
        // At the same address the one that comes later has it: the other has ended, as a rule.
        let third = try await TestNode(.sample("a", redis, port: 5_999))
        #expect(third.cluster.isReached)
        #expect(await eventually { !second.cluster.isReached && second.cluster.failure?.contains("is node a already") == true })
        #expect(third.cluster.isReached)
        await third.stop()
        await second.stop()
    }
}
