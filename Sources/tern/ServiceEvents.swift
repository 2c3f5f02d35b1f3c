internal import Dispatch
internal import Synchronization

/// What the main thread waits for while the gateway runs on its loop.
enum ServiceEvent: Sendable {
    case started(String)
    case failed(String)
    /// The calls have ended, or their time is over.
    case drained
    case stopped
    case signal(Int32)
}

/// Hands events from the loop and the signal thread to the main thread.
final class ServiceEvents: Sendable {
    private let queue = Mutex<[ServiceEvent]>([])
    private let available = DispatchSemaphore(value: 0)

    func post(_ event: ServiceEvent) {
        queue.withLock { $0.append(event) }
        available.signal()
    }

    /// Blocks until there is an event, or until `deadline`, when there is one, has passed.
    func next(until deadline: DispatchTime = .distantFuture) -> ServiceEvent? {
        guard available.wait(timeout: deadline) == .success else { return nil }
        return queue.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
