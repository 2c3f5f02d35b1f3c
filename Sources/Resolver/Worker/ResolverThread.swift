internal import CAres
internal import EventLoop
internal import Glibc

/// The thread that c-ares runs on. It takes questions and hands answers on; nothing else is shared with it.
///
/// A thread, and not the loop's sockets, because c-ares reads files, and reads from a name server for as long as that sends.
final class ResolverThread: @unchecked Sendable {
    typealias Answered = (question: DNSQuestion, result: DNSResult)

    private let configuration: ResolverConfiguration
    private let onAnswered: @Sendable ([Answered]) -> Void

    /// Guards the following.
    private let lock = PthreadLock()
    private var questions: [DNSQuestion] = []
    private var isRunning = false
    private var isStopping = false
    private var onEnd: [@Sendable () -> Void] = []
    private var wakeDescriptor: Int32 = -1

    /// - Parameter onAnswered: Called on the thread.
    init(_ configuration: ResolverConfiguration, onAnswered: @escaping @Sendable ([Answered]) -> Void) {
        self.configuration = configuration
        self.onAnswered = onAnswered
    }

    /// Each question gets one answer, unless the thread is stopped before. The first one starts the thread.
    func ask(_ questions: [DNSQuestion]) {
        let isAccepted = lock.withLock {
            guard !isStopping, isRunning || start() else { return false }
            self.questions += questions
            wake()
            return true
        }
        if !isAccepted { onAnswered(questions.map { ($0, .failure(.serverFailed)) }) }
    }

    /// Ends the thread; `onEnd` is called when it has ended, or at once where there is none.
    func stop(onEnd: @escaping @Sendable () -> Void) {
        let hasEnded = lock.withLock {
            isStopping = true
            guard isRunning else { return true }
            self.onEnd.append(onEnd)
            wake()
            return false
        }
        if hasEnded { onEnd() }
    }

    /// With the lock held.
    private func wake() {
        eventfd_write(wakeDescriptor, 1)
    }

    /// With the lock held. False when the system gives no descriptor or no thread.
    private func start() -> Bool {
        wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeDescriptor >= 0 else { return false }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let status = pthread_create(&thread, nil, { context in
            guard let context else { return nil }
            Unmanaged<ResolverThread>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, context.toOpaque())
        guard status == 0 else {
            context.release()
            close(wakeDescriptor)
            wakeDescriptor = -1
            return false
        }
        pthread_detach(thread)
        isRunning = true
        return true
    }

    // MARK: On the thread

    private func run() {
        // Signals are for the others; and c-ares writes to connections that may be gone.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        let descriptor = lock.withLock { wakeDescriptor }
        let channel = AresChannel(configuration)
        while let questions = takeQuestions() {
            for question in questions { channel.ask(question) }
            handOn(channel.takeAnswered())
            channel.turn(waking: descriptor)
            handOn(channel.takeAnswered())
        }
        channel.close()
        end()
    }

    /// Nil when the thread is to end.
    private func takeQuestions() -> [DNSQuestion]? {
        lock.withLock {
            var count: eventfd_t = 0
            eventfd_read(wakeDescriptor, &count)
            defer { questions = [] }
            return isStopping ? nil : questions
        }
    }

    private func handOn(_ answered: [Answered]) {
        if !answered.isEmpty { onAnswered(answered) }
    }

    private func end() {
        let onEnd = lock.withLock {
            close(wakeDescriptor)
            wakeDescriptor = -1
            isRunning = false
            defer { self.onEnd = [] }
            return self.onEnd
        }
        for each in onEnd { each() }
    }
}
