internal import CJanusPlugin
internal import Glibc

/// The threads of the plugin. Their number does not depend on that of legs.
enum Engine {
    nonisolated(unsafe) private(set) static var isRunning = false
    nonisolated(unsafe) private static var threads: [pthread_t] = []

    static func start() -> Bool {
        isRunning = true
        return begin { _ in
            tern_name_thread("tern rtp")
            Relay.shared.run()
            return nil
        } && begin { _ in
            tern_name_thread("tern events")
            Control.run()
            return nil
        }
    }

    static func stop() {
        isRunning = false
        Notes.end()
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }

    private static func begin(_ body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?) -> Bool {
        var thread = pthread_t()
        guard pthread_create(&thread, nil, body, nil) == 0 else { return false }
        threads.append(thread)
        return true
    }
}
