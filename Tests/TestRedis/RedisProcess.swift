import Foundation

/// A Redis server of a test's own, in memory alone, or a sentinel. It ends with the test.
public final class RedisProcess: @unchecked Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// What a server shows by TLS, in PEM files, and the authority that made it.
    public struct Identity: Sendable {
        let certificate, key, authority: String
        /// Whether clients have to show one of the same authority.
        let asksClients: Bool

        public init(certificate: String, key: String, authority: String, asksClients: Bool = false) {
            (self.certificate, self.key, self.authority, self.asksClients) = (certificate, key, authority, asksClients)
        }
    }

    public let port: Int
    public let password: String?
    private let address: String
    private let identity: Identity?
    /// Further arguments, each an option and its values.
    private let options: [String]
    /// The lines of a sentinel's configuration, which it writes into.
    private let sentinel: [String]?
    /// What a replica has been sent, and what sentinels note, is of no other server.
    private let directory = FileManager.default.temporaryDirectory.appendingPathComponent("tern-redis-\(UUID().uuidString)")
    private var server: Process?

    /// Starts a server, and waits until it answers.
    ///
    /// - Parameters:
    ///   - port: A free one for nil.
    ///   - identity: With one it speaks TLS alone.
    public init(on address: String = "127.0.0.1", port: Int? = nil, password: String? = nil, identity: Identity? = nil, options: [String] = [], sentinel: [String]? = nil) throws {
        self.address = address
        self.password = password
        self.identity = identity
        self.options = options
        self.sentinel = sentinel
        self.port = try port ?? RedisProcess.freePort(address)
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: directory)
    }

    /// What `registrar.database` says.
    public var url: String { "redis\(identity == nil ? "" : "s")://\(password.map { ":\($0)@" } ?? "")\(address):\(port)" }

    public func start() throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/redis-server")
        let security = identity.map {
            ["--port", "0", "--tls-port", "\(port)", "--tls-cert-file", $0.certificate, "--tls-key-file", $0.key, "--tls-ca-cert-file", $0.authority, "--tls-auth-clients", $0.asksClients ? "yes" : "no"]
        }
        let common = ["--bind", address] + (security ?? ["--port", "\(port)"]) + (password.map { ["--requirepass", $0] } ?? [])
        if let sentinel {
            let file = directory.appendingPathComponent("sentinel.conf").path
            try (sentinel.joined(separator: "\n") + "\n").write(toFile: file, atomically: false, encoding: .utf8)
            process.arguments = [file, "--sentinel"] + common
        } else {
            process.arguments = common + ["--save", "", "--appendonly", "no", "--dir", directory.path, "--repl-diskless-sync-delay", "0"] + options
        }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        server = process
        for _ in 0..<200 {
            if (try? command("PING")) == "PONG" { return }
            usleep(25_000)
        }
        throw Failure(description: "no Redis server answers at \(address):\(port) (Debian package redis-server)")
    }

    /// Ends the server at once, with all that it has.
    public func stop() {
        guard let server else { return }
        kill(server.processIdentifier, SIGKILL)
        server.waitUntilExit()
        self.server = nil
    }

    /// It answers nothing any more, and keeps its connections; or goes on.
    public func pause(_ isOn: Bool) {
        if let server { kill(server.processIdentifier, isOn ? SIGSTOP : SIGCONT) }
    }

    /// What a command gives, as redis-cli writes it.
    @discardableResult
    public func command(_ words: String...) throws -> String { try command(words) }

    @discardableResult
    public func command(_ words: [String]) throws -> String {
        let process = Process(), output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/redis-cli")
        process.arguments = ["-h", address, "-p", "\(port)", "--no-auth-warning"] + (password.map { ["-a", $0] } ?? [])
            + (identity.map { ["--tls", "--cacert", $0.authority, "--cert", $0.certificate, "--key", $0.key] } ?? []) + words
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: text) }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func freePort(_ address: String) throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, address, &place.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0 }
        }
        guard isBound else { throw Failure(description: "no free port at \(address)") }
        return Int(UInt16(bigEndian: place.sin_port))
    }
}
