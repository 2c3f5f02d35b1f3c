import Foundation
import Testing

/// INVITEs that take the place of another leg (RFC 3891).
extension IntegrationTests {
    @Suite("Replaces")
    struct Replacing {
        /// Calls as a user whose password it has, with a Replaces header; the status of the final response.
        private func take(_ dialog: String, by phone: SIPPhone, as user: String) async throws -> Int {
            let headers = "Require: replaces\r\nReplaces: \(dialog)\r\n"
            phone.call("bob", headers: headers)
            let challenge = try await phone.final("INVITE", within: .patience)
            phone.send { $0.acknowledgement(of: challenge) }
            guard challenge.status == 401 else { return challenge.status }
            let answer = try phone.probe.answer(
                to: challenge.text, user: user, password: GatewayProcess.password, method: "INVITE", uri: "sip:bob@\(phone.gateway)")
            phone.call("bob", headers: headers + "Authorization: \(answer)\r\n")
            return 0
        }

        @Test("a user's other phone takes its place in a call, and the first one is hung up")
        func takesOver() async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage, frequency: 440), first = try SIPPhone(stage, frequency: 1_000)
            let second = try SIPPhone(stage, frequency: 1_600)
            try await first.probe.register("bob")
            caller.call("bob")
            try await first.called()
            try await first.accept()
            try await caller.answered()
            await Transfers.hear(caller, first)
            let dialog = try #require(first.dialog?.replaces)

            let stranger = try SIPPhone(stage)
            #expect(try await take("nothing;to-tag=a;from-tag=b", by: stranger, as: "bob") == 481)
            #expect(try await take(dialog, by: stranger, as: "alice") == 0)
            #expect(try await stranger.final("INVITE", within: .patience).status == 403)
            #expect(try await take(dialog + ";early-only", by: stranger, as: "bob") == 0)
            #expect(try await stranger.final("INVITE", within: .patience).status == 486)
            stranger.stop()

            #expect(try await take(dialog, by: second, as: "bob") == 0)
            try await caller.moves()
            try await second.answered()
            try await first.hungUp()
            await Transfers.hear(caller, second)
            try await second.hangUp()
            try await caller.hungUp()
            try await first.probe.register("bob", expires: 0)
            for phone in [caller, first, second] { phone.stop() }
        }
    }
}
