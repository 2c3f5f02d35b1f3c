internal import EventLoop
internal import Glibc

/// A program that finishes recordings, run to its end as a child that stands back behind calls.
@LoopActor
final class HelperProcess {
    /// What it has said and how it ended.
    struct Result {
        let exit: ChildProcess.Exit
        /// Lines of its standard output, at most 64.
        let output: [String]
        /// The last line that it wrote to its standard error.
        let complaint: String?
    }

    private static let outputLimit = 64
    /// A third of what the kernel gives a process that has work all the time at the usual 0. At 10, a tenth, what a second of recording takes came to
    /// most of a minute on a machine without a rest.
    private static let niceness = "5"

    private var child: ChildProcess?
    private var output: [String] = []
    private var complaint: String?
    private var isOverdue = false

    /// Runs it; kills it after `limit`.
    func run(_ program: [String], limit: Duration) async throws(RecordingError) -> Result {
        let path: String
        do throws(ChildProcessError) {
            path = try ChildProcess.Command.find(program.first ?? "")
        } catch {
            throw .program(error.description)
        }
        let command = ChildProcess.Command(executable: "nice", arguments: ["-n", HelperProcess.niceness, path] + program.dropFirst())
        var timer: LoopTimer?
        let exit: ChildProcess.Exit? = await withCheckedContinuation { done in
            do throws(ChildProcessError) {
                child = try ChildProcess(command) { [weak self] stream, line in self?.take(line, stream) } onExit: { exit in
                    done.resume(returning: exit)
                }
                timer = LoopTimer.schedule(after: limit) { [weak self] in
                    self?.isOverdue = true
                    self?.kill()
                }
            } catch {
                complaint = error.description
                done.resume(returning: nil)
            }
        }
        timer?.cancel()
        child = nil
        guard let exit else { throw .program(complaint ?? path) }
        if isOverdue { throw .helper("\(path) took longer than \(limit)") }
        return Result(exit: exit, output: output, complaint: complaint)
    }

    func kill() { child?.kill(SIGKILL) }

    private func take(_ line: String, _ stream: ChildProcess.Stream) {
        switch stream {
        case .standardOutput: if output.count < HelperProcess.outputLimit { output.append(line) }
        case .standardError: complaint = line
        }
    }
}
