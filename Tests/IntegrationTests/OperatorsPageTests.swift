import Foundation
import JSON
import Testing

/// The page at `/admin`, as operators use it.
extension IntegrationTests {
    @Suite("The operators' page")
    struct OperatorsPage {
        @Test("others are told that it is for admins, and stay outside")
        func strangers() async throws {
            let stage = try Stage.running
            let page = try await open(stage.gateway, in: stage.chromium)
            try await signIn(page, as: "alice")
            try await page.wait(until: "!document.getElementById('login-error').hidden")
            #expect(try await page.text(of: "login-error").contains("alice is no admin"))
            #expect(try await page.run("return [document.body.dataset.state, tern.client.user]") == ["signed-out", nil])
            #expect(try await page.run("return document.getElementById('now-view').checkVisibility()") == false)
            try await page.close()
        }

        @Test("a call is there with its caller, codec and audio; an operator hangs it up; a phone is there with its User-Agent, all as text")
        func now() async throws {
            let stage = try Stage.running
            let evil = "<img src=x onerror=document.body.dataset.owned=1>"
            let phone = try SIPPhone(stage), other = try SIPProbe(stage)
            defer { phone.stop() }
            #expect(try await other.register("bob", headers: "User-Agent: \(evil)\r\n") == 200)
            phone.call("echo")
            try await phone.answered()
            #expect(await phone.audio.hears(440))
            try await with(stage) { page in
                let row = "document.querySelector('#live-calls tbody tr')"
                try await page.wait(until: "\(row)?.querySelector('[data-column=whom]').textContent === 'echo'")
                try await page.wait(until: "\(row).querySelector('[data-column=state]').textContent.startsWith('Answered')")
                #expect(try await page.run("return \(row).querySelector('[data-column=codecs]').textContent").stringValue?.lowercased().contains("pcm") == true)
                var call = SIPProbe.Call(to: "echo", from: other)
                other.send(call.invite(from: "\"\(evil)\" <sip:probe@\(other.authority)>"))
                call.learn(from: try await other.final(of: call))
                other.send(call.request("ACK", number: 1))
                try await page.wait(until: "\(row).querySelector('[data-column=who]').textContent.startsWith('<img')")
                other.send(call.request("BYE", number: 2))
                try await page.wait(until: "document.querySelectorAll('#live-calls tbody tr').length === 1")
                try await page.wait(until: "\(row).querySelector('[data-column=quality]').textContent.startsWith('Good')", within: .seconds(20))
                try await page.wait(until: "[...document.querySelectorAll('#registrations [data-column=agent]')].some(cell => cell.textContent.startsWith('<img'))")
                #expect(try await page.run("return [document.querySelectorAll('table img').length, document.body.dataset.owned ?? null]") == [0, nil])

                // What has the focus keeps it while what is around it changes.
                try await page.run("document.querySelector('#live-calls button').focus()")
                let before = try await page.text(of: "now-since")
                try await page.wait(until: "document.getElementById('now-since').textContent !== \(JSONValue.string(before).text)")
                #expect(try await page.run("return document.activeElement.matches('#live-calls button')") == true)
                try await page.press(Chromium.Key.enter)
                try await page.wait(until: "document.getElementById('sure-dialog').open")
                try await page.press(Chromium.Key.enter)
                try await phone.hungUp()
                try await page.wait(until: "document.getElementById('live-calls').hidden && document.getElementById('outcome').textContent === 'The call is ended.'")
            }
            #expect(try await other.register("bob", expires: 0) == 200)
        }

        @Test("what changes each second is not read out: no live region changes")
        func quiet() async throws {
            try await with(Stage.running) { page in
                let changes = try await page.run("""
                    const changes = [], since = document.getElementById('now-since');
                    const live = new MutationObserver(list => changes.push(...list.map(({ target }) => target.id || target.parentElement?.id)));
                    for (const region of document.querySelectorAll('[role=status], [role=alert], [aria-live]'))
                      live.observe(region, { subtree: true, childList: true, characterData: true, attributes: true });
                    let seconds = 0;
                    await new Promise(resolve => new MutationObserver((list, observer) => {
                      if (++seconds >= 3) { observer.disconnect(); resolve(); }
                    }).observe(since, { childList: true }));
                    return changes;
                    """)
                #expect(changes == [])
            }
        }

        @Test("drained, the gateway answers 503 to INVITE, OPTIONS and /readyz, and takes registrations; then it takes calls again")
        func drain() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "drained")
            let probe = try SIPProbe(at: gateway)
            let page = try await open(gateway, in: stage.chromium)
            try await signIn(page, as: "admin")
            try await page.wait(until: "document.getElementById('now-state').textContent === 'Takes calls'")
            try await page.tap("drain-button")
            try await page.wait(until: "document.getElementById('sure-dialog').open")
            try await page.tap("sure-go")
            try await page.wait(until: "document.getElementById('now-state').textContent.startsWith('Drained')")
            #expect(try await answers(probe) == ["INVITE": 503, "OPTIONS": 503, "REGISTER": 200])
            let (status, text) = try SmallHTTP.get(gateway.httpAddress, port: gateway.httpPort, path: "/readyz")
            #expect(status == 503 && text.contains("an operator drains the gateway"))
            try await page.tap("drain-button")
            try await page.wait(until: "document.getElementById('now-state').textContent === 'Takes calls'")
            #expect(try await answers(probe) == ["INVITE": 480, "OPTIONS": 200, "REGISTER": 200])
            #expect(try SmallHTTP.get(gateway.httpAddress, port: gateway.httpPort, path: "/readyz").0 == 200)
            try await page.click("logout-button")
            try await page.wait(for: "signed-out")
            try await page.close()
            await gateway.end()
        }

        @Test("by keyboard alone: signing in, searching, a call, its ladder and its messages, back")
        func keyboard() async throws {
            let stage = try Stage.running
            let page = try await open(stage.gateway, in: stage.chromium)
            try await answerInstead(page)
            try await page.run("document.getElementById('login-user').value = ''; document.getElementById('login-user').focus()")
            try await page.press("admin" + Chromium.Key.tab + GatewayProcess.password + Chromium.Key.enter)
            try await page.wait(until: "document.activeElement?.id === 'now-title'")
            try await walk(page, to: "#views a[href=\"#calls\"]", back: true)
            try await page.press(Chromium.Key.enter)
            try await page.wait(until: "document.activeElement?.id === 'calls-title' && document.querySelectorAll('#found-calls tbody tr').length === 4")
            try await walk(page, to: "#search-from")
            try await page.press("alice" + Chromium.Key.enter)
            try await page.wait(until: "document.getElementById('found-status').textContent === '2 calls'")
            try await walk(page, to: "#found-calls tbody a")
            try await page.press(Chromium.Key.enter)
            try await page.wait(until: "document.activeElement?.id === 'call-heading' && document.querySelectorAll('#ladder li').length === 9")
            try await walk(page, to: "#ladder summary")
            try await page.press(Chromium.Key.enter)
            try await page.wait(until: "document.querySelector('#ladder pre').checkVisibility() && document.querySelector('#ladder pre').textContent.includes('User-Agent: <img')")
            #expect(try await page.run("return document.title") == "Call – Tern operator")
            try await page.run("history.back()")
            try await page.wait(until: "document.activeElement?.id === 'calls-title'")
            try await page.click("logout-button")
            try await page.wait(for: "signed-out")
            try await page.close()
        }

        @Test("a call's record, media and ladder, a line test and its verdicts: drawn as text, and under the page's policy")
        func drawn() async throws {
            try await with(Stage.running, prepare: answerInstead) { page in
                try await show(page, "call/call-2", until: "document.querySelectorAll('#ladder li').length === 9")
                #expect(try await page.text(of: "call-why").hasPrefix("Failed: trunk berlin refused the call: 503 <img"))
                #expect(try await page.run("return document.querySelectorAll('#call-media tbody tr').length") == 2)
                let ladder = try await page.run("""
                    const items = [...document.querySelectorAll('#ladder li')];
                    const middle = text => { const lane = [...items[0].children].find(each => each.textContent.startsWith(text)).getBoundingClientRect(); return lane.left + lane.width / 2; };
                    const arrow = items[1].querySelector('.arrow').getBoundingClientRect();
                    return [items[1].querySelector('.parties').textContent, items[8].dataset.tone, items[8].textContent.includes('(again)'),
                      Math.abs(arrow.left - middle('caller')) < 2, Math.abs(arrow.right - middle('Tern')) < 2];
                    """)
                #expect(ladder.arrayValue?.first?.stringValue?.hasSuffix("(192.0.2.7:5060) → Tern") == true)
                #expect(Array((ladder.arrayValue ?? []).dropFirst()) == ["poor", true, true, true])
                let file = try await page.run("""
                    let saved;
                    HTMLAnchorElement.prototype.click = function () { saved = [this.download, this.href.startsWith('blob:')]; };
                    document.getElementById('trace-download').click();
                    for (let count = 0; !saved && count < 100; count++) await new Promise(resolve => setTimeout(resolve, 20));
                    return saved;
                    """)
                #expect(file == ["call-2.pcapng", true])
                // A call that was refused before it began is traced by its Call-ID.
                try await show(page, "call/call-4", until: "document.getElementById('call-why').textContent.startsWith('Not found') && document.querySelectorAll('#ladder li').length === 9")
                try await show(page, "line-tests", until: "document.querySelectorAll('#probes figure path').length === 3")
                #expect(try await page.text(of: "probes").contains("MOSecho by trunk berlin 4.3"))
                try await show(page, "line-test/call-1", until: "document.querySelectorAll('#test-verdicts li').length === 2")
                #expect(try await page.run("return document.querySelector('#test-verdicts li').dataset.severity") == "critical")
                let figures = try await page.text(of: "test-figures")
                #expect(figures.contains("12.1 ms") && figures.contains("4.76 %") && figures.contains("not measured"))
                #expect(try await page.run("return [document.images.length, document.querySelectorAll('main img').length - 1, document.body.dataset.owned ?? null, violations]")
                    == [2, 0, nil, []])
            }
        }

        @Test("what this gateway does not have is said, and breaks nothing")
        func missing() async throws {
            let commands: JSONValue = ["find_calls", "get_call", "get_trace", "list_line_tests", "get_line_test", "list_probes"]
            try await with(Stage.running, prepare: { try await answerInstead($0, missing: commands) }) { page in
                try await show(page, "calls", until: "document.getElementById('found-status').textContent === 'This gateway keeps no records of calls.'")
                try await show(page, "line-tests", until: "document.getElementById('tests-status').textContent === 'This gateway keeps no line tests.'")
                try await show(page, "line-test/x", until: "document.getElementById('test-status').textContent === 'This gateway keeps no line tests.'")
                try await show(page, "call/x", until: "document.getElementById('trace-status').textContent === 'This gateway keeps no traces.'")
                try await page.wait(until: "document.getElementById('call-why').textContent.endsWith('keeps no records of calls.')")
                try await show(page, "now", until: "document.getElementById('now-state').textContent === 'Takes calls'")
            }
        }

        @Test("an address from which somebody guesses a password is in the table of who is shut out, with the user, until when, and why")
        func shutOut() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "guessed")
            let page = try await open(gateway, in: stage.chromium)
            try await signIn(page, as: "admin")
            try await page.wait(for: "ready")
            try await page.wait(until: "document.getElementById('shut-out-note').textContent === 'Nobody is banned.'")
            let guesser = try SIPProbe(at: gateway, address: Trunks.carrierAddress)
            let request = guesser.registration("alice", at: nil, id: "guess", number: 1, expires: 60, contact: nil)
            guesser.send(request)
            let challenge = try #require(await guesser.message(within: .patience) { $0.contains("Call-ID: guess\r\n") })
            let proof = try guesser.answer(to: challenge, user: "alice", password: "wrong", method: "REGISTER", uri: "sip:\(guesser.registrar)")
            for number in 1...25 {
                guesser.send(guesser.registration(
                    "alice", at: nil, id: "guess-\(number)", number: 1, expires: 60, contact: nil, headers: "Authorization: \(proof)\r\n"))
            }
            let row = "document.querySelector('#shut-out tbody tr')"
            try await page.wait(until: "\(row) && \(row).checkVisibility()", within: .seconds(20))
            let cells = try await page.run("return ['address', 'user', 'until', 'reason'].map(name => \(row).querySelector(`[data-column=${name}]`).textContent)")
            let texts = (cells.arrayValue ?? []).compactMap(\.stringValue)
            #expect(texts.count == 4 && texts.first == Trunks.carrierAddress && texts.contains("20 wrong credentials over SIP within a minute"), "\(texts)")
            #expect(!texts.contains { $0.contains("Invalid") || $0.contains("undefined") }, "\(texts)")
            try await page.check("shut out", in: stage.environment)
            try await page.click("logout-button")
            try await page.wait(for: "signed-out")
            try await page.close()
            await gateway.end()
        }

        @Test("the capture of a call is a file that Wireshark opens, with the call's SIP and without its secrets")
        func capture() async throws {
            let stage = try Stage.running
            let probe = try SIPProbe(stage)
            #expect(try await probe.register("bob") == 200)
            let call = try await probe.callEcho()
            try await with(stage) { page in
                let folder = stage.environment.directory.appendingPathComponent("downloads")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try await page.download(to: folder)
                try await show(page, "call/\(call)", until: "!document.getElementById('trace-download').hidden")
                try await page.tap("trace-download")
                let file = folder.appendingPathComponent("\(call).pcapng")
                #expect(await eventually(within: .patience) { FileManager.default.fileExists(atPath: file.path) })
                let rows = try await TShark.rows(file, "sip", ["sip.Method", "sip.Status-Code", "sip.Call-ID", "ip.src"])
                #expect(rows.map { $0[0].isEmpty ? $0[1] : $0[0] }.filter { $0 != "100" } == ["INVITE", "200", "ACK", "BYE", "200"], "\(rows)")
                #expect(Set(rows.map { $0[2] }) == [call] && Set(rows.map { $0[3] }).isSubset(of: [stage.environment.address, probe.address]), "\(rows)")
                #expect(try await TShark.rows(file, "_ws.malformed", ["frame.number"]).isEmpty)
            }
            #expect(try await probe.register("bob", expires: 0) == 200)
        }

        @Test("names, contrast, targets and edges on four screens, light and dark, in every view")
        func checked() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            phone.call("echo")
            try await phone.answered()
            try await with(stage, prepare: answerInstead) { page in
                try await page.wait(until: "document.querySelector('#live-calls tbody tr')")
                try await page.check("now", in: stage.environment)
                try await page.tap(selector: "#live-calls button")
                try await page.check("hang up", in: stage.environment)
                try await page.press(Chromium.Key.escape)
                let views = [
                    ("calls", "document.querySelectorAll('#found-calls tbody tr').length === 4"), ("call/call-2", "document.querySelectorAll('#ladder li').length === 9"),
                    ("line-tests", "document.querySelector('#tests-list tbody tr')"), ("line-test/call-1", "document.querySelector('#test-verdicts li')"),
                ]
                for (view, condition) in views {
                    try await show(page, view, until: condition)
                    try await page.check(view, in: stage.environment)
                }
            }
            try await phone.hangUp()
        }

        @Test("the connection is cut: the page says so, what needs the gateway is off, and it goes on afterwards")
        func reconnecting() async throws {
            try await with(Stage.running, prepare: { page in
                try await page.run("""
                    window.sockets = [];
                    window.WebSocket = class extends WebSocket { constructor(url, protocols) { super(url, protocols); sockets.push(this); } };
                    """)
            }) { page in
                let seen = try await page.run("""
                    const banner = document.getElementById('connection-banner');
                    const shown = new Promise(resolve => new MutationObserver(() => { if (!banner.hidden) resolve(); }).observe(banner, { attributes: true }));
                    sockets.at(-1).close();
                    await shown;
                    return [banner.textContent.startsWith('Reconnecting'), document.getElementById('drain-button').getAttribute('aria-disabled')];
                    """)
                #expect(seen == [true, "true"])
                try await page.wait(until: "document.body.dataset.connection === 'online' && document.getElementById('connection-banner').hidden")
                let before = try await page.text(of: "now-since")
                try await page.wait(until: "document.getElementById('now-since').textContent !== \(JSONValue.string(before).text)")
                try await page.wait(until: "!document.getElementById('drain-button').hasAttribute('aria-disabled')")
            }
        }

        // MARK: Parts

        private func open(_ gateway: GatewayProcess, in chromium: Chromium) async throws -> Page {
            let page = try await chromium.open(gateway.page + "admin")
            try await page.begins()
            return page
        }

        private func signIn(_ page: Page, as user: String) async throws {
            try await page.type(user, into: "login-user")
            try await page.type(GatewayProcess.password, into: "login-password")
            try await page.click("login-button")
        }

        /// Runs `body` with the page of an admin, who signs out afterwards.
        private func with(_ stage: Stage, prepare: (Page) async throws -> Void = { _ in }, _ body: (Page) async throws -> Void) async throws {
            let page = try await open(stage.gateway, in: stage.chromium)
            try await prepare(page)
            try await signIn(page, as: "admin")
            try await page.wait(for: "ready")
            do {
                try await body(page)
            } catch {
                try? await page.close()
                throw error
            }
            try await page.click("logout-button")
            try await page.wait(for: "signed-out")
            try await page.close()
        }

        private func answerInstead(_ page: Page) async throws { try await answerInstead(page, missing: []) }

        private func answerInstead(_ page: Page, missing: JSONValue) async throws {
            let file = try Stage.running.environment.root.appendingPathComponent("Tests/IntegrationTests/Harness/admin-answers.js")
            try await page.run(try String(contentsOf: file, encoding: .utf8), missing)
        }

        private func show(_ page: Page, _ view: String, until condition: String) async throws {
            try await page.run("location.hash = `#${args[0]}`", .string(view))
            try await page.wait(until: condition)
        }

        /// Goes to an element with Tab.
        private func walk(_ page: Page, to selector: String, back: Bool = false) async throws {
            for _ in 0..<60 {
                if try await page.run("return document.activeElement.matches(args[0])", .string(selector)) == true { return }
                try await page.press(Chromium.Key.tab, shift: back)
            }
            throw HarnessError("Tab does not lead to \(selector)")
        }

        /// What a call, a question and a registration are answered.
        private func answers(_ probe: SIPProbe) async throws -> [String: Int] {
            var call = SIPProbe.Call(to: "nobody", from: probe)
            let question = SIPProbe.Call(to: "echo", from: probe)
            probe.send(call.invite())
            let refusal = try await probe.final(of: call)
            call.learn(from: refusal)
            probe.send(call.acknowledgement(of: "INVITE"))
            probe.send(question.request("OPTIONS", number: 1))
            return [
                "INVITE": SIPProbe.status(of: refusal), "OPTIONS": try await probe.finalStatus("OPTIONS", of: question), "REGISTER": try await probe.register("bob"),
            ]
        }
    }
}
