internal import Glibc

extension GatewayConfiguration {
    /// Section `recordings`.
    public struct Recordings: Sendable, Equatable {
        /// Key `recordings.directory`: where recordings are written; absolute here, and relative to the working directory
        /// where it was given relative. Default: `recordings`.
        public var directory = AbsolutePath.of("recordings")

        public init() {}
    }
}

/// Paths as given, made absolute by the working directory.
enum AbsolutePath {
    static func of(_ path: String) -> String {
        guard !path.hasPrefix("/"), let working = getcwd(nil, 0) else { return path }
        defer { free(working) }
        let base = String(cString: working)
        return base.hasSuffix("/") ? base + path : base + "/" + path
    }
}
