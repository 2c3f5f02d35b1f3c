internal import Glibc

/// Writes whole lines to a descriptor, on a thread of its own: whoever logs waits neither for a reader nor for a disk.
///
/// Lines wait in a bounded queue. Those that come while it is full are dropped and counted, and so are those that a full disk does not take; a line says how many.
/// A line waits for others for ``LineWriter/delay``: waking the thread for each costs whoever logs more than the line itself.
final class LineWriter: Sendable {
    /// Bytes of lines that wait.
    static let capacity = 1_048_576
    /// How long a line that is not urgent may wait for others.
    static let delay = Duration.milliseconds(20)

    private let queue: LineQueue

    /// - Parameters:
    ///   - notice: Makes the line that tells how many were dropped before the next one.
    ///   - onDrop: Called for each line that is dropped, on any thread.
    init(
        descriptor: Int32, capacity: Int = LineWriter.capacity, delay: Duration = LineWriter.delay, notice: @escaping @Sendable (Int) -> String,
        onDrop: @escaping @Sendable () -> Void = {}
    ) {
        queue = LineQueue(descriptor: descriptor, capacity: capacity, delay: delay, notice: notice, onDrop: onDrop)
    }

    deinit { queue.end() }

    /// - Parameter isUrgent: Whether it, and what waits, is written at once.
    func write(_ line: String, isUrgent: Bool = false) { queue.add(line, isUrgent: isUrgent) }

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

        /// With its end.
        var size: Int { text.utf8.count + 1 }
    }

    private let descriptor: Int32
    private let isSocket: Bool
    private let capacity: Int
    private let delay: Duration
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
    /// The thread waits for a first line, and not for more.
    private var isAsleep = false
    /// What waits is to be written at once.
    private var isUrgent = false
    private var isRunning = false
    private var hasEnded = false

    /// The following belong to the thread.
    private var lost = 0
    /// The rest of a line whose beginning is out: lines are written whole or not at all.
    private var rest: [UInt8] = []

    init(descriptor: Int32, capacity: Int, delay: Duration, notice: @escaping @Sendable (Int) -> String, onDrop: @escaping @Sendable () -> Void) {
        self.descriptor = descriptor
        self.capacity = capacity
        self.delay = delay
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

    func add(_ text: String, isUrgent: Bool) {
        let line = withLock { () -> Line? in
            let line = Line(text: text, missed: missed)
            guard bytes + line.size <= capacity, !hasEnded, isRunning || start() else {
                missed += 1
                return nil
            }
            waiting.append(line)
            (missed, bytes) = (0, bytes + line.size)
            if isUrgent || bytes > capacity / 2 { self.isUrgent = true }
            if isAsleep || self.isUrgent { pthread_cond_broadcast(changed) }
            return line
        }
        if line == nil { onDrop() }
    }

    func flush(within limit: Duration) -> Bool {
        var end = LineQueue.time(after: limit)
        return withLock {
            while bytes > 0 {
                isUrgent = true
                pthread_cond_broadcast(changed)
                guard pthread_cond_timedwait(changed, mutex, &end) == 0 else { return bytes == 0 }
            }
            return true
        }
    }

    /// Of the monotonic clock.
    private static func time(after delay: Duration) -> timespec {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let (seconds, fraction) = delay.components
        let nanoseconds = time.tv_nsec + Int(fraction / 1_000_000_000)
        time.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
        time.tv_nsec = nanoseconds % 1_000_000_000
        return time
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
            var left = lines[...]
            while let line = left.first {
                // Together only where nothing is owed, and nothing has to be said about others.
                var size = 0
                let fitting = left.prefix { next in
                    size += next.size
                    return size <= LineQueue.mostTogether && next.missed == 0
                }
                let written = rest.isEmpty && lost == 0 && fitting.count > 1 ? writeTogether(fitting) : 0
                if written == 0, !write(line) { onDrop() }
                let done = left.prefix(max(written, 1))
                left = left.dropFirst(done.count)
                withLock {
                    bytes -= done.reduce(0) { $0 + $1.size }
                    if bytes == 0 { pthread_cond_broadcast(changed) }
                }
            }
        }
    }

    /// Bytes that are written at a time, where they are more than a line: what a pipe takes as a whole also where others write to it (PIPE_BUF).
    private static let mostTogether = 4_096

    /// - Returns: How many lines are out. The next one may have begun; its rest is owed then, and it counts as out.
    private func writeTogether(_ lines: ArraySlice<Line>) -> Int {
        var text: [UInt8] = []
        text.reserveCapacity(LineQueue.mostTogether)
        for line in lines {
            text.append(contentsOf: line.text.utf8)
            text.append(UInt8(ascii: "\n"))
        }
        var written = put(text, lines: lines.count)
        var count = 0
        for line in lines where written > 0 {
            count += 1
            if written < line.size { rest = Array((line.text + "\n").utf8.dropFirst(written)) }
            written -= line.size
        }
        return count
    }

    /// What waits; nil at the end.
    private func take() -> [Line]? {
        withLock {
            while waiting.isEmpty {
                guard !hasEnded else { return nil }
                isAsleep = true
                pthread_cond_wait(changed, mutex)
                isAsleep = false
            }
            var end = LineQueue.time(after: delay)
            while !isUrgent, !hasEnded, pthread_cond_timedwait(changed, mutex, &end) == 0 {}
            isUrgent = false
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
        let written = put(text, lines: 1)
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
    private func put(_ bytes: [UInt8], lines: Int) -> Int {
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
                for _ in 0..<lines { onDrop() }
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
