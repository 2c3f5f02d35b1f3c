import Authentication
@testable import Cluster
import EventLoop
import Foundation
import Logging
import Registrar
import SIPNames
import TestRedis

/// A log that a test can read.
final class CollectedLog: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    /// `error: message reason`, in order.
    var all: [String] { lock.withLock { lines } }

    func count(_ text: String) -> Int { all.filter { $0.contains(text) }.count }

    var logger: Logger { Logger(label: "cluster") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: CollectedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let more = ["reason", "node"].compactMap { event.metadata?[$0] }.map { " \($0)" }.joined()
            log.lock.withLock { log.lines.append("\(event.level): \(event.message)\(more)") }
        }
    }
}

extension ClusterSettings {
    /// A node whose Redis is found by sentinels.
    static func sample(_ node: String, _ group: RedisSentinels, password: String? = nil, sentinelPassword: String? = nil) -> ClusterSettings {
        var settings = ClusterSettings.sample(node, group.servers[0])
        settings.redis = RedisServer(
            .sentinels(group.sentinels.map { .init(host: "127.0.0.1", port: $0.port) }, master: RedisSentinels.master), password: password.map { Secret($0) },
            sentinelPassword: sentinelPassword.map { Secret($0) })
        return settings
    }

    /// A node whose signs of life are quick.
    static func sample(_ node: String, _ redis: RedisProcess, port: Int? = nil, password: String? = nil) -> ClusterSettings {
        var settings = ClusterSettings(
            node: node, address: ListenAddress(transport: .tcp, address: "127.0.0.1", port: port ?? 5_000 + Int(node.utf8.first ?? 0)),
            secret: Secret("a secret of all nodes"),
            redis: RedisServer(host: "127.0.0.1", port: redis.port, password: (password ?? redis.password).map { Secret($0) }))
        settings.lifetime = .milliseconds(1_500)
        settings.heartbeat = .milliseconds(200)
        return settings
    }
}

extension RegisterRequest {
    /// A REGISTER of bob's phone, from the port of a listener that is a node's own.
    static func bob(
        _ host: String = "192.0.2.1", expires: Int = 600, callID: String = "call", cSeq: UInt32 = 1, instance: String? = nil, path: [String] = [],
        wildcard: Bool = false
    ) -> RegisterRequest {
        RegisterRequest(
            user: "bob", contacts: wildcard ? [] : [.init("sip:bob@\(host)", instance: instance)], isWildcard: wildcard, expires: expires, callID: callID,
            cSeq: cSeq, path: path, flow: "udp/192.0.2.1:5060/198.51.100.1:5060", received: "192.0.2.1:5060")
    }
}

/// A gateway, as far as it is a node.
@LoopActor
final class TestNode {
    let cluster: ClusterService
    let registrar: RegistrarService
    let log: CollectedLog

    init(_ settings: ClusterSettings, isDraining: Bool = false) async throws {
        log = CollectedLog()
        cluster = ClusterService(settings, isDraining: isDraining, log: log.logger)
        await cluster.start()
        registrar = try await RegistrarService.start(store: cluster.bindings, limits: RegistrarLimits(), log: log.logger)
        cluster.use(registrar)
    }

    convenience init(_ name: String, _ redis: RedisProcess) async throws { try await self.init(.sample(name, redis)) }

    func stop() async {
        await registrar.stop()
        await cluster.stop()
    }

    /// The names of the other nodes that ring bob.
    var ringing: [String] { cluster.nodes(of: "bob").map(\.node.name) }

    var hosts: [String] { registrar.bindings(of: "bob").map(\.contact.host).sorted() }

    @discardableResult
    func register(_ request: RegisterRequest) -> Int { registrar.handle(request).status }
}

/// Whether something comes to be true, which it is looked at often.
@LoopActor
func eventually(within limit: Duration = .seconds(10), _ isSo: @LoopActor () -> Bool) async -> Bool {
    let end = ContinuousClock.now + limit
    while !isSo() {
        guard ContinuousClock.now < end else { return false }
        await LoopTimer.sleep(for: .milliseconds(10))
    }
    return true
}
