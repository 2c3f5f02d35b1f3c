import JSON
import SDP
import Testing

/// The page hands a call over.
extension IntegrationTests {
    @Suite("The page transfers")
    struct PageTransfers {
        @Test("at once: the phone and the other page hear each other, and this page has left")
        func blind() async throws {
            try await call { alice, bob, phone in
                try await alice.tap("transfer-button")
                try await alice.press(phone.uri + Chromium.Key.enter)
                try await phone.called()
                try phone.ring()
                try await alice.wait(until: "document.getElementById('call-status').textContent.includes('ringing at')")
                try await phone.accept()
                try await talk(bob, phone)
                try await alice.wait(for: "ready")
                #expect(try await alice.text(of: "call-status").contains("was transferred"))
                try await phone.hangUp()
                _ = try await bob.endOfCall()
            }
        }

        @Test("to who is busy: the page says so, and the call goes on")
        func busy() async throws {
            try await call { alice, bob, phone in
                try await alice.press("t")
                try await alice.press(phone.uri + Chromium.Key.enter)
                try await phone.called()
                try await phone.refuse(486)
                try await alice.wait(until: "document.getElementById('call-status').dataset.failed === 'true'")
                #expect(try await alice.text(of: "call-status").hasPrefix("The transfer failed. phone@"))
                #expect(try await alice.text(of: "call-status").hasSuffix(": busy (486). The call goes on."))
                #expect(try await alice.run("return document.body.dataset.state") == "in-call")
                #expect(try await bob.missing(Chromium.frequency, in: Page.remote) == nil)
                try await alice.tap("hangup-button")
                _ = try await bob.endOfCall()
            }
        }

        @Test("to nobody: the page names whom, in words for people, and the call goes on")
        func nobody() async throws {
            try await call { alice, bob, _ in
                try await alice.press("t")
                try await alice.press("nobody-here" + Chromium.Key.enter)
                try await alice.wait(until: "!document.getElementById('notice').hidden")
                #expect(try await alice.text(of: "notice") == "The transfer failed. nobody-here: not found (404). The call goes on.")
                #expect(try await alice.run("return document.body.dataset.state") == "in-call")
                try await alice.tap("hangup-button")
                _ = try await bob.endOfCall()
            }
        }

        @Test("after asking: the call is held, the phone is asked, Join connects the two")
        func asked() async throws {
            try await call { alice, bob, phone in
                try await alice.tap("transfer-button")
                try await alice.press(phone.uri)
                try await alice.tap("transfer-ask")
                try await bob.wait(until: "document.body.dataset.held === 'true'")
                try await phone.called()
                try await phone.accept()
                try await alice.wait(for: "in-call")
                #expect(await phone.audio.hears(Chromium.frequency))
                try await alice.tap(selector: "#other-calls [data-action=join]")
                // The phone is offered the way to the other one.
                let offer = try await phone.offered()
                let audio = try #require(offer.media.first { $0.kind == .audio })
                try await phone.accept()
                phone.audio.connect(to: try Stage.running.environment.address, port: Int(audio.port))
                try await alice.wait(for: "ready")
                try await talk(bob, phone)
                #expect(try await alice.run("return document.getElementById('other-calls').hidden") == true)
                try await phone.hangUp()
                _ = try await bob.endOfCall()
            }
        }

        // MARK: Parts

        private func talk(_ page: Page, _ phone: SIPPhone) async throws {
            #expect(await phone.audio.hears(Chromium.frequency))
            #expect(try await page.missing(440, in: Page.remote) == nil)
        }

        /// Bob's page has called Alice's; the phone is not in it yet.
        private func call(_ body: (_ alice: Page, _ bob: Page, SIPPhone) async throws -> Void) async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            try await stage.with("alice") { alice in
                try await stage.with("bob") { bob in
                    try await bob.dial("alice")
                    try await alice.answer()
                    try await bob.wait(for: "in-call")
                    #expect(try await bob.missing(Chromium.frequency, in: Page.remote) == nil)
                    try await body(alice, bob, phone)
                    try await alice.wait(for: "ready")
                }
            }
        }
    }
}
