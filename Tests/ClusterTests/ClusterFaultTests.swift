import Authentication
@testable import Cluster
import EventLoop
import Foundation
import Registrar
import SIPNames
import TestRedis
import Testing

/// What goes wrong between nodes and a real Redis.
@Suite("Nodes and faults of Redis", .serialized)
struct ClusterFaultTests {
    @Test("Redis is away when a node starts: its registrations are there when it is back, but for those that were ended or replaced meanwhile")
    @LoopActor func awayAtStart() async throws {
        let redis = try RedisProcess()
        let former = try await TestNode("b", redis)
        former.register(.bob())
        former.register(.bob("192.0.2.2", callID: "second"))
        former.register(.bob("192.0.2.3", callID: "third"))
        #expect(await former.registrar.flush())
        former.cluster.die()
        try redis.command("CONFIG", "SET", "requirepass", "closed")
        let node = try await TestNode("b", redis)
        #expect(node.hosts.isEmpty && !node.cluster.isReached)
        #expect(node.register(.bob("192.0.2.2", callID: "anew")) == 200)
        #expect(node.register(.bob("192.0.2.3", expires: 0, callID: "third", cSeq: 2)) == 200)
        #expect(node.register(.bob("192.0.2.4", callID: "fourth")) == 200)
        #expect(await !node.registrar.flush())
        try redis.command("-a", "closed", "CONFIG", "SET", "requirepass", "")
        #expect(await eventually { node.hosts == ["192.0.2.1", "192.0.2.2", "192.0.2.4"] }, "\(node.hosts)")
        #expect(Set(node.registrar.all.map(\.id)).count == 3)
        #expect(await eventually { (try? redis.command("HLEN", "tern:bindings:b")) == "3" })
        await node.stop()
        let again = try await TestNode("b", redis)
        #expect(again.hosts == ["192.0.2.1", "192.0.2.2", "192.0.2.4"])
        await again.stop()
    }

    @Test("a phone of a node that is gone unregisters at another: it is rung no longer, nor when the node comes back")
    @LoopActor func unregistersOfDead() async throws {
        let redis = try RedisProcess()
        let (a, b, c) = (try await TestNode("a", redis), try await TestNode("b", redis), try await TestNode("c", redis))
        a.register(.bob(path: ["<sip:edge;lr>"]))
        #expect(await a.registrar.flush())
        a.cluster.die()
        #expect(await eventually { b.cluster.stranded(of: "bob").count == 1 && c.cluster.stranded(of: "bob").count == 1 })
        #expect(b.register(.bob(expires: 0, cSeq: 2)) == 200)
        #expect(b.cluster.stranded(of: "bob").isEmpty)
        #expect(await eventually { c.cluster.stranded(of: "bob").isEmpty })
        #expect(try redis.command("HLEN", "tern:bindings:a") == "0")
        let again = try await TestNode("a", redis)
        #expect(again.hosts.isEmpty && b.ringing.isEmpty)
        for node in [again, b, c] { await node.stop() }
    }

    @Test("a phone unregisters at another node while Redis is away: its binding ends when Redis is back; one that was refreshed since stays")
    @LoopActor func unregistersMeanwhile() async throws {
        let redis = try RedisProcess()
        let (a, b) = (try await TestNode("a", redis), try await TestNode("b", redis))
        a.register(.bob())
        #expect(await eventually { b.ringing == ["a"] })
        redis.pause(true)
        #expect(await eventually { !a.cluster.isReached && !b.cluster.isReached })
        #expect(b.register(.bob(expires: 0, cSeq: 2)) == 200)
        #expect(b.ringing.isEmpty)
        redis.pause(false)
        #expect(await eventually(within: .seconds(20)) { a.hosts.isEmpty && b.ringing.isEmpty })
        #expect(await eventually { (try? redis.command("HLEN", "tern:bindings:a")) == "0" })
        a.register(.bob(cSeq: 3))
        #expect(await eventually { b.ringing == ["a"] })
        let id = try #require(a.registrar.bindings(of: "bob").first?.id), store = NodeStore(.sample("b", redis), instance: "late")
        try store.end(EndedBinding(node: "a", id: "\(id)", user: "bob", at: ClusterClock.current.wall - 5_000, expires: .now + .seconds(60)))
        // A number may be another user's by now.
        try store.end(EndedBinding(node: "a", id: "\(id)", user: "carol", at: ClusterClock.current.wall + 5_000, expires: .now + .seconds(60)))
        #expect(try redis.command("HLEN", "tern:bindings:a") == "1")
        try redis.command("XADD", "tern:changes", "*", "node", "a", "op", "end", "field", "\(id)", "value", "bob", "at", "\(ClusterClock.current.wall - 5_000)")
        b.cluster.setBrowser("carol", isThere: true)
        #expect(await eventually { a.cluster.hasBrowser("carol") })
        #expect(a.hosts == ["192.0.2.1"])
        await a.stop()
        await b.stop()
    }

    @Test("a Redis that may not be written to any more, as after a failover, is connected to anew")
    @LoopActor func demoted() async throws {
        let redis = try RedisProcess()
        let node = try await TestNode("a", redis)
        node.register(.bob())
        #expect(await node.registrar.flush())
        let writers: () -> Set<String> = {
            let lines = (try? redis.command("CLIENT", "LIST"))?.split(separator: "\n") ?? []
            return Set(lines.filter { $0.contains("cmd=eval") }.compactMap { $0.split(separator: " ").first.map(String.init) })
        }
        let before = writers()
        #expect(before.count == 2, "one of the node, one of its bindings")
        try redis.command("REPLICAOF", "127.0.0.1", "1")
        node.register(.bob("192.0.2.2", callID: "second"))
        #expect(await eventually { node.cluster.failure?.contains("READONLY") == true }, "\(node.cluster.failure ?? "")")
        #expect(await eventually { writers().isDisjoint(with: before) })
        try redis.command("REPLICAOF", "NO", "ONE")
        #expect(await eventually { node.cluster.isReached })
        #expect(await eventually { (try? redis.command("HLEN", "tern:bindings:a")) == "2" })
        await node.stop()
    }

    @Test("the start and the end of a node do not wait for a Redis that answers a letter at a time")
    @LoopActor func drips() async throws {
        let server = try DrippingServer()
        defer { server.stop() }
        var settings = ClusterSettings(
            node: "a", address: ListenAddress(transport: .tcp, address: "127.0.0.1", port: 5_097), secret: Secret("a secret of all nodes"),
            redis: RedisServer(host: "127.0.0.1", port: server.port))
        settings.heartbeat = .milliseconds(200)
        let log = CollectedLog(), cluster = ClusterService(settings, log: log.logger)
        let before = ContinuousClock.now
        await cluster.start()
        #expect(before.duration(to: .now) < .seconds(9))
        #expect(log.count("error: the cluster is not reached") == 1, "\(log.all)")
        let end = ContinuousClock.now
        await cluster.stop()
        #expect(end.duration(to: .now) < .seconds(9))
    }

    @Test("nodes that live are looked at before those that are gone, whatever their names; names of which nothing is left are forgotten")
    @LoopActor func crowded() async throws {
        let redis = try RedisProcess()
        try redis.command("EVAL", """
            for i = 1, 70 do
              redis.call('HSET', 'tern:nodes', 'A' .. i, '{"address": "tcp:127.0.0.1:5000"}')
              redis.call('HSET', 'tern:bindings:A' .. i, '1', 'x')
            end
            """, "0")
        let (b, a) = (try await TestNode("b", redis), try await TestNode("a", redis))
        b.register(.bob())
        #expect(await eventually { a.ringing == ["b"] })
        #expect(a.cluster.states.contains { $0.node.name == "b" && $0.isAlive })
        #expect(a.log.count("warning: there are too many nodes in the cluster: some are not called") == 1, "\(a.log.all)")
        try redis.command("EVAL", "for i = 1, 70 do redis.call('DEL', 'tern:bindings:A' .. i) end", "0")
        #expect(await eventually { (try? redis.command("HLEN", "tern:nodes")) == "2" })
        await a.stop()
        await b.stop()
    }

    @Test("a node that drains for a moment while it is writing is called again at once")
    @LoopActor func changesMind() async throws {
        let redis = try RedisProcess()
        var settings = ClusterSettings.sample("b", redis)
        (settings.heartbeat, settings.lifetime) = (.seconds(60), .seconds(120))
        let (a, b) = (try await TestNode("a", redis), try await TestNode(settings))
        b.register(.bob())
        #expect(await eventually { a.ringing == ["b"] })
        redis.pause(true)
        b.cluster.isDraining = true
        // Its write is on the way.
        await LoopTimer.sleep(for: .milliseconds(20))
        b.cluster.isDraining = false
        redis.pause(false)
        #expect(await eventually { (try? redis.command("HGET", "tern:nodes", "b"))?.contains("false") == true && a.ringing == ["b"] })
        await a.stop()
        await b.stop()
    }

    @Test("a user of Redis who may do what the documentation says may do all that is needed")
    @LoopActor func access() async throws {
        let redis = try RedisProcess()
        let page = try String(contentsOfFile: "docs/several-gateways.md", encoding: .utf8)
        let line = try #require(page.split(separator: "\n").first { $0.hasPrefix("ACL SETUSER tern") })
        let user = Process()
        user.executableURL = URL(fileURLWithPath: "/usr/bin/redis-cli")
        user.arguments = ["-p", "\(redis.port)"] + line.split(separator: " ").map(String.init)
        user.standardOutput = FileHandle.nullDevice
        try user.run()
        user.waitUntilExit()
        func settings(_ name: String) -> ClusterSettings {
            var settings = ClusterSettings.sample(name, redis)
            (settings.redis.user, settings.redis.password) = ("tern", Secret("PASSWORD"))
            return settings
        }
        let (a, b) = (try await TestNode(settings("a")), try await TestNode(settings("b")))
        a.register(.bob())
        #expect(await eventually { b.ringing == ["a"] })
        b.register(.bob(expires: 0, cSeq: 2))
        #expect(await eventually { a.hosts.isEmpty })
        let reader = ClusterReader(settings("c"))
        _ = try reader.poll()
        reader.close()
        _ = try reader.poll()
        #expect(a.cluster.isReached && b.cluster.isReached && a.log.count("error") == 0 && b.log.count("error") == 0, "\(a.log.all) \(b.log.all)")
        await a.stop()
        await b.stop()
        #expect(try redis.command("EXISTS", "tern:node:a", "tern:node:b") == "0", "both have left")
    }

    @Test("a change that is read before something else cannot be read is read again")
    @LoopActor func halfRead() async throws {
        let redis = try RedisProcess()
        try redis.command("XADD", "tern:changes", "*", "node", "x", "op", "left", "field", "", "value", "")
        let reader = ClusterReader(.sample("a", redis))
        _ = try reader.poll()
        try redis.command("SET", "tern:nodes", "no hash")
        for (op, field) in [("end", "7"), ("node", "x")] {
            try redis.command("XADD", "tern:changes", "*", "node", op == "end" ? "a" : "x", "op", op, "field", field, "value", "bob", "at", "\(ClusterClock.current.wall)")
        }
        #expect(throws: RedisError.self) { try reader.poll() }
        try redis.command("DEL", "tern:nodes")
        #expect(try reader.poll().contains { if case .ended("7", "bob", _) = $0 { true } else { false } })
        reader.close()
    }

    @Test("changes that were trimmed before they were read make a node load everything")
    @LoopActor func trimmed() async throws {
        let redis = try RedisProcess()
        let b = try await TestNode("b", redis)
        func add(_ count: Int, keeps: Int) throws {
            try redis.command(
                "EVAL", "for i = 1, \(count) do redis.call('XADD', KEYS[1], 'MAXLEN', '\(keeps)', '*', 'node', 'x', 'op', '-bindings', 'field', '1', 'value', '') end",
                "1", "tern:changes")
        }
        let reader = ClusterReader(.sample("a", redis))
        func hasLoaded() throws -> Bool { try reader.poll().contains { if case .loaded = $0 { true } else { false } } }
        #expect(try hasLoaded())
        try add(1_500, keeps: 10_000)
        #expect(try !hasLoaded() && !hasLoaded())
        try add(3_000, keeps: 1_500)
        #expect(try hasLoaded())
        // What others end here while there is no connection is read later.
        reader.close()
        try redis.command("XADD", "tern:changes", "*", "node", "a", "op", "end", "field", "7", "value", "bob", "at", "\(ClusterClock.current.wall)")
        #expect(try reader.poll().contains { if case .ended("7", "bob", _) = $0 { true } else { false } })
        reader.close()
        #expect(try !reader.poll().contains { if case .ended = $0 { true } else { false } })
        await b.stop()
    }
}
