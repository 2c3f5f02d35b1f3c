internal import Glibc

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
