import Foundation

/// A PostgreSQL server of a test's own, in a temporary folder, reached by a Unix socket alone. It ends with the test.
public final class PostgresServer: @unchecked Sendable {
    private let folder: String
    private var server: Process?

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Starts a server on a database cluster of its own.
    public init() throws {
        let template = try PostgresServer.template.get()
        folder = try PostgresServer.makeFolder()
        try PostgresServer.run("cp", ["-a", template + "/data", folder + "/data"])
        try start()
    }

    /// A folder with the database cluster that each server gets a copy of: making one takes more than a second of processor time. It goes when the process ends.
    private static let template: Result<String, any Error> = Result {
        let folder = try makeFolder()
        try run("initdb", ["-D", folder + "/data", "-A", "trust", "-U", "tern", "-E", "UTF8", "--no-sync", "--wal-segsize=1"])
        atexit { if let folder = try? PostgresServer.template.get() { try? FileManager.default.removeItem(atPath: folder) } }
        return folder
    }

    private static func makeFolder() throws -> String {
        // The path of a socket has 107 characters at most.
        let folder = "/tmp/tern-postgres-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
        return folder
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// What `records.database` says.
    public var url: String { "postgres://tern@/postgres?host=\(folder)" }

    public func start() throws {
        let process = try PostgresServer.prepared("postgres", ["-D", folder + "/data", "-k", folder, "-h", "", "-c", "fsync=off"])
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        server = process
        for _ in 0..<100 {
            if (try? PostgresServer.run("pg_isready", ["-h", folder, "-q"])) != nil { return }
            usleep(100_000)
        }
        throw Failure(description: "PostgreSQL did not start")
    }

    /// Ends the server at once; its data stays.
    public func stop() {
        guard let server else { return }
        _ = try? PostgresServer.run("pg_ctl", ["stop", "-D", folder + "/data", "-m", "immediate"])
        server.waitUntilExit()
        self.server = nil
    }

    /// What a statement gives, as text.
    @discardableResult
    public func query(_ sql: String) throws -> String {
        try PostgresServer.run("psql", ["-h", folder, "-U", "tern", "-At", "-c", sql, "postgres"])
    }

    /// A program of the latest version, or of the system. PostgreSQL does not run as root.
    private static func prepared(_ program: String, _ arguments: [String]) throws -> Process {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted { (Int($0) ?? 0) < (Int($1) ?? 0) }
        guard let latest = versions.last else { throw Failure(description: "no PostgreSQL server (Debian package postgresql)") }
        let process = Process()
        let drop = getuid() == 0 ? ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
        let own = "\(root)/\(latest)/bin/\(program)"
        let words = drop + [FileManager.default.isExecutableFile(atPath: own) ? own : "/bin/" + program] + arguments
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        return process
    }

    @discardableResult
    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = try prepared(program, arguments), output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: "\(program): \(text)") }
        return text
    }
}
