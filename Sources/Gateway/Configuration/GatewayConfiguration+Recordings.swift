internal import Glibc
public import Recording

extension GatewayConfiguration {
    /// Section `recordings`.
    public struct Recordings: Sendable, Equatable {
        /// Key `recordings.directory`: where recordings are written; absolute here, and relative to the working directory
        /// where it was given relative. Default: `recordings`.
        public var directory = AbsolutePath.of("recordings")

        /// Key `recordings.video`: what becomes of pictures. Default: `side_by_side`.
        public var video = VideoStyle.sideBySide
        /// Key `recordings.keep_mjr`: whether Janus' own files stay beside what is made of them. Default: false.
        public var keepsCaptures = false
        /// Key `recordings.jobs`: how many recordings are finished at once, 1 to 16. Default: 1.
        public var jobs = 1
        /// Key `recordings.minimum_free`: with less room in the directory nothing is recorded, in bytes. 0 to 1 PiB. Default: 256M.
        public var minimumFree = 256 << 20
        /// Key `recordings.ffmpeg`: path or name of the program. Default: `ffmpeg`.
        public var ffmpeg = "ffmpeg"

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
