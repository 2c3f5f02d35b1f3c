import JSON
import Testing

/// baresip as the phone: a client that was not written here.
extension IntegrationTests {
    @Suite("baresip")
    struct Baresips {
        @Test("it registers and calls a browser's user by name; both hear each other", arguments: Baresip.Transport.allCases)
        func calls(over transport: Baresip.Transport) async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let phone = try await Baresip("bob", at: stage.gateway, in: stage.environment, over: transport, frequency: 700)
                try await phone.registered()
                phone.dial("sip:alice@\(stage.gateway.address):\(stage.gateway.sipPort);transport=\(transport.rawValue)")
                try await page.answer()
                try await page.wait(for: "in-call")
                try await phone.established()
                #expect(try await page.missing(700, in: Page.remote) == nil)
                #expect(await phone.hears(Chromium.frequency))
                phone.hangUp()
                try await page.wait(for: "ready")
                await phone.quit()
            }
        }

        @Test("a browser's user calls it by name; both hear each other, and the browser hangs up", arguments: Baresip.Transport.allCases)
        func isCalled(over transport: Baresip.Transport) async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let phone = try await Baresip("bob", at: stage.gateway, in: stage.environment, over: transport, frequency: 700)
                try await phone.registered()
                try await page.dial("bob")
                try await page.wait(for: "in-call")
                #expect(try await page.missing(700, in: Page.remote) == nil)
                #expect(await phone.hears(Chromium.frequency))
                try await page.click("hangup-button")
                try await phone.closed()
                try await page.wait(for: "ready")
                await phone.quit()
            }
        }

        @Test("with video both see each other")
        func video() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let phone = try await Baresip("bob", at: stage.gateway, in: stage.environment, frequency: 700, video: true)
                try await phone.registered()
                try await page.dial("bob", video: true)
                try await page.wait(for: "in-call")
                try await page.wait(until: "document.getElementById('remote-video').videoWidth === 320")
                #expect(await phone.sees())
                try await page.click("hangup-button")
                try await phone.closed()
                await phone.quit()
            }
        }

        @Test("when it calls with video both see each other as well")
        func callsWithVideo() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let phone = try await Baresip("bob", at: stage.gateway, in: stage.environment, frequency: 700, video: true)
                try await phone.registered()
                phone.dial("sip:alice@\(stage.gateway.address):\(stage.gateway.sipPort)")
                try await page.answer(video: true)
                try await page.wait(for: "in-call")
                try await page.wait(until: "document.getElementById('remote-video').videoWidth === 320")
                #expect(await phone.sees())
                #expect(try await page.missing(700, in: Page.remote) == nil)
                phone.hangUp()
                try await page.wait(for: "ready")
                await phone.quit()
            }
        }

        @Test("it hands a browser over to another phone, and is out of the call")
        func transfers() async throws {
            let stage = try Stage.running
            let third = try SIPPhone(stage, frequency: 1_600, port: SIPScenarioPhones.port(48))
            try await stage.with("alice") { page in
                let phone = try await Baresip("bob", at: stage.gateway, in: stage.environment, frequency: 700)
                try await phone.registered()
                phone.dial("sip:alice@\(stage.gateway.address):\(stage.gateway.sipPort)")
                try await page.answer()
                try await phone.established()
                #expect(try await page.missing(700, in: Page.remote) == nil)
                phone.transfer(to: "sip:\(SIPScenarioPhones.name(48))@\(stage.gateway.address):\(stage.gateway.sipPort)")
                try await third.called()
                try third.ring()
                try await third.accept()
                try await phone.closed()
                #expect(try await BrowserTransfers.hears(page, 1_600))
                #expect(await third.audio.hears(Chromium.frequency))
                try await third.hangUp()
                try await page.wait(for: "ready")
                await phone.quit()
            }
            third.stop()
        }

        @Test("a browser hands it over to another browser: both hear each other")
        func isTransferred() async throws {
            let stage = try Stage.running
            try await stage.with("admin") { other in
                try await stage.with("alice") { page in
                    let phone = try await Baresip("bob", at: stage.gateway, in: stage.environment, frequency: 700)
                    try await phone.registered()
                    try await page.dial("bob")
                    try await page.wait(for: "in-call")
                    #expect(try await page.missing(700, in: Page.remote) == nil)
                    try await page.run("await window.tern.current.transfer('admin')")
                    try await other.answer()
                    try await page.wait(for: "ready")
                    #expect(try await other.missing(700, in: Page.remote) == nil)
                    #expect(await phone.hears(Chromium.frequency))
                    phone.hangUp()
                    try await other.wait(for: "ready")
                    await phone.quit()
                }
            }
        }

        @Test("two of one user's ring with the browser at once; one answers, the others stop")
        func ringTogether() async throws {
            let stage = try Stage.running
            let browser = try await APIClient.user("bob", at: stage.gateway)
            let one = try await Baresip("bob", at: stage.gateway, in: stage.environment, frequency: 700, answers: false)
            let other = try await Baresip("bob", at: stage.gateway, in: stage.environment, over: .tcp, frequency: 900, answers: false)
            try await one.registered()
            try await other.registered()
            try await stage.with("alice") { page in
                try await page.dial("bob")
                let invitation = try await browser.serve("call_invite")
                try await one.ringing()
                try await other.ringing()
                other.answer()
                try await page.wait(for: "in-call")
                #expect(try await page.missing(900, in: Page.remote) == nil)
                try await one.closed()
                _ = try await browser.event("answered_elsewhere", of: try #require(invitation["call_id"]?.stringValue))
                other.hangUp()
                try await page.wait(for: "ready")
            }
            await one.quit()
            await other.quit()
            await browser.leave()
        }
    }
}
