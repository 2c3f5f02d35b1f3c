import EventLoop
import Foundation

/// What the tests use of the machine that they run on.
enum Machine {
    /// The address for media: that of the network namespace, where there is one.
    static let address = ProcessInfo.processInfo.environment["TERN_TEST_ADDRESS"] ?? "127.0.0.1"

    static var openDescriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1
    }

    /// Children of this process, zombies included.
    static var children: [Int32] {
        let own = "\(getpid())"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { pid in
            guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
            // The name in parentheses may hold anything; state and parent follow it.
            return status.split(separator: ")").last?.split(separator: " ").dropFirst().first.map { $0 == own } ?? false
        }
    }

    static func exists(_ pid: Int32) -> Bool { kill(pid, 0) == 0 }

    /// A directory for one test.
    static func scratchDirectory() throws -> String {
        let path = "\(NSTemporaryDirectory())/tern-janus-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
