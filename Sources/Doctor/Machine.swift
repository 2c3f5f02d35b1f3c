internal import Glibc
public import SIPNames

/// What checks want to know of the machine. A test has one of its own.
public struct Machine: Sendable {
    /// Why a port cannot be had.
    public enum Obstacle: Sendable, Equatable {
        case isTaken, mayNot, noSuchAddress
        case other(String)
    }

    /// The text of a file, as those of `/proc`; nil where it cannot be read.
    public var read: @Sendable (_ path: String) -> String?
    /// Binds a port for a moment; nil where that went well.
    public var obstacle: @Sendable (ListenAddress) -> Obstacle?
    /// What a program prints, when it ends with 0.
    public var output: @Sendable (_ program: String, _ arguments: [String]) -> String?
    /// Free bytes for this process' user in the file system of that folder; nil where it is not known.
    public var room: @Sendable (_ folder: String) -> Int?

    /// The service's user, where this runs as root and that user exists.
    public var serviceUser: String?

    public init(
        read: @escaping @Sendable (_ path: String) -> String?, obstacle: @escaping @Sendable (ListenAddress) -> Obstacle?,
        output: @escaping @Sendable (_ program: String, _ arguments: [String]) -> String?, room: @escaping @Sendable (_ folder: String) -> Int?,
        serviceUser: String? = nil
    ) {
        (self.read, self.obstacle, self.output, self.room, self.serviceUser) = (read, obstacle, output, room, serviceUser)
    }

    /// Whether the service's user can read a file; nil where that cannot be found out.
    func serviceCanRead(_ path: String) -> Bool? {
        guard let serviceUser else { return nil }
        let user = ["--reuid", serviceUser, "--regid", serviceUser, "--init-groups"]
        guard output("setpriv", user + ["true"]) != nil else { return nil }
        return output("setpriv", user + ["test", "-r", path]) != nil
    }

    func number(_ path: String) -> Int? { read(path).flatMap { Int($0.filter { !$0.isWhitespace }) } }

    /// This one.
    public static let this = Machine(read: readFile, obstacle: bind, output: run, room: freeRoom, serviceUser: geteuid() == 0 && getpwnam("tern") != nil ? "tern" : nil)

    private static func readFile(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < 1 << 20, case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func bind(_ listener: ListenAddress) -> Obstacle? {
        guard let address = SocketAddress(address: listener.address, port: listener.port) else { return .noSuchAddress }
        let type = listener.transport == .udp ? SOCK_DGRAM : SOCK_STREAM
        let descriptor = socket(address.family, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .other(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var on: Int32 = 1
        // As a server does it: connections that are being closed are in nobody's way.
        if listener.transport != .udp { setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size)) }
        if address.ip.isIPv6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, socklen_t(MemoryLayout<Int32>.size)) }
        guard address.withPointer({ Glibc.bind(descriptor, $0, $1) }) != 0 else { return nil }
        return switch errno {
        case EADDRINUSE: .isTaken
        case EACCES: .mayNot
        case EADDRNOTAVAIL: .noSuchAddress
        case let number: .other(String(cString: strerror(number)))
        }
    }

    private static func run(_ program: String, _ arguments: [String]) -> String? {
        var pipes: [Int32] = [0, 0]
        guard pipe(&pipes) == 0 else { return nil }
        defer { close(pipes[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, pipes[1], 1)
        for end in pipes { posix_spawn_file_actions_addclose(&actions, end) }
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let failure = posix_spawnp(&child, program, &actions, nil, &words, environ)
        close(pipes[1])
        guard failure == 0 else { return nil }
        var bytes: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = Glibc.read(pipes[0], &buffer, buffer.count), count > 0 { if bytes.count < 4 << 20 { bytes += buffer[..<count] } }
        var status: Int32 = 0
        guard waitpid(child, &status, 0) == child, status == 0 else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func freeRoom(_ folder: String) -> Int? {
        var state = statvfs()
        guard statvfs(folder, &state) == 0 else { return nil }
        return Int(clamping: UInt64(state.f_bavail).multipliedReportingOverflow(by: UInt64(state.f_frsize)).partialValue)
    }
}
