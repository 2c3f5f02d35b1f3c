public import EventLoop
internal import Foundation
internal import Janus

/// Finds out whether the configured Janus can be used: what `tern check` says beyond the configuration itself.
@LoopActor
public enum MediaServerCheck {
    /// How long an external Janus may take to answer.
    private static let limit = Duration.seconds(5)

    /// Starts a managed Janus for a moment, in a directory of its own, of several the first: they are alike. Connects to each external one.
    ///
    /// - Returns: Why calls would be refused, and what to do; empty when all is well.
    public static func problems(with servers: MediaServers) async -> [String] {
        switch servers {
        case .managed(let configurations, _):
            guard let first = configurations.first else { return [] }
            return await managed(first).map { [$0] } ?? []
        case .external(let servers, let secret):
            let checks = servers.map { server in LoopActor.task { await external(server.url, secret: secret).map { "\(server.url): \($0)" } } }
            var problems: [String] = []
            for check in checks { if let problem = await check.value { problems.append(problem) } }
            return problems
        }
    }

    private static func managed(_ configuration: JanusProcessConfiguration) async -> String? {
        // A configuration with a program that is missing is warned of already.
        guard access(configuration.executable, X_OK) == 0 else { return nil }
        var trial = configuration
        trial.directory = NSTemporaryDirectory() + "/tern-check-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: trial.directory) }
        return await JanusTrial.run(trial)?.description
    }

    private static func external(_ url: String, secret: String?) async -> String? {
        let outcome = FirstOutcome<String?>()
        let client = JanusClient(
            configuration: JanusClientConfiguration(url: url, apiSecret: secret, engine: .current, requestTimeout: limit)
        ) { state in
            switch state {
            case .connecting: break
            case .ready: outcome.settle(nil)
            case .down(let reason): outcome.settle(reason)
            }
        }
        let timer = LoopTimer.schedule(after: limit) { outcome.settle("Janus does not answer within \(limit)") }
        client.start()
        let problem = await outcome.value
        timer.cancel()
        await client.stop()
        return problem
    }
}
