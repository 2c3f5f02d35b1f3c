import Foundation

/// Finds out how busy the machine is: how late a thread like any other runs at the most, from its beginning on.
final class BusyMachine: @unchecked Sendable {
    private let lock = NSLock()
    private var lateness = 0.0
    private var isOver = false

    init() {
        Thread.detachNewThread { [self] in
            var due = DispatchTime.now() + .milliseconds(10)
            while !lock.withLock({ isOver }) {
                usleep(10_000)
                let late = (Double(DispatchTime.now().uptimeNanoseconds) - Double(due.uptimeNanoseconds)) / 1_000_000
                lock.withLock { lateness = max(lateness, late) }
                due = .now() + .milliseconds(10)
            }
        }
    }

    /// Ends it.
    ///
    /// - Returns: The largest lateness so far, in milliseconds.
    func stop() -> Double {
        lock.withLock {
            isOver = true
            return lateness
        }
    }
}
