internal import Dispatch
internal import Glibc

/// An open file that is the body of an ``HTTPResponse``. It is read off the loop while it is sent, and closed with this object.
public final class HTTPFile: Sendable, Equatable {
    /// Bytes that it had when it was opened; so many are sent.
    public let size: Int
    private let descriptor: Int32
    private static let queue = DispatchQueue(label: "tern.http.files", attributes: .concurrent)

    /// Opens a regular file, off the loop; nil where there is none that can be read.
    public static func open(_ path: String) async -> HTTPFile? {
        await withCheckedContinuation { done in queue.async { done.resume(returning: HTTPFile(path)) } }
    }

    private init?(_ path: String) {
        descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            size = 0
            return nil
        }
        size = Int(status.st_size)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Bytes from there on; fewer than asked for at its end, none where it cannot be read.
    func read(at offset: Int, count: Int) async -> [UInt8] {
        await withCheckedContinuation { done in
            HTTPFile.queue.async { [descriptor] in
                done.resume(returning: [UInt8](unsafeUninitializedCapacity: count) { space, filled in
                    filled = max(0, pread(descriptor, space.baseAddress, count, off_t(offset)))
                })
            }
        }
    }

    public static func == (left: HTTPFile, right: HTTPFile) -> Bool { left === right }
}
