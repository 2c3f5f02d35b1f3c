internal import Glibc

/// Where files live that are worth nothing after the process has ended.
enum RuntimeDirectory {
    /// The folder that systemd made for the service, else one in the user's own runtime folder, else one in `/tmp`.
    ///
    /// The latter two carry the first SIP listener, since no two gateways of a machine share it, and the one in `/tmp` the
    /// user's id, since it is everybody's.
    static func path(environment: [String: String], listener: ListenAddress?) -> String {
        // systemd gives a list when the unit names several.
        if let given = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first, given.hasPrefix("/") {
            return String(given)
        }
        let suffix = listener.map { "-" + $0.address.map { $0 == ":" ? "_" : String($0) }.joined() + "-\($0.port)" } ?? ""
        if let user = environment["XDG_RUNTIME_DIR"], user.hasPrefix("/") {
            return user + "/tern" + suffix
        }
        return "/tmp/tern-\(getuid())" + suffix
    }
}
