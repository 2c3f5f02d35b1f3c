internal import Dispatch
internal import Glibc

/// What the recordings need of the file system. Blocking.
enum FileSystem {
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    static func size(_ path: String) -> Int {
        var status = stat()
        return lstat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Bytes that there is room for in a directory; nil where the system does not say.
    static func free(_ directory: String) -> Int? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int(clamping: bytes)
    }

    /// The names in a directory.
    static func names(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The first kilobytes of an open file.
    static func text(_ descriptor: Int32) -> String {
        let bytes = [UInt8](unsafeUninitializedCapacity: 4_096) { space, filled in
            filled = max(0, pread(descriptor, space.baseAddress, 4_096, 0))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func remove(_ path: String) { unlink(path) }

    /// Makes an empty directory of this user's, in place of one that was left behind.
    static func makeFresh(_ path: String) throws(RecordingError) {
        removeFolder(path)
        guard mkdir(path, 0o700) == 0 else { throw .system(path) }
    }

    /// Removes a directory of files; harmless where there is none.
    static func removeFolder(_ path: String) {
        for name in names(path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    /// Puts a file that is complete into place: after this it is there, also when the machine loses power.
    static func commit(_ path: String, to target: String, in directory: String) throws(RecordingError) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw .system(path) }
        defer { close(file) }
        guard fchmod(file, 0o640) == 0, fsync(file) == 0, rename(path, target) == 0 else { throw .system(target) }
        let folder = open(directory, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }
}

/// Runs what may wait for a disk, one after another, on a thread of its own.
final class DiskQueue: Sendable {
    private let queue = DispatchQueue(label: "tern.recording.disk")

    func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(RecordingError) -> Value
    ) async throws(RecordingError) -> Value {
        let result: Result<Value, RecordingError> = await withCheckedContinuation { done in
            queue.async {
                do throws(RecordingError) {
                    done.resume(returning: .success(try body()))
                } catch {
                    done.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
