import EventLoop
import Foundation
import JSON
import Synchronization
import Testing

/// A gateway with a Janus of its own, as an operator would start it.
final class GatewayProcess: Sendable {
    /// Who may log in.
    static let password = "swordfish-7"
    /// What the nodes of a cluster know.
    static let clusterSecret = "the nodes' own secret"
    /// How many sessions each of them may have at once.
    static let sessionsPerUser = 25

    let address: String
    let sipPort: Int
    /// Where it speaks SIP over TLS, if it does.
    let tlsPort: Int
    let httpPort: Int
    /// Where the page is served.
    let httpAddress: String
    /// Where the route `phone` leads: the tests' SIPp listens there.
    let phonePort: Int
    let recordings: URL
    /// What belongs to it: its configuration, its databases.
    let directory: URL
    private let process: TestProcess
    /// What its sockets were when its descriptors were last looked at.
    private let knownSockets = Mutex<[String: String]>([:])

    var pid: Int32 { process.pid }
    var log: String { process.output }
    /// How many lines its log has.
    var logCount: Int { process.lineCount }
    var isRunning: Bool { !process.hasEnded }
    /// Where its commands are taken, with a managed Janus.
    var controlSocket: String { "\(directory.path)/janus/control" }
    var page: String { "http://\(httpAddress):\(httpPort)/" }

    /// Starts `tern serve` and waits until its Janus is ready.
    ///
    /// - Parameters:
    ///   - routes: In place of the usual ones.
    ///   - registrations: The database of the registrar, relative to the gateway's directory; none without it.
    ///   - nameServer: `ADDRESS:PORT`, in place of the system's.
    ///   - httpAddress: Where the page is served.
    ///   - http: Further lines of the section `http`.
    ///   - recording: Further lines of the section `recordings`.
    ///   - sip: Further lines of the section `sip`.
    ///   - calls: Further lines of the section `calls`.
    ///   - media: Further lines of the section `media`.
    ///   - listensOnIPv6: Whether SIP has `::1` too.
    ///   - tls: Files of the certificate and its key with which SIP has TLS too.
    ///   - records: Lines of the section `records`; without them records are in memory.
    ///   - janus: Lines of the section `janus`, in place of those for a managed one.
    ///   - redis: URL of the Redis that makes it a node of a cluster, with its own name.
    ///   - more: Further sections of the configuration.
    ///   - network: The network behind a NAT in which it runs, if not in this one: its addresses here are those from outside.
    ///   - variables: Further variables of its environment.
    init(
        in environment: TestEnvironment, name: String = "gateway", routes: String? = nil, registrations: String? = nil,
        nameServer: String? = nil, httpAddress: String = "127.0.0.1", http: [String] = [], recording: [String] = [], sip: [String] = [], calls: [String] = [],
        media: [String] = [], records: [String] = ["database: memory"], listensOnIPv6: Bool = false,
        tls: (certificate: String, key: String)? = nil, janus: [String]? = nil, redis: String? = nil, more: String = "",
        network: TranslatedNetwork? = nil, variables: [String: String] = [:]
    ) async throws {
        let bound = network?.privateAddress ?? environment.address
        address = network?.publicAddress ?? environment.address
        self.httpAddress = network?.publicAddress ?? httpAddress
        let isHere = network == nil, phones = network?.outsideAddress ?? environment.address
        sipPort = isHere ? try FreePort.both(bound) : 5_060
        tlsPort = isHere ? try FreePort.tcp(bound) : 5_061
        phonePort = try FreePort.both(phones)
        httpPort = isHere ? try FreePort.tcp(httpAddress) : 8_080
        directory = environment.directory.appendingPathComponent(name)
        recordings = directory.appendingPathComponent("recordings")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let file = directory.appendingPathComponent("tern.yaml")
        let database = redis ?? registrations.map { [directory] in directory.appendingPathComponent($0).path } ?? ":memory:"
        let cluster = redis == nil ? "" : "cluster: {node: \"\(name)\", secret: \"\(GatewayProcess.clusterSecret)\"}\n"
        let text = GatewayProcess.configuration(
            address: bound, domain: address, sipPort: sipPort, tlsPort: tls == nil ? nil : tlsPort, http: ["listen: \(isHere ? httpAddress : bound):\(httpPort)"] + http,
            directory: directory, recording: recording,
            sip: sip + (tls.map { ["tls: {certificate: \"\($0.certificate)\", key: \"\($0.key)\"}"] } ?? []), calls: calls, media: media,
            records: records.map { [directory] in $0.replacing("DIRECTORY", with: directory.path) }, listensOnIPv6: listensOnIPv6,
            janus: janus ?? ["mode: managed", "directory: \(directory.path)/janus"],
            registrations: database, nameServers: nameServer.map { "[\"\($0)\"]" } ?? "[]",
            routes: routes ?? GatewayProcess.routes(address: phones, phonePort: phonePort), more: cluster + more)
        try text.write(to: file, atomically: true, encoding: .utf8)
        process = try await GatewayProcess.start(file, in: environment, entrance: network?.entrance ?? [], variables)
        try await readyOrStopped()
    }

    /// Starts one that has ended again: with the same configuration, files and ports.
    init(again former: GatewayProcess, in environment: TestEnvironment) async throws {
        (address, sipPort, tlsPort, httpPort, phonePort) = (former.address, former.sipPort, former.tlsPort, former.httpPort, former.phonePort)
        (directory, recordings, httpAddress) = (former.directory, former.recordings, former.httpAddress)
        process = try await GatewayProcess.start(directory.appendingPathComponent("tern.yaml"), in: environment)
        try await readyOrStopped()
    }

    private static func start(
        _ file: URL, in environment: TestEnvironment, entrance: [String] = [], _ variables: [String: String] = [:]
    ) async throws -> TestProcess {
        let own = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("TERN_") }
        let command = entrance + [environment.tern, "serve", "--config", file.path]
        return try await TestProcess(command[0], Array(command.dropFirst()), environment: own.merging(variables) { $1 })
    }

    private func readyOrStopped() async throws {
        do {
            try await ready(within: .patience)
        } catch {
            await process.stop()
            throw error
        }
    }

    /// Times are short, so that a test of their end is.
    private static func configuration(
        address: String, domain: String, sipPort: Int, tlsPort: Int?, http: [String], directory: URL, recording: [String], sip: [String], calls: [String],
        media: [String], records: [String], listensOnIPv6: Bool, janus: [String], registrations: String, nameServers: String, routes: String, more: String
    ) -> String {
        """
        sip:
          listen: \((["udp:\(address):\(sipPort)", "tcp:\(address):\(sipPort)"] + (listensOnIPv6 ? ["udp:[::1]:\(sipPort)"] : [])
            + (tlsPort.map { ["tls:\(address):\($0)"] } ?? [])).description)
          domain: \(domain)
          name_servers: \(nameServers)
        \(sip.map { "  " + $0 }.joined(separator: "\n"))
        http:
        \(http.map { "  " + $0 }.joined(separator: "\n"))
        media:
          address: \(address)
        \((["rtp_ports: 20000-20999"].filter { _ in !media.contains { $0.hasPrefix("rtp_ports") } } + media).map { "  " + $0 }.joined(separator: "\n"))
        janus:
        \(janus.map { "  " + $0 }.joined(separator: "\n"))
        recordings:
          directory: \(directory.path)/recordings
        \(recording.map { "  " + $0 }.joined(separator: "\n"))
        registrar:
          database: "\(registrations)"
          keepalive: 1s
        records:
        \(records.map { "  " + $0 }.joined(separator: "\n"))
        calls:
          ring_timeout: 6s
        \(calls.map { "  " + $0 }.joined(separator: "\n"))
        api:
          grace_time: 2s
          sessions_per_user: \(sessionsPerUser)
        log:
          level: debug
        users:
          - {name: alice, password: \(password), display_name: Alice}
          - {name: bob, password: \(password), display_name: Bob}
          - {name: admin, password: \(password), admin: true}
        \(more.contains("limits:") ? "" : idleLimits)
        \(routes)
        \(more)

        """
    }

    /// A machine that other tests keep busy is no overload of the gateway.
    private static let idleLimits = "limits: {loop_delay: 10s}"

    private static func routes(address: String, phonePort: Int) -> String {
        """
        routes:
          - {match: echo, to: echo}
          - {match: phone, from: anyone, to: "sip sip:{user}@\(address):\(phonePort)"}
          - {match: phone6, from: anyone, to: "sip sip:{user}@[::1]:\(phonePort)"}
        \(SIPScenarioPhones.routes(to: address))
          - {match: "*", to: user}
        """
    }

    /// The lines of its log after the first `count`.
    func log(after count: Int) -> [String] { process.lines(after: count) }

    func ready(within limit: Duration) async throws {
        var last: Status?
        let isReady = await eventually(within: limit) {
            last = try? status()
            return last?.janus == "ready"
        }
        guard isReady else {
            throw HarnessError("the gateway was not ready within \(limit), status \(String(describing: last)):\n\(log)")
        }
    }

    /// SIGKILL: nothing of it has time to end anything.
    func kill() async {
        await process.send(signal: SIGKILL)
        _ = await process.exit(within: .patience)
    }

    /// SIGTERM, as systemd would: it ends when its calls have.
    func terminate() async { await process.send(signal: SIGTERM) }

    func send(signal: Int32) async { await process.send(signal: signal) }

    /// SIGHUP: it reads its configuration again.
    func hangUp() async { await process.send(signal: SIGHUP) }

    /// How it ended; nil when it has not within the time.
    func exit(within limit: Duration = .patience) async -> ChildProcess.Exit? { await process.exit(within: limit) }

    /// Its configuration.
    var configurationFile: URL { directory.appendingPathComponent("tern.yaml") }

    /// Changes its configuration, for the next time that it is read.
    func rewrite(_ change: (String) -> String) throws {
        try change(String(contentsOf: configurationFile, encoding: .utf8)).write(to: configurationFile, atomically: true, encoding: .utf8)
    }

    /// SIGINT, which ends its calls at once; nil when it did not end within ten seconds.
    func stop() async -> ChildProcess.Exit? {
        await process.send(signal: SIGINT)
        if let exit = await process.exit(within: .patience) { return exit }
        await process.stop(within: .zero)
        return nil
    }

    /// Ends a gateway of a test's own. It must have let go of everything before, as that of the stage after each test.
    func end(within limit: Duration = .patience, _ location: SourceLocation = #_sourceLocation) async {
        var left: Status?
        // Recordings are finished behind what tests wait for.
        let isIdle = await eventually(within: limit) {
            left = try? status()
            return left?.isWithin(.idle) == true
        }
        #expect(isIdle, "left over: \(String(describing: left))\n\(log.suffix(6_000))", sourceLocation: location)
        let exit = await stop()
        #expect(exit == .exited(0), "the gateway ended with \(String(describing: exit))", sourceLocation: location)
    }

    // MARK: What it holds

    /// The value of a series of its metrics; 0 where it is not there.
    func metric(_ series: String) throws -> Double {
        let (code, text) = try SmallHTTP.get(httpAddress, port: httpPort, path: "/metrics")
        guard code == 200 else { throw HarnessError("GET /metrics: \(code)") }
        return text.split(separator: "\n").first { $0.hasPrefix(series + " ") }.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) } ?? 0
    }

    /// Seconds that the processors have worked for it (proc(5), utime and stime).
    var processorTime: Double {
        let fields = ProcFile.text("/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " ").compactMap { Double($0) } ?? []
        // The state, which is no number, is left out.
        return fields.count > 11 ? (fields[10] + fields[11]) / Double(sysconf(Int32(_SC_CLK_TCK))) : 0
    }

    /// What `GET /status` says.
    struct Status: Sendable, Equatable {
        var calls, sessions, sipLegs, clients, handles, recordings, trunkCalls: Int
        var janus: String

        static let idle = Status(calls: 0, sessions: 0, sipLegs: 0, clients: 0, handles: 0, recordings: 0, trunkCalls: 0, janus: "")

        /// Whether nothing is open that was not open then.
        func isWithin(_ before: Status) -> Bool {
            calls <= before.calls && sessions <= before.sessions && sipLegs <= before.sipLegs && clients <= before.clients
                && handles <= before.handles && recordings <= before.recordings && trunkCalls <= before.trunkCalls
        }
    }

    func status() throws -> Status {
        let (code, body) = try SmallHTTP.status(httpAddress, port: httpPort)
        guard code == 200 else { throw HarnessError("GET /status: \(code)") }
        let json = try JSONValue(parsing: body)
        func number(_ value: JSONValue?, _ name: String) throws -> Int {
            guard let number = value?.intValue else { throw HarnessError("no \(name) in \(body)") }
            return number
        }
        return Status(
            calls: try number(json["calls"], "calls"), sessions: try number(json["sessions"], "sessions"),
            sipLegs: try number(json["sip_legs"], "sip_legs"), clients: try number(json["clients"], "clients"),
            handles: try number(json["janus"]?["handles"], "janus.handles"),
            recordings: try number(json["recordings"]?["running"], "running") + number(json["recordings"]?["unfinished"], "unfinished"),
            trunkCalls: try (json["trunks"]?.objectValue ?? [:]).values.reduce(0) { $0 + (try number($1["calls"], "trunk's calls")) },
            janus: json["janus"]?["state"]?.stringValue ?? "")
    }

    /// Its open file descriptors by what they are, without connections to the page: browsers keep those as long as they
    /// like.
    func descriptors() -> [String] {
        let own = "/proc/\(pid)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: own)) ?? []
        let targets = names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: own + "/" + $0) }
        let sockets = sockets(Set(targets.filter { $0.hasPrefix("socket:") }))
        let page = ":" + String(httpPort, radix: 16, uppercase: true) + " "
        return targets.compactMap { target in
            let text = sockets[target] ?? target
            return text.hasPrefix("tcp ") && text.contains(page) && !text.contains(" 0A ") ? nil : text
        }
    }

    /// What each of these `socket:[inode]` is (proc(5): local and remote address:port in hexadecimal, state 0A listens).
    ///
    /// The tables are read for new ones alone: the kernel takes milliseconds for each.
    private func sockets(_ names: Set<String>) -> [String: String] {
        let former = knownSockets.withLock { $0 }
        var found = former.filter { names.contains($0.key) }
        let new = names.subtracting(found.keys)
        if !new.isEmpty {
            for name in new { found[name] = name }
            for table in ["tcp", "tcp6", "udp", "udp6"] {
                for line in ProcFile.text("/proc/\(pid)/net/\(table)").utf8.split(separator: UInt8(ascii: "\n")).dropFirst() {
                    let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 10)
                    guard fields.count > 9, case let inode = Substring(fields[9]), new.contains("socket:[\(inode)]") else { continue }
                    found["socket:[\(inode)]"] = ([table] + fields[1...3].map { String(Substring($0)) }).joined(separator: " ") + " "
                }
            }
        }
        let known = found
        knownSockets.withLock { $0 = known }
        return found
    }

    /// Its child processes named janus, by id.
    func janusProcesses() -> [Int32] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.compactMap { Int32($0) }.filter { process in
            let stat = ProcFile.text("/proc/\(process)/stat")
            guard let name = stat.split(separator: "(").last?.split(separator: ")").first,
                let fields = stat.split(separator: ")").last?.split(separator: " "), fields.count > 1
            else { return false }
            return name == "janus" && fields[1] == "\(pid)" && fields[0] != "Z"
        }
    }
}
