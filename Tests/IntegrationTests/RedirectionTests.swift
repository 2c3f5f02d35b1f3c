import Foundation
import JSON
import Testing

/// Phones of users that forward their calls.
extension IntegrationTests {
    @Suite("Redirections")
    struct Redirections {
        /// A phone of bob's, which answers 302.
        private func phoneOfBob(_ stage: Stage) async throws -> SIPPhone {
            let phone = try SIPPhone(stage, frequency: 700)
            try await phone.probe.register("bob")
            return phone
        }

        @Test("a phone's 302 is followed through the routes; who forwarded the call is in it")
        func followed() async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage, frequency: 440), target = try Transfers.phone(46, stage, frequency: 1_000)
            let forwarding = try await phoneOfBob(stage)
            caller.call("bob")
            try await forwarding.redirects(to: SIPScenarioPhones.name(46))
            try await target.called()
            try await target.accept()
            try await caller.answered()
            await Transfers.hear(caller, target)
            try await caller.hangUp()
            try await target.hungUp()
            try await forwarding.probe.register("bob", expires: 0)
            for phone in [caller, target, forwarding] { phone.stop() }
        }

        @Test("it may lead to a browser, and a ring of phones that forward to each other ends")
        func toBrowser() async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage, frequency: 440)
            let forwarding = try await phoneOfBob(stage)
            try await stage.with("alice") { page in
                caller.call("bob")
                try await forwarding.redirects(to: "alice")
                try await page.answer()
                try await caller.answered()
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(await caller.audio.hears(Chromium.frequency))
                try await caller.hangUp()
                try await page.wait(for: "ready")
            }
            caller.call("bob")
            try await forwarding.redirects(to: "bob")
            try await forwarding.redirects(to: "bob")
            let response = try await caller.final("INVITE", within: .patience)
            caller.send { $0.acknowledgement(of: response) }
            #expect(response.status == 482, "\(response.text)")
            try await forwarding.probe.register("bob", expires: 0)
            for phone in [caller, forwarding] { phone.stop() }
        }

        @Test("calls.redirects: pass has the caller told where the phone says it is, a browser as well; nobody else rings")
        func passed() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "redirects", calls: ["redirects: pass"])
            do {
                let caller = try SIPPhone(at: gateway), bob = try SIPPhone(at: gateway, frequency: 700)
                let alice = try await APIClient.user("alice", at: gateway)
                try await bob.probe.register("bob")
                caller.call("bob")
                try await bob.redirects(to: "alice")
                let response = try await caller.final("INVITE", within: .patience)
                caller.send { $0.acknowledgement(of: response) }
                #expect(response.status == 302 && response.contact == "sip:alice@\(bob.gateway)", "\(response.text)")
                let call = try await alice.request("media", "start_call", ["dest": "bob", "offer": ["sdp": .string(Parties.offer)]])
                try await bob.redirects(to: "echo")
                let end = try await alice.event("hangup", of: try #require(call["call_id"]?.stringValue))
                #expect(end["sip_status"] == 302, "\(end.text)")
                await alice.leave()
                for phone in [caller, bob] { phone.stop() }
            } catch {
                Issue.record("\(error)\n\(gateway.log.suffix(6_000))")
            }
            let idle = await eventually(within: .seconds(20)) { (try? gateway.status().isWithin(.idle)) == true }
            #expect(idle, "left over: \(String(describing: try? gateway.status()))")
            await gateway.end()
        }
    }
}
