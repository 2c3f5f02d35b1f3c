internal import Glibc

extension ChildProcess {
    /// What to run.
    public struct Command: Sendable {
        /// A path, or a name that is looked up in `PATH`.
        public var executable: String
        /// Without the program's own name.
        public var arguments: [String]
        /// The whole environment; by default this process' own without ``ChildProcess/ownPrefix``.
        public var environment: [String: String]?
        /// Working directory; this process' own by default.
        public var directory: String?
        /// Whether the kernel kills the child when this process dies, however it dies.
        ///
        /// Done by util-linux' `setpriv --pdeathsig`, which sets the signal and becomes the program. The signal goes with
        /// the *thread* that started the child, the event loop's: end children before the loop is stopped.
        public var diesWithParent: Bool
        /// Longest line of output in bytes; what exceeds it comes as further lines.
        public var maximumLineLength: Int

        public init(
            executable: String, arguments: [String] = [], environment: [String: String]? = nil, directory: String? = nil,
            diesWithParent: Bool = true, maximumLineLength: Int = 4_096
        ) {
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
            self.directory = directory
            self.diesWithParent = diesWithParent
            self.maximumLineLength = max(1, maximumLineLength)
        }

        /// The program to start and all of its arguments, its own name first.
        func resolved() throws(ChildProcessError) -> (path: String, arguments: [String]) {
            let path = try Command.find(executable)
            guard diesWithParent else { return (path, [executable] + arguments) }
            let guardian = try Command.find("setpriv")
            return (guardian, [guardian, "--pdeathsig", "KILL", "--", path] + arguments)
        }

        /// The path of an executable file, which may be given by name to be looked up in `PATH`.
        public static func find(_ name: String) throws(ChildProcessError) -> String {
            if name.contains("/") {
                guard isExecutableFile(name) else {
                    throw .notExecutable(path: name, reason: access(name, F_OK) == 0 ? "is no executable file" : reason(errno))
                }
                return name
            }
            let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
            for directory in path.split(separator: ":") where isExecutableFile("\(directory)/\(name)") {
                return "\(directory)/\(name)"
            }
            throw .notExecutable(path: name, reason: "not found in \(path)")
        }

        private static func isExecutableFile(_ path: String) -> Bool {
            var status = stat()
            return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
        }

        private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
    }
}
