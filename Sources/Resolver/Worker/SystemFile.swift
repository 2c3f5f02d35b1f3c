internal import Glibc

/// A file that others change now and then.
struct SystemFile {
    /// What changes with the content: which file it is, its size, when it was written.
    struct Stamp: Equatable {
        var device: UInt64 = 0
        var node: UInt64 = 0
        var size = 0
        var seconds = 0
        var nanoseconds = 0
    }

    let path: String

    /// All zero when there is no such file.
    var stamp: Stamp {
        var status = stat()
        guard stat(path, &status) == 0 else { return Stamp() }
        return Stamp(
            device: UInt64(status.st_dev), node: UInt64(status.st_ino), size: Int(status.st_size),
            seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }

    /// At most `limit` bytes of it; empty when it cannot be read.
    func text(limit: Int) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let more = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress?.advanced(by: count), limit - count) }
            guard more > 0 else { break }
            count += more
        }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
