import Foundation
import JSON
import Testing

/// Whoever cannot use a pointer, see well or hear, has a small screen, or a bad network.
extension IntegrationTests {
    @Suite("The page for everybody")
    struct PageAccess {
        @Test("by keyboard alone: signing in, calling, muting, help, hanging up, signing out")
        func keyboard() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            let before = try await stage.chromium.open(stage.gateway.page)
            // Nobody was here before: no name to fill in, and no list of calls to go through.
            try await before.run("localStorage.clear()")
            try await before.close()
            let page = try await stage.openPage()
            try await page.wait(until: "document.activeElement?.id === 'login-user'")
            try await page.press("alice" + Chromium.Key.tab + GatewayProcess.password + Chromium.Key.enter)
            try await page.wait(until: "document.body.dataset.state === 'ready' && document.activeElement.id === 'dial-input'")
            try await page.press(phone.uri + Chromium.Key.enter)
            try await phone.called()
            try await page.wait(until: "document.activeElement.id === 'hangup-button'")
            try await phone.accept()
            try await page.wait(for: "in-call")
            #expect(await phone.audio.hears(Chromium.frequency))
            try await page.press("?")
            try await page.wait(until: "document.getElementById('help-dialog').open")
            try await page.press(Chromium.Key.escape)
            try await page.wait(until: "!document.getElementById('help-dialog').open")
            try await page.press("m")
            try await page.wait(until: "document.getElementById('mute-button').getAttribute('aria-pressed') === 'true'")
            try await page.press("E", shift: true)
            try await phone.hungUp()
            try await page.wait(until: "document.body.dataset.state === 'ready' && document.activeElement.id === 'dial-input'")
            try await walk(page, to: "logout-button")
            try await page.press(Chromium.Key.enter)
            try await page.wait(for: "signed-out")
            try await page.close()
        }

        @Test("names, contrast, targets, edges and the order of focus, on four screens, light and dark, in every state")
        func checked() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage), second = try SIPPhone(stage)
            defer { phone.stop(); second.stop() }
            try await stage.with("alice") { page in
                try await check(page, "ready")
                for dialog in ["help", "settings"] {
                    try await page.tap("\(dialog)-button")
                    try await check(page, dialog)
                    try await page.press(Chromium.Key.escape)
                }
                try await page.tap("contacts-tab")
                try await check(page, "contacts")
                phone.call("alice")
                try await page.wait(for: "incoming")
                try await check(page, "incoming")
                try await page.press("A", shift: true)
                try await page.wait(for: "in-call")
                try await phone.answered()
                try await page.wait(until: "!document.getElementById('call-quality').hidden")
                try await check(page, "in a call")
                try await page.tap("keypad-button")
                try await check(page, "keypad")
                try await page.press(Chromium.Key.escape)
                try await page.tap("add-call-button")
                try await check(page, "add call")
                try await page.press(Chromium.Key.escape)
                second.call("alice")
                try await page.wait(until: "document.querySelector('#other-calls li')")
                try await check(page, "a second call")
                try await page.tap(selector: "#other-calls [data-action=reject]")
                try await phone.hangUp()
                _ = try await page.endOfCall()
                try await page.tap("recent-tab")
                try await check(page, "call list")
                try await page.dial("nobody")
                #expect(try await page.endOfCall() == "404")
                try await check(page, "failed")
                try await page.tap("echo-button")
                try await page.wait(for: "echo")
                try await check(page, "echo")
                try await page.tap("hangup-button")
                _ = try await page.endOfCall()
                try await page.tap("logout-button")
                try await page.wait(for: "signed-out")
                try await check(page, "signed out")
            }
        }

        @Test("the WebSocket is cut in a call: the page says so, what needs the gateway is off, the call goes on and is whole afterwards")
        func reconnecting() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            let page = try await stage.signedInWithSwitch("alice")
            try await page.dial(phone.uri)
            try await phone.called()
            try await phone.accept()
            try await page.wait(for: "in-call")
            #expect(await phone.audio.hears(Chromium.frequency))
            let seen = try await page.run("""
                const banner = document.getElementById('connection-banner'), hold = document.getElementById('hold-button');
                const shown = new Promise(resolve => new MutationObserver(() => { if (!banner.hidden) resolve(); })
                  .observe(banner, { attributes: true }));
                isAway = true;
                sockets.at(-1).close();
                await shown;
                hold.click();
                await new Promise(resolve => setTimeout(resolve, 50));
                const seen = { text: banner.textContent, state: document.body.dataset.state, off: hold.getAttribute('aria-disabled'),
                  notice: document.getElementById('notice').hidden };
                isAway = false;
                return seen;
                """)
            #expect(seen["text"]?.stringValue?.contains("Reconnecting") == true)
            #expect(seen["state"] == "in-call" && seen["off"] == "true" && seen["notice"] == true)
            try await page.wait(until: "document.body.dataset.connection === 'online' && document.getElementById('connection-banner').hidden")
            try await page.wait(until: "!document.getElementById('hold-button').hasAttribute('aria-disabled')")
            #expect(await phone.audio.hears(Chromium.frequency))
            #expect(try await page.missing(440, in: Page.remote) == nil)
            try await page.tap("hangup-button")
            try await phone.hungUp()
            _ = try await page.endOfCall()
            try await page.click("logout-button")
            try await page.wait(for: "signed-out")
            try await page.close()
        }

        @Test("a call while the page is in the background: the system tells of it, and no longer once it has ended; the title says who calls")
        func background() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                try await page.run("""
                    Object.defineProperty(document, 'hidden', { get: () => true });
                    window.Notification = class {
                      static permission = 'granted';
                      constructor(title) { document.body.dataset.told = title; }
                      close() { document.body.dataset.told = ''; }
                    };
                    """)
                let run = try await SIPpRun.calling("alice", "uac-cancel", on: stage)
                try await page.wait(until: "document.body.dataset.told?.endsWith(' calls') && document.title.includes(document.body.dataset.told)")
                await run.passes()
                try await page.wait(until: "document.body.dataset.told === '' && document.title === 'Tern'")
                _ = try await page.endOfCall()
            }
        }

        @Test("the microphone is denied: the page says so in words, and one hears at least")
        func noMicrophone() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            try await stage.with("alice") { page in
                try await page.run("navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }")
                try await page.dial(phone.uri)
                try await phone.called()
                try await phone.accept()
                try await page.wait(for: "in-call")
                #expect(try await page.text(of: "notice").contains("not allowed"))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                try await page.wait(until: "document.getElementById('mute-button').hidden")
                try await page.press("E", shift: true)
                try await phone.hungUp()
                _ = try await page.endOfCall()
            }
        }

        @Test("a part of the page's program is missing: the page says so, tries again, and begins when it is there")
        func incomplete() async throws {
            let stage = try Stage.running
            let page = try await stage.openPage()
            try await page.block("*/tern-peer.js")
            // The page is replaced while the script runs.
            try? await page.run("location.reload()")
            #expect(await eventually(within: .patience) { await text(of: "loading-text", on: page)?.contains("Trying again") == true })
            #expect(try await page.run("return document.body.dataset.state") == "loading")
            try await page.block()
            try await page.begins()
            try await signIn(page)
        }

        @Test("a part of the page's program stays away: nothing can be typed in, the browser sends no password, and the user can try again")
        func neverComplete() async throws {
            let stage = try Stage.running
            let page = try await stage.openPage()
            try await page.block("*/tern-peer.js")
            try? await page.run("location.reload()")
            // It was tried four times.
            #expect(await eventually(within: .patience) {
                (try? await page.run("return document.getElementById('load-button').checkVisibility()")) == true
            })
            #expect(await text(of: "loading-text", on: page)?.contains("Check your network") == true)
            let sent = try await page.run("""
                const form = document.getElementById('login-form'), before = location.href;
                const seen = form.checkVisibility();
                const refused = new Promise(resolve => document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective)));
                document.getElementById('login-user').value = 'alice';
                document.getElementById('login-password').value = 'secret';
                document.getElementById('login-button').click();
                return { seen, refused: await refused, stays: location.href === before };
                """)
            #expect(sent == ["seen": false, "refused": "form-action", "stays": true])
            try await page.block()
            try? await page.run("document.getElementById('load-button').click()")
            try await page.begins()
            try await signIn(page)
        }

        @Test("the network changes while one signs in: the page tries again, and says why when it has no connection in the end")
        func signInWithoutConnection() async throws {
            let page = try await Stage.running.openPage()
            try await page.run("""
                window.WebSocket = class extends WebSocket {
                  constructor(url, protocols) { super(lost-- > 0 ? `${url}-away` : url, protocols); }
                };
                window.lost = 10;
                """)
            try await page.type("alice", into: "login-user")
            try await page.type(GatewayProcess.password, into: "login-password")
            try await page.click("login-button")
            try await page.wait(until: "!document.getElementById('login-error').hidden")
            #expect(await text(of: "login-error", on: page) == "The gateway cannot be reached")
            #expect(try await page.run("const left = lost; lost = 2; return left") == 7)
            try await page.click("login-button")
            try await page.wait(for: "ready")
            #expect(try await page.run("return lost") == -1)
            try await page.click("logout-button")
            try await page.wait(for: "signed-out")
            try await page.close()
        }

        @Test("a connection that is lost comes back though the gateway refuses for a while, and the page says why; a refusal for good signs out in words")
        func refusedForAWhile() async throws {
            let page = try await Stage.running.openPage()
            try await page.run("""
                window.sockets = [];
                window.refusal = null;
                window.WebSocket = class extends WebSocket {
                  constructor(url, protocols) { super(url, protocols); sockets.push(this); }
                  send(text) {
                    const { cmd, tid } = JSON.parse(text);
                    if (!refusal || !['resume', 'login'].includes(cmd)) return super.send(text);
                    const data = JSON.stringify({ result: 'error', tid, data: refusal });
                    return queueMicrotask(() => this.onmessage?.({ data }));
                  }
                };
                """)
            try await page.type("alice", into: "login-user")
            try await page.type(GatewayProcess.password, into: "login-password")
            try await page.click("login-button")
            try await page.wait(for: "ready")
            try await page.run("refusal = { code: 5004, error: 'the server is shutting down' }; sockets.at(-1).close()")
            try await page.wait(until: "document.getElementById('connection-banner').textContent.includes('the server is shutting down')")
            #expect(try await page.run("return document.body.dataset.state") == "ready")
            try await page.run("refusal = null")
            try await page.wait(until: "document.body.dataset.connection === 'online' && document.getElementById('connection-banner').hidden")
            try await page.run("refusal = { code: 2003, error: 'wrong user or password' }; sockets.at(-1).close()")
            try await page.wait(for: "signed-out")
            #expect(await text(of: "login-error", on: page) == "The gateway has signed you out: wrong user or password")
            #expect(try await page.run("return document.getElementById('login-error').checkVisibility()") == true)
            try await page.close()
        }

        // MARK: Parts

        private func text(of id: String, on page: Page) async -> String? {
            (try? await page.run("return document.getElementById(args[0])?.textContent", .string(id)))?.stringValue
        }

        private func signIn(_ page: Page) async throws {
            try await page.wait(until: "document.activeElement?.matches('#login-user, #login-password')")
            try await page.type("alice", into: "login-user")
            try await page.type(GatewayProcess.password, into: "login-password")
            try await page.click("login-button")
            try await page.wait(for: "ready")
            try await page.click("logout-button")
            try await page.wait(for: "signed-out")
            try await page.close()
        }

        /// Goes from field to field with Tab.
        private func walk(_ page: Page, to id: String) async throws {
            for _ in 0..<60 {
                if try await page.run("return document.activeElement.id").stringValue == id { return }
                try await page.press(Chromium.Key.tab)
            }
            throw HarnessError("Tab does not lead to \(id)")
        }

        private func check(_ page: Page, _ what: String) async throws { try await page.check(what, in: Stage.running.environment) }
    }
}
