internal import CSofiaSIP
internal import CUV
internal import Glibc

/// The one thread: Sofia-SIP's `su_root` is the main loop, a libuv loop is its guest, Swift jobs run between the two.
///
/// The thread starts with the first job and ends with ``stop()``; the next job starts a new one. Sofia and libwebsockets
/// take their loops from ``sofiaRoot`` and ``uvLoop``.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    public static let shared = EventLoop()

    /// Jobs run in one turn before the loop looks at its sockets again: a burst of jobs must not starve SIP.
    private static let jobsPerTurn = 256

    /// Longest sleep, in milliseconds, when nothing is due.
    private static let longestStep = 10_000

    /// Guards `inbox`, `turning` and `stopping`, which other threads reach.
    private let lock = PthreadLock()
    private var inbox: [UnownedJob] = []
    private var thread: pthread_t?
    private var stopping = false
    private var wakeDescriptor: Int32 = -1
    private var woken = false

    /// The following belong to the loop's own thread.
    private var jobs = JobQueue()
    private var stepping = false
    private var root: OpaquePointer?
    private var uv: UnsafeMutablePointer<uv_loop_t>?
    private var watches: [Int32] = []

    private init() {}

    // MARK: Executor

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        lock.withLock {
            inbox.append(job)
            if thread == nil { startThread() }
            // The thread itself looks into the inbox before it steps; within a step it must be woken like any other.
            let awake = isCurrentThread && !stepping
            if !awake && !woken {
                woken = true
                eventfd_write(wakeDescriptor, 1)
            }
        }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    public func checkIsolated() {
        precondition(isCurrentThread, "this must run on the event loop's thread")
    }

    public func isIsolatingCurrentContext() -> Bool? { isCurrentThread }

    /// Whether the caller runs on the loop's thread.
    public var isCurrentThread: Bool { pthread_getspecific(EventLoop.threadMark) != nil }

    /// Marks the loop's thread, so that asking "is it mine?" takes no lock.
    private static let threadMark: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    // MARK: The two libraries' loops

    /// Sofia's `su_root_t *`.
    @LoopActor public var sofiaRoot: OpaquePointer {
        guard let root else { preconditionFailure("the loop's thread has a root while it runs") }
        return root
    }

    /// The `uv_loop_t *`, for libwebsockets as its foreign loop.
    @LoopActor public var uvLoop: UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(uvLoopPointer)
    }

    @LoopActor internal var uvLoopPointer: UnsafeMutablePointer<uv_loop_t> {
        guard let uv else { preconditionFailure("the loop's thread has a uv loop while it runs") }
        return uv
    }

    // MARK: Life

    /// Ends the thread after the jobs that are queued have run, and frees both loops. Blocks until it has ended.
    ///
    /// Call it from outside the loop, after whatever used the loops was stopped. The loop may be used again afterwards.
    public func stop() {
        precondition(!isCurrentThread, "the loop cannot wait for its own end")
        let ending: pthread_t? = lock.withLock {
            guard let thread else { return nil }
            stopping = true
            eventfd_write(wakeDescriptor, 1)
            return thread
        }
        guard let ending else { return }
        pthread_join(ending, nil)
        lock.withLock {
            close(wakeDescriptor)
            wakeDescriptor = -1
            thread = nil
            stopping = false
            woken = false
            if !inbox.isEmpty { startThread() }
        }
    }

    /// With the lock held.
    private func startThread() {
        wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        precondition(wakeDescriptor >= 0, "no file descriptor left for the event loop")
        woken = false
        var new = pthread_t()
        let status = pthread_create(&new, nil, { _ in EventLoop.shared.run(); return nil }, nil)
        precondition(status == 0, "no thread for the event loop")
        thread = new
        if !inbox.isEmpty {
            woken = true
            eventfd_write(wakeDescriptor, 1)
        }
    }

    private func run() {
        // The parent of this process may have blocked it, and a mask is inherited: libuv would never learn that a child has ended.
        var children = sigset_t()
        sigemptyset(&children)
        sigaddset(&children, SIGCHLD)
        pthread_sigmask(SIG_UNBLOCK, &children, nil)
        pthread_setspecific(EventLoop.threadMark, Unmanaged.passUnretained(self).toOpaque())
        setUp()
        while true {
            runJobs()
            if jobs.isEmpty, lock.withLock({ stopping && inbox.isEmpty }) { break }
            turn()
        }
        tearDown()
        pthread_setspecific(EventLoop.threadMark, nil)
    }

    // MARK: One turn

    private func runJobs() {
        takeInbox()
        for _ in 0..<EventLoop.jobsPerTurn {
            guard let job = jobs.popFirst() else {
                takeInbox()
                if jobs.isEmpty { return }
                continue
            }
            job.runSynchronously(
                isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
    }

    private func takeInbox() {
        lock.withLock {
            guard !inbox.isEmpty else { return }
            jobs.append(&inbox)
        }
    }

    /// Runs what libuv has due, then lets Sofia sleep until either library, a timer or a job needs the thread.
    private func turn() {
        guard let uv, let root else { return }
        var bound = EventLoop.longestStep
        // libuv registers new watchers with epoll only in uv_run: without this a socket added by a job would stay deaf.
        uv_run(uv, UV_RUN_NOWAIT)
        if uv_loop_alive(uv) != 0 {
            uv_update_time(uv)
            let due = Int(uv_backend_timeout(uv))
            if due >= 0 { bound = min(bound, due) }
        }
        lock.withLock {
            stepping = true
            if !inbox.isEmpty || !jobs.isEmpty || (stopping && inbox.isEmpty) { bound = 0 }
        }
        su_root_step(root, su_duration_t(bound))
        lock.withLock {
            stepping = false
            var count: eventfd_t = 0
            if woken || stopping { eventfd_read(wakeDescriptor, &count) }
            woken = false
        }
    }

    // MARK: Setting up and tearing down

    private func setUp() {
        su_init()
        SofiaClock.install()
        guard let root = su_root_create(nil) else { preconditionFailure("no memory for su_root") }
        su_root_threading(root, 0)
        let uv = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
        let status = uv_loop_init(uv)
        precondition(status == 0, "no resources for a uv loop")
        self.root = root
        self.uv = uv
        watch(wakeDescriptor, on: root)
        watch(uv_backend_fd(uv), on: root)
    }

    /// Readiness alone ends the step; what is ready is handled by the turn that follows.
    private func watch(_ descriptor: Int32, on root: OpaquePointer) {
        var wait = su_wait_t()
        su_wait_create(&wait, descriptor, Int32(POLLIN))
        let index = su_root_register(root, &wait, { _, _, _ in 0 }, nil, 0)
        precondition(index > 0, "su_root accepts a descriptor")
        watches.append(index)
    }

    private func tearDown() {
        guard let uv, let root else { return }
        for index in watches { su_root_deregister(root, index) }
        watches = []
        uv_walk(uv, { handle, _ in
            // The handles of a library that was not stopped are left alone, and with them the uv loop.
            guard let handle, LoopTimer.owns(handle), uv_is_closing(handle) == 0 else { return }
            LoopTimer.abandon(handle)
        }, nil)
        // Closing handles need a run to go; owners have closed theirs before, so a few runs suffice.
        for _ in 0..<64 where uv_loop_alive(uv) != 0 { uv_run(uv, UV_RUN_NOWAIT) }
        if uv_loop_close(uv) == 0 { uv.deallocate() }
        su_root_destroy(root)
        su_deinit()
        self.uv = nil
        self.root = nil
    }
}
