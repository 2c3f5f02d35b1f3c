import EventLoop
import Foundation

/// What the tests use of the machine that they run on.
enum Machine {
    /// The address for media: that of the network namespace, where there is one.
    static let address = ProcessInfo.processInfo.environment["TERN_TEST_ADDRESS"] ?? "127.0.0.1"

    /// Janus' program.
    static let janus = ProcessInfo.processInfo.environment["TERN_TEST_JANUS"] ?? "janus"

    /// The media engine, where it is another one than that which was built beside the tests: `Tests/sanitized`.
    static let engine = ProcessInfo.processInfo.environment["TERN_TEST_ENGINE"]

    static var openDescriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1
    }

    /// Whether there is a process of that id; a zombie counts.
    static func exists(_ pid: Int32) -> Bool { kill(pid, 0) == 0 }

    /// A directory for one test.
    static func scratchDirectory() throws -> String {
        let path = "\(NSTemporaryDirectory())/tern-janus-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
