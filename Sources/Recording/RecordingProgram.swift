internal import EventLoop

/// The programs that finish recordings.
public enum RecordingProgram {
    /// Why a program cannot be run; nil where it can.
    public static func problem(with program: String) -> String? {
        do throws(ChildProcessError) {
            _ = try ChildProcess.Command.find(program)
            return nil
        } catch {
            return error.description
        }
    }
}
