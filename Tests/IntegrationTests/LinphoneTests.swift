import JSON
import Testing

/// linphone as the phone: another client that was not written here.
extension IntegrationTests {
    @Suite("linphone")
    struct Linphones {
        /// linphone as `bob`, registered, and the page with `alice`.
        static func withBoth(_ body: (Page, Linphone, Stage) async throws -> Void) async throws {
            let stage = try Stage.running
            let phone = try await Linphone(in: stage.environment, frequency: 600)
            do {
                try await phone.register("bob", at: stage.gateway)
                try await stage.with("alice") { page in try await body(page, phone, stage) }
            } catch {
                await phone.quit()
                throw error
            }
            await phone.quit()
        }

        @Test("it calls a browser's user by name; both hear each other, and it hangs up")
        func calls() async throws {
            try await Linphones.withBoth { page, phone, stage in
                phone.call("sip:alice@\(stage.gateway.address):\(stage.gateway.sipPort)")
                try await page.answer()
                try await page.wait(for: "in-call")
                try await phone.connected()
                #expect(try await page.missing(600, in: Page.remote) == nil)
                #expect(await phone.listens())
                phone.hangUp()
                try await page.wait(for: "ready")
                #expect(await phone.hasHeard(Chromium.frequency))
            }
        }

        @Test("a browser's user calls it by name; both hear each other, and the browser hangs up")
        func isCalled() async throws {
            try await Linphones.withBoth { page, phone, _ in
                try await page.dial("bob")
                try await phone.answer()
                try await page.wait(for: "in-call")
                try await phone.connected()
                #expect(try await page.missing(600, in: Page.remote) == nil)
                #expect(await phone.listens())
                try await page.click("hangup-button")
                try await phone.ended()
                try await page.wait(for: "ready")
                #expect(await phone.hasHeard(Chromium.frequency))
            }
        }
    }
}
