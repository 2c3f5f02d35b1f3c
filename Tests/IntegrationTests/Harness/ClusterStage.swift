import Foundation
import JSON
import TestRedis
import Testing

/// Several gateways on one Redis.
struct ClusterStage: Sendable {
    let redis: RedisProcess
    let gateways: [GatewayProcess]
    let stage: Stage

    var a: GatewayProcess { gateways[0] }
    var b: GatewayProcess { gateways[1] }

    /// Runs `body` with as many gateways as names, each of which knows the others.
    ///
    /// - Parameters:
    ///   - sentinels: Those that name the gateways' Redis, in place of one server.
    ///   - http: Further lines of the section `http` of each configuration.
    ///   - more: Further sections of each configuration.
    static func with(
        _ names: [String] = ["a", "b"], sentinels: RedisSentinels? = nil, http: [String] = [], more: String = "", _ body: (ClusterStage) async throws -> Void
    ) async throws {
        let stage = try Stage.running, redis = try sentinels?.servers[0] ?? RedisProcess(), url = sentinels?.url ?? redis.url
        var gateways: [GatewayProcess] = []
        do {
            for name in names { gateways.append(try await GatewayProcess(in: stage.environment, name: name, http: http, redis: url, more: more)) }
            let cluster = ClusterStage(redis: redis, gateways: gateways, stage: stage)
            for gateway in gateways { try await cluster.knows(gateway, others: names.count - 1) }
            try await body(cluster)
        } catch {
            for gateway in gateways { Issue.record("\(error)\n\(gateway.log.suffix(8_000))") }
        }
        for gateway in gateways {
            if gateway.isRunning { await gateway.end() }
            try? FileManager.default.removeItem(at: gateway.directory)
        }
    }

    /// What `GET /status` of a gateway says of the cluster, to an admin.
    func view(of gateway: GatewayProcess) throws -> JSONValue {
        let (code, body) = try SmallHTTP.status(gateway.httpAddress, port: gateway.httpPort)
        guard code == 200 else { throw HarnessError("GET /status: \(code)") }
        return try JSONValue(parsing: body)["cluster"] ?? .null
    }

    /// Waits until a gateway knows that many others that are up.
    func knows(_ gateway: GatewayProcess, others count: Int, within limit: Duration = .seconds(20)) async throws {
        let knows = await eventually(within: limit) {
            let view = try? view(of: gateway)
            return view?["redis"]?.stringValue == "up" && view?["nodes"]?.arrayValue?.count { $0["state"]?.stringValue == "up" } == count
        }
        guard knows else { throw HarnessError("\(gateway.directory.lastPathComponent) does not know \(count) others: \(String(describing: try? view(of: gateway)))") }
    }

    /// Waits until a node has that many bindings, or browsers, in Redis.
    func has(_ node: String, _ part: String, _ count: Int) async throws {
        let key = "tern:\(part):\(node)"
        guard await eventually(within: .patience, { (try? redis.command("HLEN", key)) == "\(count)" }) else {
            throw HarnessError("\(key) has \((try? redis.command("HGETALL", key)) ?? "?"), not \(count)")
        }
    }

    /// The page of a gateway.
    func page(of gateway: GatewayProcess) -> Stage { Stage(environment: stage.environment, gateway: gateway, chromium: stage.chromium) }
}
