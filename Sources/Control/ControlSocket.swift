internal import Glibc

/// Why the control socket cannot be used.
public struct ControlError: Error, CustomStringConvertible {
    public let description: String
    /// Whether no gateway is there to be asked.
    public let isUnreachable: Bool

    public init(_ description: String, isUnreachable: Bool = false) {
        self.description = description
        self.isUnreachable = isUnreachable
    }

    /// `what`, and the reason that the system gives.
    static func system(_ what: String) -> ControlError { ControlError("\(what): \(String(cString: strerror(errno)))") }
}

/// The calls of the system that both ends of the control socket need.
enum ControlSocket {
    static func prepareDirectory(of path: String) throws(ControlError) {
        guard let slash = path.lastIndex(of: "/") else { throw ControlError("\(path) is no absolute path") }
        let directory = String(path[..<slash])
        if mkdir(directory, 0o700) != 0, errno != EEXIST { throw .system(directory) }
        var status = stat()
        guard lstat(directory, &status) == 0 else { throw .system(directory) }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else { throw ControlError("\(directory) is no directory of this user's") }
    }

    static func listen(at path: String) throws(ControlError) -> Int32 {
        let descriptor = try open()
        unlink(path)
        let bound = try withAddress(path) { bind(descriptor, $0, $1) }
        guard bound == 0, chmod(path, 0o600) == 0, Glibc.listen(descriptor, 16) == 0 else {
            defer { close(descriptor) }
            throw .system(path)
        }
        return descriptor
    }

    static func connect(to path: String) throws(ControlError) -> Int32 {
        let descriptor = try open()
        let connected = try withAddress(path) { Glibc.connect(descriptor, $0, $1) }
        guard connected == 0 else {
            defer { close(descriptor) }
            throw .system(path)
        }
        return descriptor
    }

    private static func open() throws(ControlError) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("a socket") }
        return descriptor
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(ControlError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else { throw ControlError("\(path) is too long for a socket") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    static func setTimeout(_ descriptor: Int32, seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    /// The user at the other end.
    static func user(of descriptor: Int32) -> uid_t? {
        // struct ucred of unix(7): pid, uid, gid.
        var credentials: (pid: pid_t, uid: uid_t, gid: gid_t) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return nil }
        return credentials.uid
    }

    /// Reads up to the end of the line, which may be that of the connection; nil where it is longer than `limit`, or nothing comes.
    static func readLine(_ descriptor: Int32, limit: Int) -> String? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count == 0 && !bytes.isEmpty ? String(decoding: bytes, as: UTF8.self) : nil }
            if let end = buffer.prefix(count).firstIndex(of: UInt8(ascii: "\n")) {
                bytes += buffer[..<end]
                return bytes.count <= limit ? String(decoding: bytes, as: UTF8.self) : nil
            }
            bytes += buffer.prefix(count)
            guard bytes.count <= limit else { return nil }
        }
    }

    static func write(_ descriptor: Int32, _ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
