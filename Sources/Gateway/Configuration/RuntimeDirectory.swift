internal import Glibc

/// Where files live that are worth nothing after the process has ended.
enum RuntimeDirectory {
    /// The folder that systemd made for the service, else one in the user's own runtime folder, else one in `/tmp` that
    /// carries the user's id.
    static func path(environment: [String: String]) -> String {
        // systemd gives a list when the unit names several.
        if let given = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first, given.hasPrefix("/") {
            return String(given)
        }
        if let user = environment["XDG_RUNTIME_DIR"], user.hasPrefix("/") {
            return user + "/tern"
        }
        return "/tmp/tern-\(getuid())"
    }
}
