import EventLoop
import Foundation

/// A Janus of Debian's package with a configuration of its own, on one processor.
@LoopActor
final class TestedJanus {
    /// What the system has given it so far.
    struct Usage {
        /// User and system time of all threads, in seconds.
        var processor: Double
        /// Resident memory in bytes.
        var memory: Int
        var threads: Int
    }

    let connection: JanusConnection
    private let child: ChildProcess
    private let exit: AsyncStream<Void>

    private init(connection: JanusConnection, child: ChildProcess, exit: AsyncStream<Void>) {
        (self.connection, self.child, self.exit) = (connection, child, exit)
    }

    /// Starts it with these plugins, and connects.
    ///
    /// - Parameters:
    ///   - name: Of its folder.
    ///   - engine: Path of Tern's plugin; nil where it is not needed.
    ///   - processor: Number of the processor that it runs on.
    static func start(
        _ name: String, in folder: URL, address: String, plugins: [String], engine: String? = nil, port: Int, mediaPorts: ClosedRange<Int>,
        processor: Int, environment: [String: String] = [:]
    ) async throws -> TestedJanus {
        let folder = folder.appendingPathComponent(name)
        try configure(folder, address: address, plugins: plugins, engine: engine, port: port, mediaPorts: mediaPorts)
        let (exit, end) = AsyncStream.makeStream(of: Void.self)
        let isVerbose = ProcessInfo.processInfo.environment["TERN_BENCHMARK_LOG"] != nil
        let child = try ChildProcess(
            ChildProcess.Command(
                executable: "taskset", arguments: ["-c", "\(processor)", "janus", "--disable-colors", "--configs-folder", folder.path],
                environment: ProcessInfo.processInfo.environment.merging(environment) { _, new in new }),
            onLine: { _, line in if isVerbose { print(name, line) } }, onExit: { _ in end.finish() })
        // Before what else the machine has to do, where that is allowed.
        try? "-20".write(toFile: "/proc/\(child.pid)/autogroup", atomically: false, encoding: .utf8)
        for _ in 0 ..< 100 {
            try await Task.sleep(for: .milliseconds(50))
            guard let connection = try? await JanusConnection(port: port) else { continue }
            return TestedJanus(connection: connection, child: child, exit: exit)
        }
        child.kill(SIGKILL)
        throw BenchmarkFailure(description: "Janus does not start (TERN_BENCHMARK_LOG=1 shows its log)")
    }

    var pid: Int32 { child.pid }

    func usage() throws -> Usage {
        let statistics = try String(contentsOfFile: "/proc/\(child.pid)/stat", encoding: .utf8)
        // The program's name, in parentheses, may hold spaces.
        let fields = statistics.split(separator: ")").last.map { $0.split(separator: " ") } ?? []
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]), let threads = Int(fields[17]), let pages = Int(fields[21])
        else { throw BenchmarkFailure(description: "/proc/\(child.pid)/stat is malformed") }
        return Usage(processor: (user + system) / Double(sysconf(Int32(_SC_CLK_TCK))), memory: pages * Int(getpagesize()), threads: threads)
    }

    func stop() async {
        await connection.stop()
        child.kill(SIGTERM)
        let timer = LoopTimer.schedule(after: .seconds(3)) { [child] in child.kill(SIGKILL) }
        for await _ in exit {}
        timer.cancel()
    }

    private static func configure(
        _ folder: URL, address: String, plugins: [String], engine: String?, port: Int, mediaPorts: ClosedRange<Int>
    ) throws {
        let files = FileManager.default
        guard let libraries = ["x86_64-linux-gnu", "aarch64-linux-gnu", "."].map({ "/usr/lib/\($0)/janus" }).first(where: files.fileExists) else {
            throw BenchmarkFailure(description: "Debian's package janus is not installed")
        }
        try? files.removeItem(at: folder)
        for part in ["plugins", "transports", "events", "loggers"] {
            try files.createDirectory(at: folder.appendingPathComponent(part), withIntermediateDirectories: true)
        }
        var links = plugins.map { ("plugins", "\(libraries)/plugins/libjanus_\($0).so") }
        links.append(("transports", "\(libraries)/transports/libjanus_websockets.so"))
        if let engine { links.append(("plugins", engine)) }
        for (part, target) in links {
            let link = folder.appendingPathComponent(part).appendingPathComponent((target as NSString).lastPathComponent)
            try files.createSymbolicLink(atPath: link.path, withDestinationPath: target)
        }
        let half = mediaPorts.lowerBound + mediaPorts.count / 2
        let texts = [
            "janus.jcfg": """
                general: {
                    configs_folder = "\(folder.path)"
                    plugins_folder = "\(folder.path)/plugins"
                    transports_folder = "\(folder.path)/transports"
                    events_folder = "\(folder.path)/events"
                    loggers_folder = "\(folder.path)/loggers"
                    debug_level = 3
                    interface = "\(address)"
                    event_loops = 1
                }
                media: {
                    rtp_port_range = "\(half)-\(mediaPorts.upperBound)"
                    ipv6 = false
                }
                nat: {
                    ice_enforce_list = "\(address)"
                    ice_keepalive_conncheck = true
                }

                """,
            "janus.transport.websockets.jcfg": "general: {\n    json = \"compact\"\n    ws = true\n    ws_ip = \"127.0.0.1\"\n    ws_port = \(port)\n}\n",
            "janus.plugin.nosip.jcfg":
                "general: {\n    local_ip = \"\(address)\"\n    rtp_port_range = \"\(mediaPorts.lowerBound)-\(half - 1)\"\n    events = false\n}\n",
            "janus.plugin.sip.jcfg":
                "general: {\n    local_ip = \"\(address)\"\n    rtp_port_range = \"\(mediaPorts.lowerBound)-\(half - 1)\"\n    events = false\n}\n",
        ]
        for (name, text) in texts { try text.write(to: folder.appendingPathComponent(name), atomically: false, encoding: .utf8) }
    }
}
