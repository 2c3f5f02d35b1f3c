public import EventLoop
internal import Glibc
internal import Logging

/// A Janus of one's own: a supervised child process with a generated, private configuration.
///
/// It listens on two ports of 127.0.0.1 that were free, for its API and its admin API, each with a secret that only this process
/// knows. When it ends, falls silent or takes too much memory it is started again, after a wait that grows with each failure in a row.
@LoopActor
public final class JanusProcess {
    private let configuration: JanusProcessConfiguration
    private let onChange: @LoopActor (JanusProcessState) -> Void
    private let logger: Logger
    private let output: JanusLog
    private let clock = ContinuousClock()

    public private(set) var state = JanusProcessState.stopped

    /// What Janus demands in each request of its API; the same for all of its lives.
    public let apiSecret = JanusProcess.makeSecret()
    /// What Janus demands in each request of its admin API.
    public let adminSecret = JanusProcess.makeSecret()

    private var isWanted = false
    /// Whether its end is asked for, and another start at once.
    private var isRestarting = false
    private var apiPort: UInt16?
    private var adminPort: UInt16?
    private var child: ChildProcess?
    private var health: JanusHealth?
    private var memory: MemoryWatch?
    /// Why this process kills it.
    private var verdict: JanusProcessError?
    private var readySince: ContinuousClock.Instant?
    private var failures = 0
    private var timer: LoopTimer?
    private var waiting: [CheckedContinuation<Void, Never>] = []

    public init(configuration: JanusProcessConfiguration, onChange: @escaping @LoopActor (JanusProcessState) -> Void) {
        self.configuration = configuration
        self.onChange = onChange
        var logger = Logger(label: "tern.janus.process"), output = Logger(label: "tern.janus.output")
        if let name = configuration.name {
            logger[metadataKey: "server"] = "\(name)"
            output[metadataKey: "server"] = "\(name)"
        }
        self.logger = logger
        self.output = JanusLog(output)
    }

    /// Of the API's WebSocket transport. It can change with each start: read it when the state becomes `.running`.
    public var url: String { "ws://127.0.0.1:\(apiPort ?? 0)/" }

    /// Of the admin API's WebSocket transport; can change like ``url``.
    public var adminURL: String { "ws://127.0.0.1:\(adminPort ?? 0)/" }

    /// Starts it, and keeps it running until ``stop()``. What goes wrong shows in the state and the log. Harmless when repeated.
    public func start() {
        guard !isWanted else { return }
        isWanted = true
        failures = 0
        if child == nil { launch() }
    }

    /// Ends it, with SIGTERM, and after a while with SIGKILL; returns when nothing of it is left but its directory.
    public func stop() async {
        isWanted = false
        timer?.cancel()
        timer = nil
        let health = health
        self.health = nil
        if let child {
            set(.stopping)
            terminate(child)
            // Looked at in the continuation: an await may let the end happen first.
            await withCheckedContinuation { done in
                if self.child == nil { done.resume() } else { waiting.append(done) }
            }
        }
        await health?.stop()
        guard !isWanted else { return }
        JanusProcess.ports.subtract([apiPort, adminPort].compactMap(\.self))
        set(.stopped)
    }

    /// Ends it as ``stop()`` does, and starts it again at once. Nothing happens while it does not run: it is on its way anyhow.
    ///
    /// - Returns: Whether it ends now for this call.
    @discardableResult
    public func restart() -> Bool {
        guard isWanted, case .running = state, let child, verdict == nil, !isRestarting else { return false }
        isRestarting = true
        logger.info("Janus is ended and started again", metadata: ["pid": "\(child.pid)"])
        endHealthChecks()
        terminate(child)
        return true
    }

    // MARK: Life

    private func launch() {
        timer = nil
        output.engineComplaint = nil
        set(.starting)
        do throws(JanusProcessError) {
            let command = try prepare()
            let child = try spawn(command)
            self.child = child
            logger.info("Janus was started", metadata: ["pid": "\(child.pid)", "url": "\(url)"])
            watch(child)
        } catch {
            failed(error)
        }
    }

    private func prepare() throws(JanusProcessError) -> ChildProcess.Command {
        try configuration.check()
        let installation = try JanusInstallation(
            executable: configuration.executable, libraries: configuration.libraries, engine: configuration.engine)
        let ports = (api: try freePort(preferred: apiPort), admin: try freePort(preferred: adminPort))
        (apiPort, adminPort) = (ports.api, ports.admin)
        let settings = JanusSettings(
            configuration: configuration, apiPort: ports.api, adminPort: ports.admin,
            apiSecret: apiSecret, adminSecret: adminSecret)
        let directory = try PrivateDirectory(configuration.directory)
        for (name, text) in try settings.files { try directory.write(text, to: name) }
        try directory.link([installation.engine], in: "plugins")
        try directory.link([installation.transport], in: "transports")
        for folder in ["events", "loggers"] { try directory.link([], in: folder) }
        return ChildProcess.Command(
            executable: installation.program, arguments: ["--disable-colors", "--configs-folder", configuration.directory])
    }

    /// Ports of the Januses of this process: one that was just started may not have bound its own.
    private static var ports: Set<UInt16> = []

    /// A port of 127.0.0.1 that is free, and that no other Janus of this process has.
    private func freePort(preferred: UInt16?) throws(JanusProcessError) -> UInt16 {
        if let preferred { JanusProcess.ports.remove(preferred) }
        var port = try LocalPort.free(preferred: preferred)
        for _ in 0..<64 where JanusProcess.ports.contains(port) { port = try LocalPort.free() }
        JanusProcess.ports.insert(port)
        return port
    }

    private func spawn(_ command: ChildProcess.Command) throws(JanusProcessError) -> ChildProcess {
        do throws(ChildProcessError) {
            return try ChildProcess(command) { [weak self] stream, line in
                guard let self else { return }
                output.write(line, from: stream, pid: child?.pid)
            } onExit: { [self] exit in
                ended(exit)
            }
        } catch {
            throw .installation(error.description)
        }
    }

    private func watch(_ child: ChildProcess) {
        health = JanusHealth(
            url: url, secret: apiSecret, startLimit: configuration.startLimit, interval: configuration.healthInterval
        ) { [weak self] finding in
            guard let self else { return }
            switch finding {
            case .ready: becameReady(child)
            case .silent(let reason): kill(child, because: .silent(reason))
            case .unusable(let reason): dismiss(child, because: .engine(reason))
            }
        }
        let limit = configuration.memoryLimit
        memory = MemoryWatch(pid: child.pid, limit: limit) { [weak self] used in
            self?.kill(child, because: .memory(used: used, limit: limit))
        }
    }

    private func becameReady(_ child: ChildProcess) {
        guard self.child === child, isWanted else { return }
        readySince = clock.now
        logger.info("Janus is ready", metadata: ["pid": "\(child.pid)", "url": "\(url)"])
        set(.running(pid: child.pid))
    }

    private func kill(_ child: ChildProcess, because reason: JanusProcessError) {
        guard self.child === child, isWanted, verdict == nil else { return }
        verdict = reason
        // A plugin that is missing is named once, in `failed`.
        if case .engine = reason { return child.kill(SIGKILL) }
        logger.error("Janus is killed", metadata: ["pid": "\(child.pid)", "reason": "\(reason)"])
        child.kill(SIGKILL)
    }

    /// Ends a Janus that cannot be used. What it has to say about that may still be in its log's buffer, which it writes out at its end.
    private func dismiss(_ child: ChildProcess, because reason: JanusProcessError) {
        guard self.child === child, isWanted, verdict == nil else { return }
        verdict = reason
        terminate(child)
    }

    private func terminate(_ child: ChildProcess) {
        child.kill(SIGTERM)
        timer = LoopTimer.schedule(after: configuration.stopLimit) { [logger] in
            logger.warning("Janus does not end and is killed", metadata: ["pid": "\(child.pid)"])
            child.kill(SIGKILL)
        }
    }

    private func ended(_ exit: ChildProcess.Exit) {
        var reason = verdict ?? .ended(JanusProcess.describe(exit))
        if case .engine = reason, let complaint = output.engineComplaint { reason = .engine(complaint) }
        verdict = nil
        child = nil
        memory?.stop()
        memory = nil
        timer?.cancel()
        timer = nil
        endHealthChecks()
        if let readySince, clock.now - readySince >= configuration.forgiveness { failures = 0 }
        readySince = nil
        let isRestarted = isRestarting
        isRestarting = false
        if isWanted, isRestarted {
            launch()
        } else if isWanted {
            failed(reason)
        } else {
            logger.info("Janus has ended", metadata: ["how": "\(reason)"])
        }
        let waiting = waiting
        self.waiting = []
        waiting.forEach { $0.resume() }
    }

    private func endHealthChecks() {
        guard let health else { return }
        self.health = nil
        LoopActor.task { await health.stop() }
    }

    private func failed(_ reason: JanusProcessError) {
        let wait = min(configuration.firstRestart * (1 << min(failures, 16)), configuration.longestRestart)
        failures += 1
        logger.error("Janus failed and is started again", metadata: ["reason": "\(reason)", "after": "\(wait)"])
        timer = LoopTimer.schedule(after: wait) { [weak self] in
            guard let self, isWanted, child == nil else { return }
            launch()
        }
        set(.backingOff(until: clock.now + wait, reason: reason))
    }

    private func set(_ new: JanusProcessState) {
        guard new != state else { return }
        state = new
        onChange(new)
    }

    // MARK: Helpers

    private static func describe(_ exit: ChildProcess.Exit) -> String {
        switch exit {
        case .exited(let status): "it exited with status \(status)"
        case .killed(let signal): "it was killed by signal \(signal)"
        }
    }

    /// 128 random bits.
    private nonisolated static func makeSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let digits = String(generator.next() as UInt32, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }
}

/// Starts a Janus once, to learn whether Tern can use it.
@LoopActor
public enum JanusTrial {
    /// Starts the Janus in `configuration.directory`, and ends it as soon as it answers or fails.
    ///
    /// It takes as long as the start of Janus, as a rule a tenth of a second, and `configuration.startLimit` at most.
    /// - Returns: Why it cannot be used; `nil` when it can.
    public static func run(_ configuration: JanusProcessConfiguration) async -> JanusProcessError? {
        let outcome = FirstOutcome<JanusProcessError?>()
        let process = JanusProcess(configuration: configuration) { state in
            switch state {
            case .running: outcome.settle(nil)
            case .backingOff(_, let reason): outcome.settle(reason)
            case .starting, .stopping, .stopped: break
            }
        }
        process.start()
        let reason = await outcome.value
        await process.stop()
        return reason
    }
}
