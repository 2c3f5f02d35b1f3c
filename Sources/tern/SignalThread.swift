internal import Foundation
internal import Glibc

/// Takes the signals that end or steer the service, on a thread of its own.
enum SignalThread {
    private static let handled = [SIGINT, SIGTERM, SIGHUP]

    /// Blocks the signals for all threads that start from here on, and posts each that arrives. Call it before any other
    /// thread exists, or a signal may still end the process there.
    static func start(_ events: ServiceEvents) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in handled { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let thread = Thread {
            var set = sigset_t()
            sigemptyset(&set)
            for signal in handled { sigaddset(&set, signal) }
            while true {
                var signal: Int32 = 0
                if sigwait(&set, &signal) == 0 { events.post(.signal(signal)) }
            }
        }
        thread.name = "signals"
        thread.start()
    }
}
