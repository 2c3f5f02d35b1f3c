internal import Glibc

/// How the program ends; thrown by a subcommand that has told why.
enum ExitStatus: Int32, Error {
    case success = 0
    /// It failed while running.
    case failure = 1
    /// The configuration or the arguments are wrong.
    case badInput = 2

    /// Ends the process here and now, without exit handlers: the loop's thread may still run what they would destroy.
    func leave() -> Never {
        _exit(rawValue)
    }
}
