import Foundation
import Testing

/// aiortc over the JSON API, as an application that is no browser would use it.
extension IntegrationTests {
    @Suite("aiortc")
    struct Aiortc {
        /// Starts it as `alice`; it speaks 440 Hz and listens for baresip's 700.
        private func start(_ stage: Stage, calling destination: String? = nil) async throws -> TestProcess {
            let script = stage.environment.root.appendingPathComponent("Tests/IntegrationTests/Harness/aiortc-client.py").path
            let arguments = [
                script, "ws://127.0.0.1:\(stage.gateway.httpPort)/api", "alice", GatewayProcess.password, "440", "700",
            ]
            return try await TestProcess("/usr/bin/python3", arguments + (destination.map { [$0] } ?? []))
        }

        @Test("it calls a registered phone by name; both hear each other, and it hangs up")
        func calls() async throws {
            let stage = try Stage.running
            let phone = try await Baresip("bob", at: stage.gateway, in: stage.environment, frequency: 700)
            try await phone.registered()
            let client = try await start(stage, calling: "bob")
            try await phone.established()
            _ = try await client.line(with: "HEARD", within: .patience)
            #expect(await phone.hears(440))
            try await phone.closed()
            _ = try await client.line(with: "ENDED", within: .patience)
            #expect(await client.exit(within: .patience) == .exited(0), "\(client.output)")
            await phone.quit()
        }

        @Test("a registered phone calls it; both hear each other, and the phone hangs up")
        func isCalled() async throws {
            let stage = try Stage.running
            let phone = try await Baresip("bob", at: stage.gateway, in: stage.environment, frequency: 700)
            try await phone.registered()
            let client = try await start(stage)
            _ = try await client.line(with: "READY", within: .patience)
            phone.dial("sip:alice@\(stage.gateway.address):\(stage.gateway.sipPort)")
            try await phone.established()
            _ = try await client.line(with: "HEARD", within: .patience)
            #expect(await phone.hears(440))
            phone.hangUp()
            _ = try await client.line(with: "ENDED", within: .patience)
            #expect(await client.exit(within: .patience) == .exited(0), "\(client.output)")
            await phone.quit()
        }
    }
}
