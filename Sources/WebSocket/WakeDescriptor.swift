internal import Glibc

/// The eventfd by which a context of libwebsockets wakes itself.
///
/// With libuv, version 4.1 closes it twice when the context is destroyed: at once, and again some turns of the loop later, when
/// the number may belong to whoever opened something meanwhile. So the number is kept occupied for the second time.
struct WakeDescriptor {
    let number: Int32
    /// What tells the placeholder from whatever else may have the number.
    private var placeholder: ino_t?

    init(number: Int32) { self.number = number }

    /// The eventfds of this process.
    static func all() -> Set<Int32> {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var found: Set<Int32> = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard let number = Int32(name) else { continue }
            var target = [CChar](repeating: 0, count: 64)
            let length = readlink("/proc/self/fd/\(name)", &target, target.count)
            let text = String(decoding: target.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text == "anon_inode:[eventfd]" { found.insert(number) }
        }
        return found
    }

    /// Takes the number, if the library has closed it.
    mutating func occupy() {
        guard fcntl(number, F_GETFD) == -1 else { return }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        defer { close(ends[1]) }
        if ends[0] != number {
            if ends[1] != number { dup2(ends[0], number) } else { ends[1] = dup(ends[1]); dup2(ends[0], number) }
            close(ends[0])
        }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        placeholder = WakeDescriptor.inode(of: number)
    }

    /// Frees the number where the library did not close it again.
    func vacate() {
        guard let placeholder, WakeDescriptor.inode(of: number) == placeholder else { return }
        close(number)
    }

    private static func inode(of descriptor: Int32) -> ino_t? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_ino : nil
    }
}
