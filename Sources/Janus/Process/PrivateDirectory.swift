internal import Glibc

/// A directory that only this user can look into, because secrets are in it.
struct PrivateDirectory {
    let path: String

    /// Makes the directory, its parents too where they are missing, or takes it over when it belongs to this user.
    init(_ path: String) throws(JanusProcessError) {
        self.path = path
        var parent = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/").dropLast() {
            parent += "/\(part)"
            if mkdir(parent, 0o755) != 0, errno != EEXIST { throw PrivateDirectory.failure(parent) }
        }
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw PrivateDirectory.failure(path) }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw PrivateDirectory.failure(path) }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else {
            throw .file(path: path, reason: "is no directory of this user's")
        }
        guard chmod(path, 0o700) == 0 else { throw PrivateDirectory.failure(path) }
    }

    /// Writes a file of this user's, in place of what had its name.
    func write(_ text: String, to name: String) throws(JanusProcessError) {
        let file = "\(path)/\(name)"
        unlink(file)
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PrivateDirectory.failure(file) }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else { throw PrivateDirectory.failure(file) }
            rest = rest.dropFirst(written)
        }
    }

    /// Makes a folder that holds links to `libraries` and nothing else.
    func link(_ libraries: [JanusInstallation.Library], in name: String) throws(JanusProcessError) {
        let folder = try PrivateDirectory("\(path)/\(name)")
        folder.empty()
        for library in libraries {
            let link = "\(folder.path)/\(library.name)"
            guard symlink(library.path, link) == 0 else { throw PrivateDirectory.failure(link) }
        }
    }

    private func empty() {
        guard let directory = opendir(path) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { unlink("\(path)/\(name)") }
        }
    }

    private static func failure(_ path: String) -> JanusProcessError {
        .file(path: path, reason: String(cString: strerror(errno)))
    }
}
