import Foundation
import Synchronization
import Testing

@Suite("What systemd is told", .timeLimit(.minutes(1))) struct ServiceManagerTests {
    /// What was told, and the process that tells, once both are known.
    private final class Notifications: Sendable {
        let messages = Mutex<[String]>([])
        let process = Mutex<pid_t>(0)
    }

    @Test("that calls are taken, that the event loop is alive, and that it ends; its children inherit nothing of that")
    func notifications() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("notify-\(UUID().uuidString.prefix(8))").path
        defer { unlink(path) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        try #require(bound == 0)
        let told = Notifications()
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 4_096), signs = 0
            while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
                let text = String(decoding: buffer[..<count], as: UTF8.self)
                told.messages.withLock { $0.append(text) }
                guard text == "WATCHDOG=1" else { continue }
                signs += 1
                let process = told.process.withLock { $0 }
                if signs == 3, process > 0 { kill(process, SIGTERM) }
            }
        }
        let outcome = try await TernProgram.run(
            [
                "serve", "--sip-listen", "udp:127.77.1.6:5060", "--http-listen", "127.77.1.6:8080", "--janus-mode", "external", "--janus-urls", "ws://127.77.9.9:1",
                "--recordings-directory", NSTemporaryDirectory() + "/tern-tests",
            ],
            environment: [
                "TERN_REGISTRAR_DATABASE": ":memory:", "TERN_RECORDS_DATABASE": "memory", "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "600000",
            ]
        ) { _, process in told.process.withLock { $0 = process } }
        #expect(outcome.code == 0, "\(outcome.error)")
        let messages = told.messages.withLock { $0 }
        #expect(messages.first?.hasPrefix("READY=1\n") == true && messages.filter { $0 == "WATCHDOG=1" }.count >= 3, "\(messages)")
        #expect(messages.contains { $0.hasPrefix("STOPPING=1\n") }, "\(messages)")
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}
