import Foundation
import Testing

/// INVITEs that take the place of another leg (RFC 3891).
extension IntegrationTests {
    @Suite("Replaces")
    struct Replacing {
        /// Calls as a user whose password it has; the status of a final response other than the challenge, else 0.
        @discardableResult
        static func call(
            _ dialled: String, by phone: SIPPhone, as user: String, from: String? = nil, headers: String = "", offers: Bool = true
        ) async throws -> Int {
            phone.call(dialled, from: from, headers: headers, offers: offers)
            let challenge = try await phone.final("INVITE", within: .patience)
            phone.send { $0.acknowledgement(of: challenge) }
            guard challenge.status == 401 else { return challenge.status }
            let answer = try phone.probe.answer(
                to: challenge.text, user: user, password: GatewayProcess.password, method: "INVITE", uri: "sip:\(dialled)@\(phone.gateway)")
            phone.call(dialled, from: from, headers: headers + "Authorization: \(answer)\r\n", offers: offers)
            return 0
        }

        /// Calls as a user, with a Replaces header.
        private func take(_ dialog: String, by phone: SIPPhone, as user: String, offers: Bool = true) async throws -> Int {
            try await Self.call("bob", by: phone, as: user, headers: "Require: replaces\r\nReplaces: \(dialog)\r\n", offers: offers)
        }

        /// A call to bob's first phone.
        private func callOfBob(_ stage: Stage) async throws -> (caller: SIPPhone, first: SIPPhone, second: SIPPhone, dialog: String) {
            let caller = try SIPPhone(stage, frequency: 440), first = try SIPPhone(stage, frequency: 1_000)
            try await first.probe.register("bob")
            caller.call("bob")
            try await first.called()
            try await first.accept()
            try await caller.answered()
            return (caller, first, try SIPPhone(stage, frequency: 1_600), try #require(first.dialog?.replaces))
        }

        @Test("without an offer it is made one, of what the other party has", arguments: [true, false])
        func withoutOffer(takesIt: Bool) async throws {
            let (caller, first, second, dialog) = try await callOfBob(try Stage.running)
            #expect(try await take(dialog, by: second, as: "bob", offers: false) == 0)
            try await second.offeredAtLast()
            if takesIt {
                try await caller.moves()
                try await first.hungUp()
                await Transfers.hear(caller, second)
                try await caller.hangUp()
                try await second.hungUp()
            } else {
                try await caller.offered()
                try await caller.refuse(488)
                try await second.hungUp()
                await Transfers.hear(caller, first)
                try await caller.hangUp()
                try await first.hungUp()
            }
            try await first.probe.register("bob", expires: 0)
            for phone in [caller, first, second] { phone.stop() }
        }

        @Test("it takes a page over as well, with an offer and without", arguments: [true, false])
        func page(offers: Bool) async throws {
            let stage = try Stage.running
            let first = try SIPPhone(stage, frequency: 1_000), second = try SIPPhone(stage, frequency: 1_600)
            try await first.probe.register("bob")
            try await stage.with("alice") { page in
                try await page.dial("bob")
                try await first.called()
                try await first.accept()
                try await page.wait(for: "in-call")
                #expect(try await page.missing(1_000, in: Page.remote) == nil)
                let dialog = try #require(first.dialog?.replaces)
                #expect(try await take(dialog, by: second, as: "bob", offers: offers) == 0)
                if offers { try await second.answered() } else { try await second.offeredAtLast() }
                try await first.hungUp()
                #expect(try await BrowserTransfers.hears(page, 1_600))
                #expect(await second.audio.hears(Chromium.frequency))
                try await second.hangUp()
                try await page.wait(for: "ready")
            }
            try await first.probe.register("bob", expires: 0)
            for phone in [first, second] { phone.stop() }
        }

        @Test("whoever takes over may give up before the other party has moved: nothing has changed")
        func givesUp() async throws {
            let (caller, first, second, dialog) = try await callOfBob(try Stage.running)
            #expect(try await take(dialog, by: second, as: "bob") == 0)
            try await caller.offered()
            second.send { $0.cancellation() }
            let response = try await second.final("INVITE", within: .patience)
            #expect(response.status == 487)
            second.send { $0.acknowledgement(of: response) }
            try caller.speak(to: try #require(caller.invite))
            try await caller.accept()
            try await caller.moves()
            await Transfers.hear(caller, first)
            try await caller.hangUp()
            try await first.hungUp()
            try await first.probe.register("bob", expires: 0)
            for phone in [caller, first, second] { phone.stop() }
        }

        @Test("a user's other phone takes its place in a call, and the first one is hung up")
        func takesOver() async throws {
            let stage = try Stage.running
            let (caller, first, second, dialog) = try await callOfBob(stage)
            await Transfers.hear(caller, first)

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
