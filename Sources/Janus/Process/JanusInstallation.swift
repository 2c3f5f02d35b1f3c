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
