internal import Glibc

/// Writes whole lines to a descriptor without ever waiting long for whoever reads it.
final class LineWriter: @unchecked Sendable {
    /// Longest wait for a reader, in milliseconds; once it has passed there is none until the reader reads again.
    private static let patience: Int32 = 50
    /// What a pipe that polls as writable takes at least without blocking.
    private static let chunk = Int(PIPE_BUF)

    private let descriptor: Int32
    private let isSocket: Bool
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    /// The following belong to whoever holds the mutex.
    private var isStalled = false
    private var dropped = 0
    /// The rest of a line whose beginning is out: lines are written whole or not at all.
    private var rest: [UInt8] = []

    init(descriptor: Int32) {
        self.descriptor = descriptor
        var status = stat()
        isSocket = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Writes a line, or drops it: where nobody reads, and where a disk is full.
    ///
    /// - Parameter notice: Makes the line that tells how many were dropped before this one.
    /// - Returns: Whether it was written.
    @discardableResult
    func write(_ line: String, notice: (Int) -> String) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var bytes = rest
        let owed = rest.count
        if dropped > 0 { bytes += Array((notice(dropped) + "\n").utf8) }
        bytes += Array((line + "\n").utf8)
        let written = put(bytes)
        if written <= owed && written < bytes.count {
            // Nothing of the new lines is out: forget them.
            rest = Array(rest.dropFirst(written))
            dropped += 1
            return false
        }
        rest = Array(bytes.dropFirst(written))
        dropped = 0
        return true
    }

    /// - Returns: How many bytes went out. What can never go out, as to a closed pipe, counts as out; what a full disk does not take may go out later.
    private func put(_ bytes: [UInt8]) -> Int {
        var offset = 0
        while offset < bytes.count {
            guard isReady() else { return offset }
            let length = min(LineWriter.chunk, bytes.count - offset)
            let count = bytes.withUnsafeBytes { buffer -> Int in
                guard let start = buffer.baseAddress?.advanced(by: offset) else { return 0 }
                return isSocket
                    ? send(descriptor, start, length, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
                    : Glibc.write(descriptor, start, length)
            }
            if count > 0 {
                offset += count
            } else if errno == EPIPE || errno == EBADF {
                return bytes.count
            } else if errno != EINTR {
                return offset
            }
        }
        return offset
    }

    private func isReady() -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        var status: Int32
        repeat {
            status = poll(&request, 1, isStalled ? 0 : LineWriter.patience)
        } while status < 0 && errno == EINTR
        isStalled = status == 0
        return status != 0
    }
}
