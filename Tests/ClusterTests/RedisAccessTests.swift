import Authentication
@testable import Cluster
import EventLoop
import Foundation
import Registrar
import TestCertificates
import TestRedis
import Testing
import TLS

/// Ways to a Redis: by sentinels, by TLS.
@Suite("Sentinels and TLS", .serialized, .timeLimit(.minutes(3)))
struct RedisAccessTests {
    @Test("the master dies: what the sentinels name instead is used, with all that the nodes have; so it is after a switch on demand, and when a sentinel is gone")
    @LoopActor func failover() async throws {
        let group = try await Task.detached { try RedisSentinels(password: "servers", sentinelPassword: "sentinels") }.value
        func settings(_ name: String) -> ClusterSettings { .sample(name, group, password: "servers", sentinelPassword: "sentinels") }
        let (a, b) = (try await TestNode(settings("a")), try await TestNode(settings("b")))
        let (first, second) = (group.servers[0], group.servers[1])
        #expect(a.cluster.isReached && a.cluster.server == "127.0.0.1:\(first.port)", "\(a.log.all)")
        b.register(.bob())
        #expect(await eventually { a.ringing == ["b"] })
        first.stop()
        // Registrations go on meanwhile, and calls by what was known last.
        #expect(b.register(.bob("192.0.2.2", callID: "second")) == 200 && a.ringing == ["b"])
        #expect(await eventually(within: .seconds(40)) { a.cluster.isReached && b.cluster.isReached && b.cluster.server == "127.0.0.1:\(second.port)" }, "\(a.cluster.failure ?? "")")
        #expect(await eventually { (try? second.command("HLEN", "tern:bindings:b")) == "2" })
        #expect(b.register(.bob("192.0.2.3", callID: "third")) == 200)
        #expect(await eventually { a.ringing == ["b"] && a.cluster.figures.bindings == 3 })
        #expect(a.log.count("notice: the cluster is reached again") == 1)
        // The former master is back, as a replica. The first sentinel that was named is gone.
        try first.start()
        group.sentinels[0].stop()
        #expect(await eventually(within: .seconds(40)) { (try? first.command("INFO", "replication").contains("master_link_status:up")) == true })
        #expect(await eventually(within: .seconds(40)) { (try? group.sentinels[1].command("SENTINEL", "FAILOVER", RedisSentinels.master)) == "OK" })
        #expect(await eventually(within: .seconds(40)) { a.cluster.isReached && a.cluster.server == "127.0.0.1:\(first.port)" && b.cluster.server == a.cluster.server })
        #expect(b.register(.bob(expires: 0, cSeq: 2)) == 200)
        #expect(await eventually { a.cluster.figures.bindings == 2 && (try? first.command("HLEN", "tern:bindings:b")) == "2" })
        await a.stop()
        await b.stop()
    }

    @Test("sentinels that are not there, know no such master, want a password, or name a replica: it is said which")
    @LoopActor func sentinels() async throws {
        let redis = try RedisProcess(), replica = try RedisProcess(options: ["--replicaof", "127.0.0.1 \(redis.port)"])
        let lines = ["sentinel monitor other 127.0.0.1 \(redis.port) 2"]
        let sentinel = try RedisProcess(sentinel: lines), closed = try RedisProcess(password: "closed", sentinel: lines)
        // It says that a replica is the master, as one that has not heard of a failover.
        let late = try RedisProcess(sentinel: ["sentinel monitor main 127.0.0.1 \(replica.port) 2"])
        func failure(_ ports: [Int], master: String = "main") -> String {
            let places = ports.map { RedisServer.Place(host: "127.0.0.1", port: $0) }
            do throws(RedisError) {
                _ = try RedisAccess(RedisServer(.sentinels(places, master: master))).connect()
                return ""
            } catch {
                return error.description
            }
        }
        #expect(failure([1]).contains("no sentinel knows the master main: Redis cannot be reached at 127.0.0.1:1"))
        #expect(failure([sentinel.port]).contains("the sentinel at 127.0.0.1:\(sentinel.port) does not know it"))
        #expect(failure([closed.port]).contains("NOAUTH"))
        #expect(failure([late.port]).contains("which the sentinels name as the master main, is a slave"), "\(failure([late.port]))")
        #expect(failure([1, closed.port, sentinel.port], master: "other") == "")
        // The others know better than one that has heard of no failover.
        let good = try RedisProcess(sentinel: ["sentinel monitor main 127.0.0.1 \(redis.port) 2"])
        #expect(failure([late.port, good.port]) == "" && failure([late.port, 1, good.port]) == "")
        // A server that knows no AUTH repeats what it was sent.
        let open = try RedisProcess(options: ["--rename-command", "AUTH", "\"\""])
        do throws(RedisError) {
            _ = try RedisAccess(RedisServer(host: "127.0.0.1", port: open.port, password: Secret("very secret"))).connect()
            Issue.record("it takes a password")
        } catch {
            #expect(error.code == "ERR" && error.description.contains("takes no password") && !error.description.contains("very secret"), "\(error)")
        }
        // What is no sentinel is none.
        #expect(failure([redis.port]).contains("unknown command"), "\(failure([redis.port]))")
    }

    @Test("a Redis by TLS: its certificate has to come from the authority, and to have its address")
    @LoopActor func tls() async throws {
        signal(SIGPIPE, SIG_IGN)
        let authority = try TestAuthority(), stranger = try TestAuthority(name: "Another CA")
        func server(_ names: String) throws -> RedisProcess {
            let pair = try authority.issue("redis-\(names.count)", names: names)
            return try RedisProcess(password: "secret", identity: .init(certificate: pair.certificate, key: pair.key, authority: authority.certificate))
        }
        let redis = try server("IP:127.0.0.1"), other = try server("DNS:elsewhere.example,IP:192.0.2.1")
        func settings(_ name: String, _ redis: RedisProcess, authorities: String) -> ClusterSettings {
            var settings = ClusterSettings.sample(name, redis)
            settings.redis.security = TLSClientSettings(authorities: authorities)
            return settings
        }
        let (a, b) = (try await TestNode(settings("a", redis, authorities: authority.certificate)), try await TestNode(settings("b", redis, authorities: authority.certificate)))
        #expect(a.cluster.isReached && b.cluster.isReached, "\(a.log.all)")
        // More than one record of TLS, both ways.
        for number in 1...100 {
            var request = RegisterRequest.bob("192.0.2.1", callID: String(repeating: "x", count: 200))
            request.user = number == 1 ? "bob" : "user \(number)"
            #expect(b.register(request) == 200)
        }
        #expect(await eventually { a.ringing == ["b"] && a.cluster.figures.bindings == 100 }, "\(a.cluster.figures)")
        redis.stop()
        #expect(await eventually { !a.cluster.isReached && !b.cluster.isReached })
        try redis.start()
        #expect(await eventually(within: .seconds(20)) { a.cluster.isReached && b.cluster.isReached && a.ringing == ["b"] })
        for (redis, authorities) in [(other, authority.certificate), (redis, stranger.certificate)] {
            let node = try await TestNode(settings("c", redis, authorities: authorities))
            #expect(!node.cluster.isReached && node.log.count("its certificate is not believed") > 0, "\(node.log.all)")
            await node.stop()
        }
        // Without TLS where there is TLS, and with it where there is none.
        let plain = try await TestNode(ClusterSettings.sample("c", redis))
        #expect(!plain.cluster.isReached, "\(plain.log.all)")
        await plain.stop()
        let open = try RedisProcess(), secure = try await TestNode(settings("c", open, authorities: authority.certificate))
        #expect(!secure.cluster.isReached, "\(secure.log.all)")
        await secure.stop()
        await a.stop()
        await b.stop()
        withExtendedLifetime((authority, stranger)) {}
    }

    @Test("a Redis that asks for a certificate is shown one, that of the file as it is then; without, or with a stranger's, it is said why")
    @LoopActor func clientCertificate() async throws {
        signal(SIGPIPE, SIG_IGN)
        let authority = try TestAuthority(), stranger = try TestAuthority(name: "Another CA")
        let pair = try authority.issue("redis", names: "IP:127.0.0.1"), own = try authority.issue("tern", names: "DNS:tern.example")
        let redis = try RedisProcess(identity: .init(certificate: pair.certificate, key: pair.key, authority: authority.certificate, asksClients: true))
        func failure(_ identity: TLSFiles?) -> String {
            var server = RedisServer(host: "127.0.0.1", port: redis.port)
            server.security = TLSClientSettings(authorities: authority.certificate, identity: identity)
            do throws(RedisError) {
                try RedisAccess(server).connect().perform(["PING"])
                return ""
            } catch {
                return error.description
            }
        }
        // Its alert, or, where that was lost, that it has closed the connection.
        let refusals = ["certificate required", "unknown ca", "reset", "closed", "Broken pipe"]
        func isRefused(_ text: String) -> Bool { text.contains("Redis cannot be reached") && refusals.contains(where: { text.contains($0) }) }
        #expect(failure(TLSFiles(certificate: own.certificate, key: own.key)) == "")
        let none = failure(nil)
        #expect(isRefused(none), "\(none)")
        let other = try stranger.issue("other", names: "DNS:tern.example")
        let strange = failure(TLSFiles(certificate: other.certificate, key: other.key))
        #expect(isRefused(strange), "\(strange)")
        #expect(failure(TLSFiles(certificate: own.certificate, key: other.key)).contains(other.key))
        // Another pair of the same names is taken by the next connection.
        for (from, to) in [(other.certificate, own.certificate), (other.key, own.key)] { try Data(contentsOf: URL(fileURLWithPath: from)).write(to: URL(fileURLWithPath: to)) }
        let changed = failure(TLSFiles(certificate: own.certificate, key: own.key))
        #expect(isRefused(changed), "\(changed)")
        withExtendedLifetime((authority, stranger)) {}
    }

    @Test("a server of a Redis Cluster is left alone, and it is said why")
    @LoopActor func cluster() async throws {
        // Its nodes speak to each other 10,000 ports higher.
        let redis = try RedisProcess(port: 7_391, options: ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"])
        #expect(try redis.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383") == "OK")
        #expect(await eventually { (try? redis.command("CLUSTER", "INFO").contains("cluster_state:ok")) == true }, "\((try? redis.command("CLUSTER", "INFO")) ?? "")")
        let node = try await TestNode("a", redis)
        #expect(node.log.count("one of a Redis Cluster, which Tern does not support") > 0, "\(node.log.all)")
        #expect(node.register(.bob()) == 200)
        await node.stop()
    }
}
