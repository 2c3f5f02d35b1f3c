import JSON
import SDP
import Testing

/// Several calls at the page, and those that are over.
extension IntegrationTests {
    @Suite("The page's calls")
    struct PageCalls {
        @Test("a second call comes in: it is taken, the first is held; one goes back and forth, and each phone hears when it should")
        func waiting() async throws {
            let stage = try Stage.running
            let one = try SIPPhone(stage, frequency: 440), other = try SIPPhone(stage, frequency: 700)
            defer { one.stop(); other.stop() }
            try await stage.with("alice") { page in
                try await begin(page, one)
                other.call("alice")
                try await page.wait(until: "document.querySelector('#other-calls [data-state=ringing]')")
                #expect(try await page.run("return document.title").stringValue?.contains("calls") == true)
                try await page.tap(selector: "#other-calls [data-action=answer]")
                try await hold(one)
                try await other.answered()
                #expect(await other.audio.hears(Chromium.frequency))
                #expect(try await page.missing(700, in: Page.remote) == nil)
                #expect(await eventually(within: .patience) { await one.audio.packets(during: .milliseconds(400)) == 0 })

                try await page.tap(selector: "#other-calls [data-action=switch]")
                try await hold(other)
                try await resume(one)
                #expect(await one.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(await eventually(within: .patience) { await other.audio.packets(during: .milliseconds(400)) == 0 })

                try await page.tap("hangup-button")
                try await one.hungUp()
                try await page.wait(until: "document.body.dataset.holding === 'true'")
                try await page.tap("hold-button")
                try await resume(other)
                #expect(await other.audio.hears(Chromium.frequency))
                try await page.tap("hangup-button")
                try await other.hungUp()
                _ = try await page.endOfCall()
            }
        }

        @Test("a second call comes in and is declined: 486, and the first goes on")
        func declined() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            try await stage.with("alice") { page in
                try await begin(page, phone)
                let probe = try SIPProbe(stage)
                let call = SIPProbe.Call(to: "alice", from: probe)
                probe.send(call.invite())
                try await page.wait(until: "document.querySelector('#other-calls [data-state=ringing]')")
                try await page.tap(selector: "#other-calls [data-action=reject]")
                #expect(try await probe.finalStatus(of: call) == 486)
                probe.send(call.acknowledgement(of: "INVITE"))
                try await page.wait(until: "document.getElementById('other-calls').hidden")
                #expect(await phone.audio.hears(Chromium.frequency))
                try await phone.hangUp()
                _ = try await page.endOfCall()
            }
        }

        @Test("Add call: the first is held; the one that is called is busy, and the page has the first again")
        func added() async throws {
            let stage = try Stage.running
            let one = try SIPPhone(stage), other = try SIPPhone(stage)
            defer { one.stop(); other.stop() }
            try await stage.with("alice") { page in
                try await begin(page, one)
                try await page.press("n")
                try await page.press(other.uri + Chromium.Key.enter)
                try await hold(one)
                try await other.called()
                try await other.refuse(486)
                try await page.wait(until: "document.body.dataset.state === 'in-call' && document.body.dataset.holding === 'true'")
                #expect(try await page.run("return document.getElementById('call-status').dataset.code").stringValue == "486")
                try await page.tap("hold-button")
                try await resume(one)
                #expect(await one.audio.hears(Chromium.frequency))
                try await one.hangUp()
                _ = try await page.endOfCall()
            }
        }

        @Test("the call list: missed, declined and made calls are there, also tomorrow; a press calls again; it can be cleared")
        func list() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            try await stage.with("alice") { page in
                try await page.run("for (const user of ['alice', 'bob']) localStorage.removeItem(`tern.calls.${user}`)")
            }
            try await stage.with("alice") { page in
                let missed = try await SIPpRun.calling("alice", "uac-cancel", on: stage)
                try await page.wait(for: "incoming")
                await missed.passes()
                try await page.wait(for: "ready")
                let declined = try await SIPpRun.calling("alice", "uac-busy", on: stage)
                try await page.wait(for: "incoming")
                try await page.press("D", shift: true)
                await declined.passes()
                try await page.wait(for: "ready")
                try await begin(page, phone)
                try await phone.hangUp()
                _ = try await page.endOfCall()
                #expect(try await entries(page) == ["outgoing answered", "incoming declined", "incoming missed"])
            }
            try await stage.with("alice") { page in
                #expect(try await entries(page) == ["outgoing answered", "incoming declined", "incoming missed"])
                try await page.tap(selector: "#recent-list [data-outcome=answered] [data-action=call]")
                try await phone.called()
                try await phone.refuse(486)
                #expect(try await page.endOfCall() == "486")
                #expect(try await entries(page).first == "outgoing failed")
                try await page.tap("recent-clear")
                try await page.tap("clear-go")
                try await page.wait(until: "document.querySelectorAll('#recent-list li').length === 0")
            }
            try await stage.with("bob") { page in
                let others = try await entries(page)
                #expect(others == [], "another user's calls")
            }
        }

        @Test("a call becomes a contact: the contact's name is shown when it calls, and a press calls it")
        func contacts() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            try await stage.with("alice") { page in
                try await page.run("localStorage.removeItem('tern.contacts.alice')")
                try await page.tap("contacts-tab")
                try await page.tap("contact-add")
                try await page.press("Front door" + Chromium.Key.tab + phone.uri + Chromium.Key.enter)
                try await page.tap(selector: "#contact-list [data-action=call]")
                try await phone.called()
                try await page.wait(until: "document.getElementById('call-peer').textContent === 'Front door'")
                try await phone.refuse(603)
                _ = try await page.endOfCall()
                try await page.tap(selector: "#contact-list [data-action=remove]")
                try await page.wait(until: "document.querySelectorAll('#contact-list li').length === 0")
            }
        }

        // MARK: Parts

        private func begin(_ page: Page, _ phone: SIPPhone) async throws {
            try await page.dial(phone.uri)
            try await phone.called()
            try await phone.accept()
            try await page.wait(for: "in-call")
            #expect(await phone.audio.hears(Chromium.frequency))
        }

        private func hold(_ phone: SIPPhone) async throws {
            #expect(try await phone.offered().audioDirection == .sendonly)
            phone.media.direction = .recvonly
            try await phone.accept()
        }

        private func resume(_ phone: SIPPhone) async throws {
            #expect(try await phone.offered().audioDirection == .sendrecv)
            phone.media.direction = .sendrecv
            try await phone.accept()
        }

        private func entries(_ page: Page) async throws -> [String] {
            let list = try await page.run(
                "return [...document.querySelectorAll('#recent-list li')].map(one => `${one.dataset.direction} ${one.dataset.outcome}`)")
            return (list.arrayValue ?? []).compactMap(\.stringValue)
        }
    }
}
