internal import Glibc

/// By what is told that a file is another than before, also where a link leads to another.
struct FileStamp: Hashable, Sendable {
    private var parts: [Int] = []

    /// Of several files; one that is not there has a stamp too. Blocks: not for the loop.
    init(_ paths: [String]) {
        for path in paths {
            var status = stat()
            guard stat(path, &status) == 0 else {
                parts += [0, 0, 0, 0]
                continue
            }
            parts += [
                Int(truncatingIfNeeded: status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
            ]
        }
    }
}
