import Foundation

/// A PostgreSQL server of a test's own, in a temporary folder, reached by a Unix socket alone. It ends with the test.
public final class PostgresServer: @unchecked Sendable {
    private let folder: String
    private let programs: String
    private var server: Process?

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Makes a database cluster, and starts a server on it.
    public init() throws {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted { (Int($0) ?? 0) < (Int($1) ?? 0) }
        guard let latest = versions.last else { throw Failure(description: "no PostgreSQL server (Debian package postgresql)") }
        programs = "\(root)/\(latest)/bin"
        // The path of a socket has 107 characters at most.
        folder = "/tmp/tern-postgres-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
        try run("initdb", ["-D", folder + "/data", "-A", "trust", "-U", "tern", "-E", "UTF8", "--no-sync"])
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// What `records.database` says.
    public var url: String { "postgres://tern@/postgres?host=\(folder)" }

    public func start() throws {
        let process = prepared("postgres", ["-D", folder + "/data", "-k", folder, "-h", "", "-c", "fsync=off"])
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        server = process
        for _ in 0..<100 {
            if (try? run("pg_isready", ["-h", folder, "-q"])) != nil { return }
            usleep(100_000)
        }
        throw Failure(description: "PostgreSQL did not start")
    }

    /// Ends the server at once; its data stays.
    public func stop() {
        guard let server else { return }
        _ = try? run("pg_ctl", ["stop", "-D", folder + "/data", "-m", "immediate"])
        server.waitUntilExit()
        self.server = nil
    }

    /// What a statement gives, as text.
    @discardableResult
    public func query(_ sql: String) throws -> String {
        try run("psql", ["-h", folder, "-U", "tern", "-At", "-c", sql, "postgres"])
    }

    /// PostgreSQL does not run as root.
    private func prepared(_ program: String, _ arguments: [String]) -> Process {
        let process = Process()
        let drop = getuid() == 0 ? ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
        let words = drop + ["\(programs)/\(program)"] + arguments
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        return process
    }

    @discardableResult
    private func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = prepared(program, arguments), output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: "\(program): \(text)") }
        return text
    }
}
