internal import EventLoop
internal import Glibc

/// Where a Janus is installed: its program and its WebSocket transport, with Tern's own plugin for it.
struct JanusInstallation {
    /// A shared library that Janus loads.
    struct Library {
        /// The file's name in Janus' folder, which ends in `.so`.
        let name: String
        let path: String
    }

    /// Path of the program.
    let program: String
    /// The transport, and Tern's own plugin.
    let transport: Library
    let engine: Library

    private static let transportName = "libjanus_websockets.so"

    /// - Parameters:
    ///   - executable: Path or name of the program.
    ///   - libraries: Where its transports are; looked for when `nil`.
    ///   - engine: Path of Tern's own plugin; looked for when `nil`.
    /// - Throws: `.installation` when something is missing.
    init(executable: String, libraries: String?, engine: String?) throws(JanusProcessError) {
        do throws(ChildProcessError) {
            program = try ChildProcess.Command.find(executable)
        } catch {
            throw .installation(error.description)
        }
        let directory: String
        if let libraries { directory = libraries } else { directory = try JanusInstallation.libraries(beside: program) }
        self.engine = Library(name: EngineLibrary.name, path: try EngineLibrary.find(configured: engine))
        transport = Library(name: JanusInstallation.transportName, path: "\(directory)/transports/\(JanusInstallation.transportName)")
        guard access(transport.path, R_OK) == 0 else { throw .installation("\(transport.path): \(String(cString: strerror(errno)))") }
    }

    /// Looks under the program's own prefix first: `bin/janus` belongs to `lib/janus` or `lib/<architecture>/janus`.
    private static func libraries(beside program: String) throws(JanusProcessError) -> String {
        var prefixes = ["/usr", "/usr/local", "/opt/janus"]
        if let resolved = realpath(program, nil) {
            let parts = String(cString: resolved).split(separator: "/")
            prefixes.insert(parts.dropLast(2).map { "/\($0)" }.joined(), at: 0)
            free(resolved)
        }
        for prefix in prefixes {
            for pattern in ["\(prefix)/lib/janus", "\(prefix)/lib/*/janus"] {
                if let transports = first(matching: "\(pattern)/transports") { return String(transports.dropLast("/transports".count)) }
            }
        }
        throw .installation("no transports of Janus found in \(prefixes.map { "\($0)/lib" }.joined(separator: ", "))")
    }

    private static func first(matching pattern: String) -> String? {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0, found.gl_pathc > 0, let path = found.gl_pathv?[0] else { return nil }
        return String(cString: path)
    }
}

/// The shared library of `janus.plugin.tern`.
enum EngineLibrary {
    /// As the package manager names the product `janus_tern`.
    static let name = "libjanus_tern.so"

    /// The library's path: where the configuration says, else beside this program, else in `../lib/tern` of the program's folder.
    ///
    /// - Throws: `.installation`, naming all places, when there is none.
    static func find(configured: String?, beside folder: String = EngineLibrary.programFolder) throws(JanusProcessError) -> String {
        let candidates = configured.map { [$0] } ?? ["\(folder)/\(name)", "\(folder)/../lib/tern/\(name)"]
        if let path = candidates.first(where: { access($0, R_OK) == 0 }) { return path }
        throw .installation(
            "Tern's plugin for Janus is missing: no readable file \(candidates.joined(separator: " or ")). "
                + "\"swift build --product janus_tern\" builds it; janus.plugin says where it is")
    }

    /// The folder of the running program.
    static var programFolder: String {
        guard let path = realpath("/proc/self/exe", nil) else { return "." }
        defer { free(path) }
        return "/" + String(cString: path).split(separator: "/").dropLast().joined(separator: "/")
    }
}

/// TCP ports and addresses of this machine.
enum LocalPort {
    /// A port on 127.0.0.1 that nothing listens on at the moment; `preferred` when that is one.
    static func free(preferred: UInt16? = nil) throws(JanusProcessError) -> UInt16 {
        if let preferred, let port = bound(in_addr(s_addr: UInt32(0x7f00_0001).bigEndian), preferred, SOCK_STREAM) { return port }
        guard let port = bound(in_addr(s_addr: UInt32(0x7f00_0001).bigEndian), 0, SOCK_STREAM) else {
            throw .configuration("no port on 127.0.0.1: \(String(cString: strerror(errno)))")
        }
        return port
    }

    /// Whether sockets can be bound to an address.
    static func isOwn(_ address: in_addr) -> Bool { bound(address, 0, SOCK_DGRAM) != nil }

    /// Binds a socket and closes it again; the port that it had.
    private static func bound(_ address: in_addr, _ port: UInt16, _ type: __socket_type) -> UInt16? {
        let socket = socket(AF_INET, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return nil }
        defer { close(socket) }
        var one: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr = address
        name.sin_port = port.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(socket, name, length) == 0 && getsockname(socket, name, &length) == 0
            }
        }
        return status ? UInt16(bigEndian: name.sin_port) : nil
    }
}
