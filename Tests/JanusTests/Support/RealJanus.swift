import EventLoop
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
