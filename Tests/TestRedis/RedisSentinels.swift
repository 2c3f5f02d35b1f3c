import Foundation

/// A master, a replica of it, and three sentinels that make the replica the master when that is gone.
public final class RedisSentinels: @unchecked Sendable {
    public static let master = "main"
    public let servers: [RedisProcess]
    public let sentinels: [RedisProcess]
    private let address: String

    /// Starts all of them, and waits until the sentinels know the replica and each other.
    ///
    /// - Parameters:
    ///   - password: That of the servers.
    ///   - sentinelPassword: That of the sentinels.
    public init(on address: String = "127.0.0.1", password: String? = nil, sentinelPassword: String? = nil) throws {
        self.address = address
        let first = try RedisProcess(on: address, password: password, options: password.map { ["--masterauth", $0] } ?? [])
        let second = try RedisProcess(
            on: address, password: password, options: ["--replicaof", "\(address) \(first.port)"] + (password.map { ["--masterauth", $0] } ?? []))
        servers = [first, second]
        let name = RedisSentinels.master
        var lines = [
            "sentinel monitor \(name) \(address) \(first.port) 2", "sentinel down-after-milliseconds \(name) 1000", "sentinel failover-timeout \(name) 5000",
        ]
        if let password { lines.append("sentinel auth-pass \(name) \(password)") }
        if let sentinelPassword { lines.append("sentinel sentinel-pass \(sentinelPassword)") }
        sentinels = try (0..<3).map { _ in try RedisProcess(on: address, password: sentinelPassword, sentinel: lines) }
        for sentinel in sentinels {
            guard wait(until: { try sentinel.command("SENTINEL", "CKQUORUM", name).hasPrefix("OK 3") && (try sentinel.command("SENTINEL", "REPLICAS", name)).contains("\(second.port)") }) else {
                throw RedisProcess.Failure(description: "the sentinels do not find each other")
            }
        }
        guard wait(until: { try second.command("INFO", "replication").contains("master_link_status:up") }) else {
            throw RedisProcess.Failure(description: "the replica does not follow the master")
        }
    }

    /// What `registrar.database` says, with the password of the servers.
    public var url: String {
        let login = servers[0].password.map { ":\($0)@" } ?? ""
        return "redis+sentinel://\(login)\(sentinels.map { "\(address):\($0.port)" }.joined(separator: ","))/\(RedisSentinels.master)"
    }

    /// The port of the master that the sentinels name.
    public var masterPort: Int? {
        let lines = try? sentinels.last?.command("SENTINEL", "get-master-addr-by-name", RedisSentinels.master).split(separator: "\n")
        return lines?.last.flatMap { Int($0) }
    }

    private func wait(until isSo: () throws -> Bool) -> Bool {
        for _ in 0..<400 {
            if (try? isSo()) == true { return true }
            usleep(50_000)
        }
        return false
    }
}
