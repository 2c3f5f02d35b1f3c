internal import CJanusPlugin
internal import Glibc

/// The threads of the plugin. Their number does not depend on that of legs.
enum Engine {
    /// Written by the thread that starts and ends plugins only.
    nonisolated(unsafe) private static var threads: [pthread_t] = []

    static func start() -> Bool {
        guard Relay.shared.poller.isUsable else { return false }
        for index in 0..<Descriptions.threads {
            let isThere = begin({ argument in
                tern_name_thread("tern sdp")
                Descriptions.shared[Int(bitPattern: argument) % Descriptions.threads].run()
                return nil
            }, UnsafeMutableRawPointer(bitPattern: index))
            guard isThere else { return false }
        }
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
        Relay.shared.end()
        Notes.end()
        for descriptions in Descriptions.shared { descriptions.end() }
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }

    private static func begin(
        _ body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?, _ argument: UnsafeMutableRawPointer? = nil
    ) -> Bool {
        var thread = pthread_t()
        guard pthread_create(&thread, nil, body, argument) == 0 else { return false }
        threads.append(thread)
        return true
    }
}
