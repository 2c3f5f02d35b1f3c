import EventLoop
import Foundation

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
