internal import EventLoop
internal import Glibc

/// Where a Janus is installed: its program and the libraries that Tern needs, with Tern's own plugin for it.
struct JanusInstallation {
    /// A shared library that Janus loads.
    struct Library {
        /// The file's name in Janus' folder, which ends in `.so`.
        let name: String
        let path: String
    }

    /// Path of the program.
    let program: String
    /// The plugins, Tern's own included.
    let plugins: [Library]
    let transports: [Library]

    private static let pluginNames = ["libjanus_nosip.so", "libjanus_echotest.so", "libjanus_videocall.so"]
    private static let transportNames = ["libjanus_websockets.so"]

    /// - Parameters:
    ///   - executable: Path or name of the program.
    ///   - libraries: Where its plugins and transports are; looked for when `nil`.
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
        let engine = Library(name: EngineLibrary.name, path: try EngineLibrary.find(configured: engine))
        plugins = try JanusInstallation.find(JanusInstallation.pluginNames, in: "\(directory)/plugins") + [engine]
        transports = try JanusInstallation.find(JanusInstallation.transportNames, in: "\(directory)/transports")
    }

    private static func find(_ names: [String], in directory: String) throws(JanusProcessError) -> [Library] {
        var libraries: [Library] = []
        for name in names {
            let path = "\(directory)/\(name)"
            guard access(path, R_OK) == 0 else { throw .installation("\(path): \(String(cString: strerror(errno)))") }
            libraries.append(Library(name: name, path: path))
        }
        return libraries
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
                if let plugins = first(matching: "\(pattern)/plugins") { return String(plugins.dropLast("/plugins".count)) }
            }
        }
        throw .installation("no plugins of Janus found in \(prefixes.map { "\($0)/lib" }.joined(separator: ", "))")
    }

    private static func first(matching pattern: String) -> String? {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0, found.gl_pathc > 0, let path = found.gl_pathv?[0] else { return nil }
        return String(cString: path)
    }
}
