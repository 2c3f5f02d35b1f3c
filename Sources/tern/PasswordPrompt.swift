internal import Glibc

/// Reads a password from the terminal, without showing it, or from a pipe.
enum PasswordPrompt {
    /// - Throws: ``ExitStatus/badInput`` when there is none, or the second is another than the first.
    static func read() throws(ExitStatus) -> String {
        guard isatty(0) == 1 else { return try line() }
        let first = try hidden("Password: ")
        guard try hidden("Again: ") == first else {
            StandardStreams.error("tern: the two are not the same")
            throw .badInput
        }
        return first
    }

    /// The settings of the terminal, for whoever interrupts the program while nothing is shown.
    nonisolated(unsafe) private static var settings = termios()

    private static func hidden(_ prompt: String) throws(ExitStatus) -> String {
        guard tcgetattr(0, &settings) == 0 else { return try line() }
        signal(SIGINT) { _ in
            tcsetattr(0, TCSANOW, &PasswordPrompt.settings)
            _exit(130)
        }
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(0, TCSAFLUSH, &silent)
        defer {
            tcsetattr(0, TCSAFLUSH, &settings)
            signal(SIGINT, SIG_DFL)
            StandardStreams.error("")
        }
        _ = prompt.withCString { write(2, $0, strlen($0)) }
        return try line()
    }

    private static func line() throws(ExitStatus) -> String {
        guard let line = readLine(strippingNewline: true) else {
            StandardStreams.error("tern: there is no password on the standard input")
            throw .badInput
        }
        return line
    }
}
