import EventLoop
import Foundation

/// A program that a test runs: its output lines as they come, its end.
final class TestProcess: Sendable {
    let name: String
    let pid: Int32
    private let child: ChildProcess
    private let lines: Mailbox<String>
    private let log: Log
    private let ends: Mailbox<ChildProcess.Exit>

    init(
        _ executable: String, _ arguments: [String], environment: [String: String]? = nil, directory: String? = nil
    ) async throws {
        let lines = Mailbox<String>(), log = Log(), ends = Mailbox<ChildProcess.Exit>()
        let command = ChildProcess.Command(
            executable: executable, arguments: arguments, environment: environment, directory: directory)
        child = try await TestProcess.start(command, lines: lines, log: log, ends: ends)
        name = URL(fileURLWithPath: executable).lastPathComponent
        pid = await child.pid
        self.lines = lines
        self.log = log
        self.ends = ends
    }

    @LoopActor
    private static func start(
        _ command: ChildProcess.Command, lines: Mailbox<String>, log: Log, ends: Mailbox<ChildProcess.Exit>
    ) throws -> ChildProcess {
        try ChildProcess(command) { _, line in
            log.append(line)
            lines.post(line)
        } onExit: { exit in
            ends.post(exit)
            lines.close()
        }
    }

    /// What it has written so far, the last few thousand lines of it.
    var output: String { log.text }

    /// How many lines it has written so far.
    var lineCount: Int { log.count }

    /// The lines after the first `count`, those of them that are kept.
    func lines(after count: Int) -> [String] { log.lines(after: count) }

    /// The first line that has `text` in it, from now or before.
    func line(with text: String, within limit: Duration) async throws -> String {
        if let line = await lines.first(within: limit, where: { $0.contains(text) }) { return line }
        throw HarnessError("\(name) did not write '\(text)' within \(limit):\n\(output)")
    }

    func send(signal: Int32) async {
        let child = child
        await LoopActor.run { child.kill(signal) }
    }

    /// How it ended; nil when it has not within the time. May be asked again.
    func exit(within limit: Duration) async -> ChildProcess.Exit? {
        guard let exit = await ends.first(within: limit, where: { _ in true }) else { return nil }
        ends.post(exit)
        return exit
    }

    var hasEnded: Bool { !ends.all.isEmpty }

    /// SIGTERM, and SIGKILL when that does not help.
    @discardableResult
    func stop(within limit: Duration = .patience) async -> ChildProcess.Exit? {
        await send(signal: SIGTERM)
        if let exit = await exit(within: limit) { return exit }
        await send(signal: SIGKILL)
        return await exit(within: .seconds(2))
    }

    /// The tail of an output.
    private final class Log: @unchecked Sendable {
        private let lock = NSLock()
        private var lines: [String] = []
        /// How many lines are no longer kept.
        private var dropped = 0

        func append(_ line: String) {
            lock.withLock {
                lines.append(line)
                guard lines.count > 20_000 else { return }
                lines.removeFirst(10_000)
                dropped += 10_000
            }
        }

        var count: Int { lock.withLock { dropped + lines.count } }

        func lines(after count: Int) -> [String] { lock.withLock { Array(lines.dropFirst(max(0, count - dropped))) } }

        var text: String { lock.withLock { lines.joined(separator: "\n") } }
    }
}

extension LoopActor {
    /// Runs something on the loop, from anywhere.
    static func run<Result: Sendable>(_ body: @LoopActor @Sendable () throws -> Result) async rethrows -> Result {
        try await body()
    }
}
