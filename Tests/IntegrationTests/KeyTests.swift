import JSON
import Testing

/// Keys: as RTP (RFC 4733), by INFO and by command.
extension IntegrationTests {
    @Suite("DTMF digits")
    struct Keys {
        @Test("the page's keys reach a phone with telephone-event as RTP, each once and in order, and none by INFO")
        func rtp() async throws {
            try await call(keys: true, info: true) { page, phone in
                try await page.run("await tern.current.sendDTMF('159*0#D')")
                #expect(await eventually(within: .patience) { phone.audio.keys == "159*0#D" }, "\(phone.audio.keys)")
                // What comes while others are being sent comes behind them.
                try await page.run("await Promise.all([tern.current.sendDTMF('222'), tern.current.sendDTMF('3', { duration: 200 })])")
                #expect(await eventually(within: .patience) { phone.audio.keys == "159*0#D2223" }, "\(phone.audio.keys)")
                #expect(!(await phone.isInformed()))
                #expect(await phone.audio.hears(Chromium.frequency))
            }
        }

        @Test("an application of the user's presses keys as well: the page sends them")
        func application() async throws {
            let application = try await APIClient.user("alice", at: Stage.running.gateway)
            try await call(keys: true, info: false) { page, phone in
                let id = try await page.run("return tern.current.callId")
                try await application.request("media", "send_dtmf", ["call_id": id, "digits": "42", "side": "caller"])
                #expect(await eventually(within: .patience) { phone.audio.keys == "42" }, "\(phone.audio.keys)")
            }
            await application.leave()
        }

        @Test("a phone's key as RTP reaches the browser: as many packets as it sends, nothing else, and one event")
        func rtpToBrowser() async throws {
            try await call(keys: true, info: false) { page, phone in
                try await page.run("window.keys = []; tern.current.on('dtmf', key => { keys.push(key.digit + key.by); document.body.dataset.keys = keys.length; })")
                phone.audio.isSilent = true
                #expect(try await page.stopsReceiving("audio"))
                let before = try await page.sum("inbound-rtp", "audio", "packetsReceived")
                phone.audio.press(5)
                #expect(try await eventually(within: .patience) {
                    try await page.sum("inbound-rtp", "audio", "packetsReceived") == before + RTPPhone.packetsOfKey
                })
                #expect(try await page.stopsReceiving("audio"))
                try await page.wait(until: "document.body.dataset.keys === '1'")
                phone.audio.press(11)
                try await page.wait(until: "document.body.dataset.keys === '2'")
                #expect(try await page.run("return keys") == ["5callee", "#callee"])
                phone.audio.isSilent = false
                #expect(try await page.missing(440, in: Page.remote) == nil)
            }
        }

        @Test("a phone without telephone-event gets the page's keys by INFO, one after the other; what it refuses is said")
        func info() async throws {
            try await call(keys: false, info: true) { page, phone in
                try await page.run("window.outcome = tern.current.sendDTMF('1#', { duration: 120 }).then(() => 'done', error => error.code)")
                for digit in ["1", "#"] {
                    let info = try await phone.informed()
                    #expect(info["content-type"] == "application/dtmf-relay")
                    #expect(info.body == "Signal=\(digit)\r\nDuration=120\r\n")
                }
                #expect(try await page.run("return await outcome") == "done")
                try await page.run("window.outcome = tern.current.sendDTMF('55').then(() => 'done', error => error.code)")
                _ = try await phone.informed(415)
                #expect(try await page.run("return await outcome") == 3014)
                #expect(phone.audio.keys == "")
            }
        }

        @Test("a phone that takes neither: 3014, and nothing is sent")
        func neither() async throws {
            try await call(keys: false, info: false) { page, phone in
                let code = try await page.run("return await tern.current.sendDTMF('1').then(() => 0, error => error.code)")
                #expect(code == 3014)
                #expect(!(await phone.isInformed()))
            }
        }

        @Test("keys of a phone by INFO are events at the page; malformed ones are refused and are none", arguments: [true, false])
        func infoToPage(pageCalls: Bool) async throws {
            try await call(keys: true, info: true, pageCalls: pageCalls) { page, phone in
                try await page.run("window.keys = []; tern.current.on('dtmf', key => { keys.push(key); document.body.dataset.keys = keys.length; })")
                #expect(try await phone.info("application/dtmf-relay", "Signal= 10\r\nDuration= 160\r\n") == 200)
                #expect(try await phone.info("application/dtmf", "7") == 200)
                #expect(try await phone.info("application/dtmf", "x") == 400)
                #expect(try await phone.info("application/x-dtmf", "7") == 415)
                try await page.wait(until: "document.body.dataset.keys === '2'")
                let by = JSONValue.string(pageCalls ? "callee" : "caller")
                #expect(try await page.run("return keys") == [
                    ["digit": "*", "duration": 160, "by": by], ["digit": "7", "duration": 100, "by": by],
                ])
            }
        }

        @Test("one page's keys are the other's events; the echo's come back")
        func browsers() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { alice in
                try await stage.with("bob") { bob in
                    try await alice.dial("bob")
                    try await bob.answer()
                    try await alice.wait(for: "in-call")
                    let listen = "window.keys = ''; tern.current.on('dtmf', key => { document.body.dataset.keys = keys += key.digit; })"
                    for page in [alice, bob] { try await page.run(listen) }
                    try await alice.run("await tern.current.sendDTMF('12')")
                    try await bob.run("await tern.current.sendDTMF('#')")
                    try await bob.wait(until: "document.body.dataset.keys === '12'")
                    try await alice.wait(until: "document.body.dataset.keys === '#'")
                    try await alice.click("hangup-button")
                    _ = try await bob.endOfCall()
                }
                try await alice.wait(for: "ready")
                try await alice.dial("echo")
                try await alice.wait(for: "in-call")
                try await alice.run("delete document.body.dataset.keys; tern.current.on('dtmf', key => { document.body.dataset.keys = key.digit; })")
                try await alice.run("await tern.current.sendDTMF('8')")
                try await alice.wait(until: "document.body.dataset.keys === '8'")
                try await alice.click("hangup-button")
                _ = try await alice.endOfCall()
            }
        }

        /// An established call between the page and a phone, both of which have been heard.
        private func call(
            keys: Bool, info: Bool, pageCalls: Bool = true, _ body: (Page, SIPPhone) async throws -> Void
        ) async throws {
            try await Stage.running.call(pageCalls: pageCalls, prepare: {
                $0.takesInfo = info
                $0.media.hasKeys = keys
            }, body)
        }
    }
}
