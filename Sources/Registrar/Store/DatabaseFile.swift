internal import Glibc

/// The file of a database, as SQLite does not see to it: that it is private, and that a damaged one is kept.
struct DatabaseFile: Sendable {
    let path: String

    /// Which file it is, so that one that was replaced or deleted is noticed.
    struct Identity: Equatable {
        let device: dev_t
        let node: ino_t
    }

    /// Makes the file where it is missing, for its owner alone. SQLite gives its side files the same mode.
    func prepare() throws(RegistrarError) {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        var status = stat()
        guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw .noDirectory(directory) }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("\(path): \(DatabaseFile.text(errno))") }
        defer { close(descriptor) }
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .unavailable("\(path) is no file") }
        if status.st_mode & 0o077 != 0 { fchmod(descriptor, 0o600) }
    }

    /// Nil when there is none.
    var identity: Identity? {
        var status = stat()
        return stat(path, &status) == 0 ? Identity(device: status.st_dev, node: status.st_ino) : nil
    }

    /// Gives the file another name, which has the time in it. Call it when the database is closed.
    func moveAside() throws(RegistrarError) -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%Y%m%dT%H%M%SZ", &parts)
        let date = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let name = "\(path).corrupt-\(date)"
        guard rename(path, name) == 0 else { throw .unavailable("\(path) is damaged, and cannot be renamed: \(DatabaseFile.text(errno))") }
        // A log that belongs to the damaged file must not be applied to a new one.
        for side in ["-wal", "-shm", "-journal"] where rename(path + side, name + side) != 0 { unlink(path + side) }
        return name
    }

    private static func text(_ code: Int32) -> String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}
