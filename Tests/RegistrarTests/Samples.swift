import EventLoop
import Foundation
import GRDB
import Logging
import Registrar

extension RegisterRequest {
    /// A REGISTER of alice's phone.
    static func sample(
        _ contacts: [Contact] = [], user: String = "alice", wildcard: Bool = false, expires: Int? = nil, callID: String = "call-1",
        cSeq: UInt32 = 1, path: [String] = [], flow: String = "udp 192.0.2.1:5060"
    ) -> RegisterRequest {
        RegisterRequest(
            user: user, contacts: contacts, isWildcard: wildcard, expires: expires, callID: callID, cSeq: cSeq, path: path, flow: flow,
            userAgent: "Phone/1.0", received: "192.0.2.1:5060")
    }
}

extension Registrar {
    /// Carries out a request that must be accepted, and gives its bindings.
    @discardableResult
    mutating func accept(_ request: RegisterRequest, now: ContinuousClock.Instant) throws -> [Binding] {
        let outcome = handle(request, now: now)
        guard case .accepted(let bindings, _) = outcome else { throw Refused(outcome: outcome) }
        return bindings
    }

    struct Refused: Error {
        let outcome: RegisterOutcome
    }

    /// The contacts of `user` with their remaining seconds, in no order.
    func contacts(of user: String = "alice", now: ContinuousClock.Instant) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: bindings(of: user, now: now).map { ($0.contact.text, $0.remainingSeconds(at: now)) })
    }
}

/// A directory of a test's own, gone with the test.
final class TestDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/tern-registrar-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var database: String { path + "/registrations.sqlite" }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

    var damaged: [String] { names.filter { $0.contains(".corrupt-") } }
}

/// A log that a test can read.
final class CollectedLog: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    /// `error: message`, in order.
    var all: [String] { lock.withLock { lines } }

    func count(_ text: String) -> Int { all.filter { $0.contains(text) }.count }

    var logger: Logger { Logger(label: "registrar") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: CollectedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let reason = event.metadata?["reason"].map { " \($0)" } ?? ""
            log.lock.withLock { log.lines.append("\(event.level): \(event.message)\(reason)") }
        }
    }
}

/// A statement on a database that nobody has open.
enum SQLiteText {
    static func run(_ sql: String, _ path: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in try db.execute(sql: sql) }
        try queue.close()
    }
}

/// Runs `registrar-writer`, which stands beside the tests' own program.
enum WriterProcess {
    struct Outcome: Sendable {
        var output: [String] = []
        var errors: [String] = []
        var exit: ChildProcess.Exit?
    }

    static var path: String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? own
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("registrar-writer").path
    }

    /// Runs a program to its end. It is killed as soon as it has written `line`, and when it takes longer than half a minute.
    @LoopActor
    static func run(_ executable: String, _ arguments: [String], killAt line: String? = nil) async throws -> Outcome {
        var outcome = Outcome()
        var child: ChildProcess?
        let guardian = LoopTimer.schedule(after: .seconds(30)) { child?.kill(SIGKILL) }
        defer { guardian.cancel() }
        outcome.exit = try await withCheckedThrowingContinuation { done in
            do throws(ChildProcessError) {
                child = try ChildProcess(ChildProcess.Command(executable: executable, arguments: arguments)) { stream, text in
                    if stream == .standardOutput { outcome.output.append(text) } else { outcome.errors.append(text) }
                    if text == line { child?.kill(SIGKILL) }
                } onExit: { done.resume(returning: $0) }
            } catch {
                done.resume(throwing: error)
            }
        }
        return outcome
    }
}
