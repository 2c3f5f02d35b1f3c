internal import Glibc

/// Reads a configuration file whole, within bounds.
enum ConfigurationFile {
    /// - Returns: Nil when it cannot be read; the problem is then among `problems`.
    static func read(_ path: String, problems: ConfigurationProblems) -> String? {
        let origin = ConfigurationOrigin.file(path: path, line: 1, column: 1)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            problems.add(origin, key: "", "the file cannot be opened: \(String(cString: strerror(errno)))")
            return nil
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= ConfigurationYAML.longestText {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return decode(bytes, origin: origin, problems: problems) }
            if count < 0 {
                if errno == EINTR { continue }
                problems.add(origin, key: "", "the file cannot be read: \(String(cString: strerror(errno)))")
                return nil
            }
            bytes += chunk.prefix(count)
        }
        problems.add(origin, key: "", "the file is longer than 1 MiB")
        return nil
    }

    private static func decode(
        _ bytes: [UInt8], origin: ConfigurationOrigin, problems: ConfigurationProblems
    ) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            problems.add(origin, key: "", "the file is not UTF-8 text")
            return nil
        }
        return text
    }
}
