import Foundation
import Testing

/// What real networks send: each file of `RealWorld/` is played against the running gateway.
extension IntegrationTests {
    @Suite("The real world")
    struct RealWorld {
        /// A case, and how it is sent.
        struct Run: Sendable, CustomTestStringConvertible {
            let sample: RealWorldCase
            let transport: SIPWire.Transport
            var testDescription: String { "\(sample.name) over \(transport.rawValue)" }

            static func all() throws -> [Run] {
                try RealWorldCase.all().flatMap { sample in sample.transports.map { Run(sample: sample, transport: $0) } }
            }
        }

        @Test("what a network sends is understood, or refused with the right status, and the gateway goes on", arguments: try Run.all())
        func plays(_ run: Run) async throws {
            let problems = try await RealWorldCall(run.sample, over: run.transport, to: Stage.running.gateway).play()
            #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
        }
    }
}
