internal import EventLoop
internal import Glibc
internal import JSON

/// Asks Tern's plugin in a Janus again and again whether it answers: soon after its start, to learn when it is ready, and now and then later.
@LoopActor
final class JanusHealth {
    enum Finding {
        case ready, silent(String)
        /// Tern's plugin is missing, or another one than this gateway's.
        case unusable(String)
    }

    /// Between the attempts to connect while it starts.
    private static let startInterval = Duration.milliseconds(25)
    /// Failed checks in a row that make Janus silent. One may be this process' own fault, after a pause of the machine.
    private static let patience = 2

    private let url: String
    private let secret: String
    private let startLimit: Duration
    private let interval: Duration
    private let onFinding: @LoopActor (Finding) -> Void
    private let clock = ContinuousClock()
    private let started: ContinuousClock.Instant
    private var isReady = false
    private var isStopped = false
    /// Failed checks in a row. An answer that comes too late shows a plugin that is busy, and ends the row: what it does for calls is worth
    /// more than a restart.
    private var misses = 0
    private var channel: JanusChannel?
    private var probe: PluginProbe?
    private var timer: LoopTimer?

    /// - Parameters:
    ///   - secret: What Janus demands in each request.
    ///   - interval: From a successful check to the next one, and how long the plugin may take to answer.
    init(
        url: String, secret: String, startLimit: Duration, interval: Duration, onFinding: @escaping @LoopActor (Finding) -> Void
    ) {
        self.url = url
        self.secret = secret
        self.startLimit = startLimit
        self.interval = interval
        self.onFinding = onFinding
        started = clock.now
        connect(after: JanusHealth.startInterval)
    }

    /// Ends the checks; returns when the connection is closed, and with it the handle in Janus.
    func stop() async {
        isStopped = true
        timer?.cancel()
        let channel = channel
        channel?.close("stopped")
        await channel?.finish()
    }

    private func connect(after wait: Duration) {
        timer = LoopTimer.schedule(after: wait) { [weak self] in
            guard let self, !isStopped else { return }
            let channel = JanusChannel(
                url: url, timeout: min(interval, startLimit),
                onOpen: { [weak self] _ in self?.check(after: .zero) },
                onMessage: { [weak self] in self?.receiveLate($0) },
                onClosed: { [weak self] _, reason in self?.closed(reason) })
            self.channel = channel
            channel.connect()
        }
    }

    private func check(after wait: Duration) {
        guard !isStopped else { return }
        timer = LoopTimer.schedule(after: wait) { [weak self] in
            LoopActor.task { [self] in await self?.check() }
        }
    }

    private func check() async {
        guard let channel, !isStopped else { return }
        do throws(JanusError) {
            guard try await openProbe(channel).answers() else {
                missed("\(EnginePlugin.name) did not answer within \(min(interval, startLimit))")
                return check(after: .zero)
            }
            misses = 0
            if !isReady, !isStopped {
                isReady = true
                onFinding(.ready)
            }
            check(after: interval)
        } catch .unusable(let reason) {
            guard !isStopped else { return }
            isStopped = true
            onFinding(.unusable(reason))
        } catch {
            channel.close(error.description)
        }
    }

    private func openProbe(_ channel: JanusChannel) async throws(JanusError) -> PluginProbe {
        if let probe { return probe }
        let probe = try await PluginProbe(channel, secret: secret)
        self.probe = probe
        return probe
    }

    private func receiveLate(_ message: JanusMessage) {
        if case .plugin = message.kind, let probe, message.sender == probe.handle { misses = 0 }
    }

    private func closed(_ reason: String) {
        timer?.cancel()
        channel = nil
        probe = nil
        missed(reason)
        if !isStopped { connect(after: isReady ? interval : JanusHealth.startInterval) }
    }

    private func missed(_ reason: String) {
        guard !isStopped else { return }
        misses += 1
        let isOver = isReady ? misses >= JanusHealth.patience : clock.now - started >= startLimit
        guard isOver else { return }
        isStopped = true
        timer?.cancel()
        onFinding(.silent(isReady ? "it ceased to answer: \(reason)" : "it did not answer within \(startLimit): \(reason)"))
    }
}

/// A Janus session with one handle of Tern's plugin, for asking whether the plugin answers.
///
/// Janus' core answers `ping` and `keepalive` even while the plugin hangs. The question changes nothing, and Janus logs nothing about it.
/// The handle ends with the connection.
@LoopActor
struct PluginProbe {
    private let channel: JanusChannel
    private let secret: String
    private let session: UInt64
    /// The handle's id.
    let handle: UInt64

    /// Makes the session and attaches the handle.
    ///
    /// - Parameter channel: An open connection that nothing else uses.
    /// - Throws: `.unusable` when Tern's plugin is missing or another one.
    init(_ channel: JanusChannel, secret: String) async throws(JanusError) {
        self.channel = channel
        self.secret = secret
        let created = try await channel.request(["janus": "create", "apisecret": .string(secret)], until: .success)
        guard let session = created.dataID else { throw .malformed("a session without an id") }
        self.session = session
        handle = try await EngineCheck(channel: channel, secret: secret, session: session).attach(expecting: .current)
    }

    /// Whether the plugin answers in the channel's time; one that refuses the question has answered.
    ///
    /// - Throws: When Janus' core refuses, or the connection is lost.
    func answers() async throws(JanusError) -> Bool {
        let question: [String: JSONValue] = [
            "janus": "message", "session_id": .id(session), "handle_id": .id(handle), "body": ["request": "version"],
            "apisecret": .string(secret),
        ]
        do throws(JanusError) {
            _ = try await channel.request(question, until: .plugin)
            return true
        } catch .timeout {
            return false
        }
    }
}

/// Checks four times a second how much memory a process takes, and reports when it is more than a limit.
///
/// `setrlimit` does not serve for Janus. `RLIMIT_AS` and `RLIMIT_DATA` count the 8 MB stack of each thread, most of which is never used.
/// A Janus 1.1.2 that reached `RLIMIT_DATA` did not end: it answered keepalives and nothing else.
@LoopActor
final class MemoryWatch {
    private static let interval = Duration.milliseconds(250)

    private var timer: LoopTimer?

    /// - Parameters:
    ///   - limit: In bytes.
    ///   - onExcess: Called once, with the bytes in use.
    init(pid: Int32, limit: Int, onExcess: @escaping @LoopActor (Int) -> Void) {
        timer = LoopTimer.schedule(after: MemoryWatch.interval, every: MemoryWatch.interval) { [weak self] in
            guard let used = MemoryWatch.memory(of: pid), used > limit else { return }
            self?.stop()
            onExcess(used)
        }
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    /// The memory of a process in RAM and swap, in bytes; nil when there is no such process.
    nonisolated static func memory(of pid: Int32) -> Int? {
        let descriptor = open("/proc/\(pid)/status", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return memory(inStatus: String(decoding: buffer.prefix(count), as: UTF8.self))
    }

    /// Reads `VmRSS` and `VmSwap`, which are in KiB; nil without `VmRSS`, as with a zombie.
    nonisolated static func memory(inStatus text: String) -> Int? {
        // It is read four times a second: by C's functions, a text of 1,500 bytes is no work.
        func kibibytes(_ name: String) -> Int? {
            text.withCString { text in
                guard let start = strstr(text, "\n\(name):") ?? (strncmp(text, "\(name):", name.utf8.count + 1) == 0 ? UnsafeMutablePointer(mutating: text) : nil),
                    let colon = strchr(start, Int32(UInt8(ascii: ":")))
                else { return nil }
                var end: UnsafeMutablePointer<CChar>?
                let size = strtol(colon + 1, &end, 10)
                guard let end, end != colon + 1, strncmp(end, " kB", 3) == 0 else { return nil }
                return size
            }
        }
        return kibibytes("VmRSS").map { ($0 &+ (kibibytes("VmSwap") ?? 0)) &* 1_024 }
    }
}
