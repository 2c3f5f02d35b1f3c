internal import Diagnosis
internal import Glibc

/// How the program ends; thrown by a subcommand that has told why.
enum ExitStatus: Int32, Error {
    case success = 0
    /// It failed while running.
    case failure = 1
    /// The configuration or the arguments are wrong.
    case badInput = 2

    /// Ends the process here and now, without exit handlers: the loop's thread may still run what they would destroy. The log's lines
    /// are written before, unless nobody takes them.
    func leave() -> Never {
        LogOutput.standardError.flush(within: .seconds(1))
        _exit(rawValue)
    }
}
