internal import Glibc
internal import SIPNames

/// The memory that this process and its children may use.
enum MachineMemory {
    /// In bytes: the machine's RAM, or the least limit of the control groups (cgroup v2) that this process is in.
    static var available: Int {
        available(ram: max(0, sysconf(Int32(_SC_PHYS_PAGES))) &* max(0, sysconf(Int32(_SC_PAGESIZE))), membership: read("/proc/self/cgroup")) {
            read("/sys/fs/cgroup\($0)/memory.max")
        }
    }

    /// - Parameters:
    ///   - membership: The text of `/proc/self/cgroup`; nil where there is none.
    ///   - limit: Reads `memory.max` of the group with that path: a number of bytes, or `max`.
    static func available(ram: Int, membership: String?, limit: (String) -> String?) -> Int {
        let line = membership?.split(separator: "\n").first { $0.hasPrefix("0::/") }
        var path = line.map { $0.dropFirst("0::".count) } ?? ""
        var least = ram
        // The limits of all groups above count as well.
        while !path.isEmpty {
            let text = limit(path == "/" ? "" : String(path)).map { String($0.prefix { $0 != "\n" }) }
            if let bytes = text.flatMap({ Int($0) }), bytes > 0 { least = min(least, bytes) }
            guard path != "/", let slash = path.lastIndex(of: "/") else { break }
            path = slash == path.startIndex ? "/" : path[..<slash]
        }
        return least
    }

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 8_192)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }
}

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

/// Paths as given, made absolute by the working directory.
enum AbsolutePath {
    static func of(_ path: String) -> String {
        guard !path.hasPrefix("/"), let working = getcwd(nil, 0) else { return path }
        defer { free(working) }
        let base = String(cString: working)
        return base.hasSuffix("/") ? base + path : base + "/" + path
    }
}
