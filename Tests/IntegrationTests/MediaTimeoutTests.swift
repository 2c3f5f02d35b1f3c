import JSON
import SDP
import Testing

/// Phones and browsers that vanish in a call, with a media timeout of two seconds; and some that are silent for good reason.
extension IntegrationTests {
    @Suite("A party that is gone", .gatewayWithShortMediaTimeout)
    struct MediaTimeouts {
        @Test("a phone that ceases to send in a call with a page: both are told 408")
        func pageAndPhone() async throws {
            try await call { (page, phone) async throws -> Void in
                phone.audio.pause(true)
                #expect(try await phone.reasonOfHangUp() == #"SIP;cause=408;text="No RTP from the callee for 2 seconds""#)
                #expect(try await page.endOfCall() == "408")
            }
        }

        @Test("a browser that answers and whose media connection never comes up: the phone gets a BYE, and the client is told once, though both are there")
        func neverConnected() async throws {
            let gateway = try Stage.running.gateway
            let client = try await APIClient.user("bob", at: gateway), phone = try SIPPhone(at: gateway)
            defer { phone.stop() }
            phone.call("bob")
            let invitation = try await client.serve("call_invite")
            let call = try #require(invitation["call_id"]), sdp = try #require(invitation["offer"]?["sdp"]?.stringValue)
            try await client.request("media", "answer_call", ["call_id": call, "answer": ["sdp": .string(Parties.answer(to: sdp))]])
            try await phone.answered()
            #expect(try await phone.reasonOfHangUp() == #"SIP;cause=408;text="The browser's media connection was not up within 2 seconds""#)
            let end = try await client.event("hangup", of: call.stringValue)
            #expect(end["code"]?.intValue == 408, "\(end.text)")
            #expect(client.waitingEvents("hangup", of: call.stringValue ?? "") == 0)
            await client.leave()
        }

        @Test("of two phones one ceases to send: both get a BYE that says which")
        func phones() async throws {
            try await Stage.running.callOfPhones { one, other async throws -> Void in
                one.audio.pause(true)
                let reason = #"SIP;cause=408;text="No RTP from the caller for 2 seconds""#
                #expect(try await other.reasonOfHangUp() == reason)
                #expect(try await one.reasonOfHangUp() == reason)
            } end: { _, _ in }
        }

        @Test("a phone that is silent while its call rings, for twice the timeout, keeps its call")
        func ringing() async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage), phone = try SIPPhone(stage, frequency: 700, port: stage.gateway.phonePort)
            defer { caller.stop(); phone.stop() }
            caller.audio.pause(true)
            caller.call("phone")
            try await phone.called()
            try phone.ring(early: true)
            _ = try await caller.provisional(183)
            #expect(!(await caller.hasOutcome(within: .seconds(4))))
            try await phone.accept()
            try await caller.answered()
            caller.audio.pause(false)
            #expect(await phone.audio.hears(440))
            try await caller.hangUp()
            try await phone.hungUp()
        }

        @Test("a phone that never sends to the echo is hung up")
        func never() async throws {
            let phone = try SIPPhone(.running)
            defer { phone.stop() }
            phone.audio.pause(true)
            phone.call("echo")
            try await phone.answered()
            #expect(try await phone.reasonOfHangUp()?.contains("No RTP from the caller") == true)
        }

        @Test("a session of the browser API whose phone never sends ends with 408, and its client is told once")
        func session() async throws {
            let gateway = try Stage.running.gateway
            let client = try await APIClient.user("alice", at: gateway)
            let offer: JSONValue = ["sdp": .string(SIPProbe.Call.sdp(gateway.address)), "sdp_type": "rtp"]
            let started = try await client.request("media", "start_session", ["type": "echo", "offer": offer])
            let session = try #require(started["session_id"]?.stringValue)
            let end = try await client.event("stop", of: session)
            #expect(end["code"]?.intValue == 408 && end["reason"]?.stringValue?.contains("No RTP from the caller") == true, "\(end.text)")
            #expect(client.waitingEvents("stop", of: session) == 0)
            await client.leave()
        }

        @Test("a phone that is held by the page, by itself or muted, or that only listens, may be silent")
        func silentForGoodReason() async throws {
            try await call { (page, phone) async throws -> Void in
                let admin = try await APIClient.user("admin", at: try Stage.running.gateway)
                let session = try #require(try await page.run("return tern.current.sessionId").stringValue)
                phone.audio.pause(true)
                try await page.run("window.outcome = tern.current.hold()")
                #expect(try await phone.offered().audioDirection == .sendonly)
                phone.media.direction = .recvonly
                try await phone.accept()
                try await stands(phone)
                try await page.run("window.outcome = tern.current.resume()")
                try await phone.offered()
                phone.media.direction = .sendonly
                try await phone.accept()
                try await page.wait(until: "document.body.dataset.held === 'true'")
                try await stands(phone)
                phone.media.direction = .recvonly
                #expect(try await phone.offers().audioDirection == .sendonly)
                try await stands(phone)
                phone.audio.pause(false)
                phone.media.direction = .sendrecv
                try await phone.offers()
                #expect(try await page.missing(440, in: Page.remote) == nil)
                try await admin.update(session, ["use_audio": false])
                phone.audio.pause(true)
                try await stands(phone)
                phone.audio.pause(false)
                try await admin.update(session, ["use_audio": true])
                #expect(try await page.missing(440, in: Page.remote) == nil)
                await admin.leave()
                phone.audio.pause(true)
                #expect(try await phone.reasonOfHangUp() != nil)
                _ = try await page.endOfCall()
            }
        }

        @Test("a page that sends nothing at all, but is there, keeps its call")
        func silentPage() async throws {
            try await call { (page, phone) async throws -> Void in
                try await page.run(
                    "for (const sender of (await \(Page.connection)).getSenders()) await sender.replaceTrack(null)")
                #expect(await eventually(within: .patience) { await phone.audio.packets(during: .milliseconds(400)) == 0 })
                try await stands(phone)
                try await phone.hangUp()
                _ = try await page.endOfCall()
            }
        }

        @Test("a browser whose media connection is gone without a word loses its call, though its WebSocket lives; a page in a call meanwhile keeps its own")
        func vanishedBrowser() async throws {
            let stage = try Stage.running
            try await call { page, present in
                let phone = try SIPPhone(stage, frequency: 700, port: stage.gateway.phonePort)
                defer { phone.stop() }
                let script = stage.environment.root.appendingPathComponent("Tests/IntegrationTests/Harness/aiortc-client.py").path
                let browser = try await TestProcess("/usr/bin/python3", [
                    script, "--vanish", "ws://127.0.0.1:\(stage.gateway.httpPort)/api", "alice", GatewayProcess.password, "440", "700", "phone",
                ])
                try await phone.called()
                try await phone.accept()
                for line in ["HEARD", "VANISHED"] { _ = try await browser.line(with: line, within: .seconds(20)) }
                // ICE asks every 25 s (libnice), and is patient with what it is not answered.
                #expect(try await phone.reasonOfHangUp(within: .seconds(100))?.hasPrefix("SIP;cause=408") == true)
                _ = try await browser.line(with: "ENDED", within: .patience)
                // The page has been asked twice by now. A libnice that takes its answers for none ends all calls after 50 s.
                #expect(await present.audio.hears(Chromium.frequency))
                try await present.hangUp()
                _ = try await page.endOfCall()
            }
        }

        // MARK: Parts

        /// An established call that a page has made to a phone, both of which have been heard.
        private func call(_ body: (Page, SIPPhone) async throws -> Void) async throws {
            try await Stage.running.call { page, phone in
                #expect(try await page.missing(440, in: Page.remote) == nil)
                try await body(page, phone)
            } end: { _, _ in }
        }

        /// No BYE comes for twice the timeout.
        private func stands(_ phone: SIPPhone) async throws {
            let bye = await phone.probe.message(within: .seconds(4)) { $0.hasPrefix("BYE ") }
            #expect(bye == nil)
        }
    }
}

extension SIPPhone {
    /// Whether a final response to its INVITE, or a BYE, comes within the time.
    func hasOutcome(within time: Duration) async -> Bool {
        await probe.message(within: time) { text in
            let message = SIPText(text: text)
            return text.hasPrefix("BYE ") || message.method == "INVITE" && message.status >= 200
        } != nil
    }

    /// Waits for the other side's BYE, and gives its Reason.
    func reasonOfHangUp(within limit: Duration = .patience) async throws -> String? {
        guard let text = await probe.message(within: limit, where: { $0.hasPrefix("BYE ") }) else { throw HarnessError("no BYE within \(limit)") }
        send { $0.response(200, "OK", to: SIPText(text: text)) }
        return SIPText(text: text)["reason"]
    }
}

/// Another gateway for a suite, which does not wait long for media.
struct ShortMediaTimeoutTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let stage = try Stage.running
        let gateway = try await GatewayProcess(in: stage.environment, name: "strict", media: ["timeout: 2s"])
        let own = Stage(environment: stage.environment, gateway: gateway, chromium: stage.chromium)
        try await Stage.$current.withValue(own, operation: function)
        await gateway.end()
    }
}

extension Trait where Self == ShortMediaTimeoutTrait {
    static var gatewayWithShortMediaTimeout: Self { Self() }
}
