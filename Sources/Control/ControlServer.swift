public import BrowserAPI
internal import EventLoop
internal import Glibc
public import Logging
internal import Synchronization

/// Takes the commands of class `admin` from programs of this machine, over a Unix socket that only this user and root can reach.
///
/// A connection is for one request: a line with a message as on the browser API, which is answered by a line. Requests are taken by threads of their own, so that one
/// whose answer takes long, as from a database that does not answer, holds up no other.
public final class ControlServer: Sendable {
    /// Longest request, in bytes.
    static let longestRequest = 65_536
    /// Requests that are taken at once; further ones wait for one of these.
    static let threads = 8
    /// How long a request may take to come, and its answer to be read, each time that something is waited for.
    private static let patience = 2
    /// How long a command may take, in seconds.
    private static let commandLimit = 30

    private let path: String
    private let commands: AdminCommands
    private let log: Logger
    private let descriptor: Int32
    private let isStopped = Atomic(false)
    /// Threads that may still take requests.
    private let running = Atomic(0)

    /// Listens.
    ///
    /// - Parameter path: In a directory that is made where it is missing, and belongs to this user alone.
    public init(path: String, commands: AdminCommands, log: Logger) throws(ControlError) {
        self.path = path
        self.commands = commands
        self.log = log
        try ControlSocket.prepareDirectory(of: path)
        descriptor = try ControlSocket.listen(at: path)
        running.store(ControlServer.threads, ordering: .relaxed)
        let started = (0..<ControlServer.threads).count { _ in Thread { [self] in run() }.start() }
        guard started > 0 else {
            close(descriptor)
            throw ControlError("no thread can be started")
        }
        for _ in started..<ControlServer.threads { ended() }
        log.info("listening for commands", metadata: ["socket": "\(path)"])
    }

    /// Stops listening. A request that is being answered gets its answer.
    public func stop() {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        unlink(path)
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private func run() {
        while !isStopped.load(ordering: .relaxed) {
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else {
                // No descriptor is free, perhaps: not at full speed.
                if !isStopped.load(ordering: .relaxed), errno != EINTR { usleep(100_000) }
                continue
            }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            serve(connection)
            close(connection)
        }
        ended()
    }

    /// The last thread closes the socket.
    private func ended() {
        if running.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { close(descriptor) }
    }

    private func serve(_ connection: Int32) {
        ControlSocket.setTimeout(connection, seconds: ControlServer.patience)
        guard let peer = ControlSocket.user(of: connection), peer == 0 || peer == geteuid() else {
            log.notice("a command was refused: it comes from another user", metadata: ["uid": "\(ControlSocket.user(of: connection).map(String.init) ?? "unknown")"])
            return
        }
        guard let line = ControlSocket.readLine(connection, limit: ControlServer.longestRequest) else { return }
        _ = ControlSocket.write(connection, answer(line) + "\n")
    }

    private func answer(_ line: String) -> String {
        let waiting = DispatchedAnswer()
        LoopActor.task { [commands] in waiting.set(await commands.answer(line)) }
        return waiting.wait(seconds: ControlServer.commandLimit) ?? #"{"result":"error","data":{"code":0,"error":"the gateway does not answer"},"tid":null}"#
    }
}

/// An answer that a thread waits for.
private final class DispatchedAnswer: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var text: String?

    init() {
        pthread_mutex_init(mutex, nil)
        // A clock that nobody sets: else the wait might last as long as it was set back.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func set(_ text: String) {
        pthread_mutex_lock(mutex)
        self.text = text
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    func wait(seconds: Int) -> String? {
        var limit = timespec()
        clock_gettime(CLOCK_MONOTONIC, &limit)
        limit.tv_sec += seconds
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while text == nil { if pthread_cond_timedwait(condition, mutex, &limit) != 0 { break } }
        return text
    }
}

/// A thread that nobody joins.
private final class Thread {
    private let body: () -> Void

    init(_ body: @escaping () -> Void) { self.body = body }

    func start() -> Bool {
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(self)
        let status = pthread_create(&thread, nil, { argument in
            if let argument { Unmanaged<Thread>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, retained.toOpaque())
        guard status == 0 else {
            retained.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}
