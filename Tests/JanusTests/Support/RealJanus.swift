import EventLoop
import Foundation
import SIPNames
import Testing

@testable import Janus

/// A supervised Janus and a client of it, for the length of one test.
@LoopActor
final class RealJanus {
    let process: JanusProcess
    let client: JanusClient
    let admin: JanusAdmin
    let processStates: Record<JanusProcessState>
    let clientStates: Record<JanusState>
    let directory: String

    static func run<Result: Sendable>(
        memoryLimit: Int = 1 << 30, healthInterval: Duration = .seconds(5), _ body: @LoopActor (RealJanus) async throws -> Result
    ) async throws -> Result {
        let janus = try RealJanus(memoryLimit: memoryLimit, healthInterval: healthInterval)
        janus.process.start()
        do {
            try await janus.clientStates.first { $0 == .ready }
            let result = try await body(janus)
            await janus.stop()
            return result
        } catch {
            await janus.stop()
            throw error
        }
    }

    private init(memoryLimit: Int, healthInterval: Duration) throws {
        directory = try Machine.scratchDirectory()
        let processStates = Record<JanusProcessState>(), clientStates = Record<JanusState>()
        let relay = Relay()
        process = JanusProcess(
            configuration: JanusProcessConfiguration(
                executable: Machine.janus, engine: Machine.engine, directory: "\(directory)/janus", rtpPorts: 21_000...21_399, localAddress: Machine.address, eventLoops: 2,
                memoryLimit: memoryLimit, healthInterval: healthInterval)
        ) { state in
            processStates.add(state)
            if case .running = state { relay.connect() }
        }
        client = JanusClient(
            configuration: JanusClientConfiguration(url: "", apiSecret: process.apiSecret)) { clientStates.add($0) }
        admin = JanusAdmin(url: "", secret: process.adminSecret)
        (self.processStates, self.clientStates) = (processStates, clientStates)
        relay.janus = self
    }

    private func stop() async {
        await admin.close()
        await client.stop()
        await process.stop()
        Machine.remove(directory)
    }

    /// The handles that Janus itself says it holds, without the one of the health check.
    func handleCount() async throws -> Int {
        admin.url = process.adminURL
        return try await admin.handleCount() - 1
    }

    @LoopActor private final class Relay {
        weak var janus: RealJanus?

        func connect() {
            guard let janus else { return }
            janus.client.connect(to: janus.process.url)
            janus.client.start()
        }
    }
}

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

/// A socket address of a test's own, which is one.
func socketAddress(_ address: String, _ port: Int) -> SocketAddress {
    guard let result = SocketAddress(address: address, port: port) else { preconditionFailure("\(address), \(port)") }
    return result
}

/// Suites that take turns, because they count descriptors or use the same ports for media.
@Suite(.serialized)
enum Serially {}
