internal import Glibc

/// Writes whole lines to a descriptor, on a thread of its own: whoever logs waits neither for a reader nor for a disk.
///
/// Lines wait in a bounded queue. Those that come while it is full are dropped and counted, and so are those that a full disk does not take; a line says how many.
final class LineWriter: Sendable {
    /// Bytes of lines that wait.
    static let capacity = 1_048_576

    private let queue: LineQueue

    /// - Parameters:
    ///   - notice: Makes the line that tells how many were dropped before the next one.
    ///   - onDrop: Called for each line that is dropped, on any thread.
    init(
        descriptor: Int32, capacity: Int = LineWriter.capacity, notice: @escaping @Sendable (Int) -> String, onDrop: @escaping @Sendable () -> Void = {}
    ) {
        queue = LineQueue(descriptor: descriptor, capacity: capacity, notice: notice, onDrop: onDrop)
    }

    deinit { queue.end() }

    func write(_ line: String) { queue.add(line) }

    /// Waits until all lines are written, or `limit` has passed.
    ///
    /// - Returns: Whether they are.
    @discardableResult
    func flush(within limit: Duration) -> Bool { queue.flush(within: limit) }
}

/// The lines that wait, and the thread that writes them.
private final class LineQueue: @unchecked Sendable {
    private struct Line {
        let text: String
        /// Lines before it that had no room.
        let missed: Int
    }

    private let descriptor: Int32
    private let isSocket: Bool
    private let capacity: Int
    private let notice: @Sendable (Int) -> String
    private let onDrop: @Sendable () -> Void
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// Lines have come, or are written; or it is over.
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// The following belong to whoever holds the mutex.
    private var waiting: [Line] = []
    /// Of the lines that wait, and of those that the thread has taken and not written.
    private var bytes = 0
    /// Lines since the last that waits, which had no room.
    private var missed = 0
    private var isRunning = false
    private var hasEnded = false

    /// The following belong to the thread.
    private var lost = 0
    /// The rest of a line whose beginning is out: lines are written whole or not at all.
    private var rest: [UInt8] = []

    init(descriptor: Int32, capacity: Int, notice: @escaping @Sendable (Int) -> String, onDrop: @escaping @Sendable () -> Void) {
        self.descriptor = descriptor
        self.capacity = capacity
        self.notice = notice
        self.onDrop = onDrop
        var status = stat()
        isSocket = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    func add(_ text: String) {
        let size = text.utf8.count + 1
        let isAdded = withLock {
            guard bytes + size <= capacity, !hasEnded, isRunning || start() else {
                missed += 1
                return false
            }
            waiting.append(Line(text: text, missed: missed))
            (missed, bytes) = (0, bytes + size)
            pthread_cond_broadcast(changed)
            return true
        }
        if !isAdded { onDrop() }
    }

    func flush(within limit: Duration) -> Bool {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let (seconds, fraction) = limit.components
        let nanoseconds = end.tv_nsec + Int(fraction / 1_000_000_000)
        end.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
        end.tv_nsec = nanoseconds % 1_000_000_000
        return withLock {
            while bytes > 0 { guard pthread_cond_timedwait(changed, mutex, &end) == 0 else { return bytes == 0 } }
            return true
        }
    }

    /// Takes no more lines; the thread ends when it has written what waits.
    func end() {
        _ = flush(within: .seconds(1))
        withLock {
            hasEnded = true
            pthread_cond_broadcast(changed)
        }
    }

    /// With the lock held. False when the system gives no thread.
    private func start() -> Bool {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let status = pthread_create(&thread, nil, { context in
            guard let context else { return nil }
            Unmanaged<LineQueue>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, context.toOpaque())
        guard status == 0 else {
            context.release()
            return false
        }
        pthread_detach(thread)
        isRunning = true
        return true
    }

    // MARK: On the thread

    private func run() {
        // Signals are for the others; a pipe whose reader is gone is an error.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        while let lines = take() {
            for line in lines {
                if !write(line) { onDrop() }
                withLock {
                    bytes -= line.text.utf8.count + 1
                    if bytes == 0 { pthread_cond_broadcast(changed) }
                }
            }
        }
    }

    /// What waits; nil at the end.
    private func take() -> [Line]? {
        withLock {
            while waiting.isEmpty {
                guard !hasEnded else { return nil }
                pthread_cond_wait(changed, mutex)
            }
            defer { waiting = [] }
            return waiting
        }
    }

    /// - Returns: Whether it was written.
    private func write(_ line: Line) -> Bool {
        lost += line.missed
        var text = rest
        let owed = rest.count
        if lost > 0 { text += Array((notice(lost) + "\n").utf8) }
        text += Array((line.text + "\n").utf8)
        let written = put(text)
        if written <= owed && written < text.count {
            // Nothing of the new lines is out: forget them.
            rest = Array(rest.dropFirst(written))
            lost += 1
            return false
        }
        rest = Array(text.dropFirst(written))
        lost = 0
        return true
    }

    /// - Returns: How many bytes went out. What can never go out, as to a closed pipe, counts as out; what a full disk does not take may go out later.
    private func put(_ bytes: [UInt8]) -> Int {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer -> Int in
                guard let start = buffer.baseAddress?.advanced(by: offset) else { return 0 }
                let length = bytes.count - offset
                return isSocket ? send(descriptor, start, length, Int32(MSG_NOSIGNAL)) : Glibc.write(descriptor, start, length)
            }
            if count > 0 {
                offset += count
                continue
            }
            switch count == 0 ? 0 : errno {
            case EINTR: break
            case EPIPE, EBADF:
                onDrop()
                return bytes.count
            case EAGAIN:
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&request, 1, -1)
            default: return offset
            }
        }
        return offset
    }
}
