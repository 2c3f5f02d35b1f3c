import JSON
import Testing

/// Pauses of thirteen minutes, within eight seconds: the sender's packets are numbered as if so many had gone by. SRTP counts the rounds of
/// these numbers (RFC 3711, section 3.3.1), and takes one that is more than half a round ahead for an old one.
extension IntegrationTests {
    @Suite("Long pauses")
    struct LongPauses {
        @Test("between two browsers: after the hold they hear each other again")
        func browsers() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let client = try await Self.client(stage, "bob", hears: Int(Chromium.frequency))
                _ = try await client.line(with: "READY", within: .seconds(30))
                try await page.dial("bob")
                try await page.wait(for: "in-call", within: .seconds(20))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                for line in ["HEARD", "SKIPPED"] { _ = try await client.line(with: line, within: .seconds(20)) }
                try await page.run("await tern.current.hold()")
                _ = try await client.line(with: "SKIPPED", within: .seconds(20))
                #expect(try await page.stopsReceiving("audio"))
                try await page.run("await tern.current.resume()")
                #expect(try await page.missing(440, in: Page.remote, within: .seconds(20)) == nil)
                _ = try await client.line(with: "HEARD", within: .seconds(20))
                try await page.click("hangup-button")
                _ = try await client.line(with: "ENDED", within: .seconds(20))
            }
        }

        @Test("in an echo: it hears itself again")
        func echo() async throws {
            try await held(calling: "echo", hears: 440) {} and: {}
        }

        @Test("a browser that holds a phone, with SRTP or without: the phone hears it again", arguments: [false, true])
        func browserToPhone(isSecure: Bool) async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage, port: SIPScenarioPhones.port(0))
            defer { phone.stop() }
            if isSecure { phone.media.key = SRTPStream.makeKey() }
            try await held(calling: SIPScenarioPhones.name(0, isSecure ? .srtp : .plain), hears: 440, phone: phone) {
                try await phone.called()
                try await phone.accept()
                #expect(await phone.audio.hears(700, within: .seconds(20)))
            } and: {
                #expect(await phone.audio.hears(700, within: .seconds(20)))
            }
        }

        @Test("a phone that goes on sending while the sound is off is heard again")
        func phone() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            try await stage.with("alice") { page in
                phone.call("alice")
                try await page.answer()
                try await phone.answered()
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(await Self.skip(phone))
                try await page.run("await tern.current.update({ audio: false })")
                #expect(try await page.stopsReceiving("audio"))
                #expect(await Self.skip(phone))
                try await page.run("await tern.current.update({ audio: true })")
                #expect(try await page.missing(440, in: Page.remote, within: .seconds(20)) == nil)
                try await phone.hangUp()
                _ = try await page.endOfCall()
            }
        }

        @Test("two phones whose sound was off hear each other again")
        func phones() async throws {
            let stage = try Stage.running
            let admin = try await APIClient.user("admin", at: stage.gateway)
            try await stage.callOfPhones { one, other in
                let id = try await admin.onlySession()
                for phone in [one, other] { #expect(await Self.skip(phone)) }
                try await admin.update(id, ["use_audio": false])
                #expect(await eventually(within: .seconds(20)) { await one.audio.packets(during: .milliseconds(400)) == 0 })
                for phone in [one, other] { #expect(await Self.skip(phone)) }
                try await admin.update(id, ["use_audio": true])
                #expect(await one.audio.hears(700, within: .seconds(20)))
                #expect(await other.audio.hears(500, within: .seconds(20)))
            }
            await admin.leave()
        }

        @Test("a phone in an echo whose sound was off hears itself again, with SRTP or without", arguments: [false, true])
        func phoneEcho(isSecure: Bool) async throws {
            let stage = try Stage.running
            let admin = try await APIClient.user("admin", at: stage.gateway)
            let phone = try SIPPhone(stage, frequency: 440)
            defer { phone.stop() }
            if isSecure { phone.media.key = SRTPStream.makeKey() }
            phone.call("echo")
            try await phone.answered()
            #expect(await phone.audio.hears(440))
            let id = try await admin.onlySession()
            try await admin.update(id, ["use_audio": false])
            #expect(await eventually(within: .seconds(20)) { await phone.audio.packets(during: .milliseconds(400)) == 0 })
            #expect(await Self.skip(phone))
            try await admin.update(id, ["use_audio": true])
            #expect(await phone.audio.hears(440, within: .seconds(20)))
            try await phone.hangUp()
            await admin.leave()
        }

        // MARK: Parts

        /// Goes on as if it had sent 40,000 packets, in eight seconds.
        private static func skip(_ phone: SIPPhone) async -> Bool {
            for _ in 1...16 {
                phone.audio.skip(2_500)
                guard await phone.audio.sends() else { return false }
                try? await Task.sleep(for: .milliseconds(400))
            }
            return true
        }

        /// A client that calls, and skips thirteen minutes while its call is held.
        private func held(
            calling destination: String, hears: Int, phone: SIPPhone? = nil, _ begin: () async throws -> Void, and end: () async throws -> Void
        ) async throws {
            let stage = try Stage.running
            let application = try await APIClient.user("alice", at: stage.gateway)
            try await application.request("core", "subscribe", [:])
            let client = try await Self.client(stage, "alice", speaks: phone == nil ? hears : 700, hears: hears, calling: destination)
            try await begin()
            for line in ["HEARD", "SKIPPED"] { _ = try await client.line(with: line, within: .seconds(20)) }
            let list = try await application.request("media", "get_list", [:])
            let session = try #require(list["session_ids"]?.arrayValue?.first)
            let call = try #require(try await application.request("media", "get_info", ["session_id": session])["call_id"])
            for command in ["hold_call", "resume_call"] {
                async let done = application.request("media", command, ["call_id": call, "side": "caller"], within: .seconds(20))
                if let phone {
                    phone.media.direction = try await phone.offered(within: .seconds(20)).audioDirection?.reversed ?? .sendrecv
                    try await phone.accept()
                }
                _ = try await done
                if command == "hold_call" { _ = try await client.line(with: "SKIPPED", within: .seconds(20)) }
            }
            _ = try await client.line(with: "HEARD", within: .seconds(20))
            try await end()
            try await application.request("media", "hangup_call", ["call_id": call])
            if let phone { try await phone.hungUp() }
            _ = try await client.line(with: "ENDED", within: .seconds(20))
            await application.leave()
        }

        private static func client(
            _ stage: Stage, _ user: String, speaks: Int = 440, hears: Int, calling destination: String? = nil
        ) async throws -> TestProcess {
            let script = stage.environment.root.appendingPathComponent("Tests/IntegrationTests/Harness/aiortc-client.py").path
            let arguments = [
                script, "--skip", "ws://127.0.0.1:\(stage.gateway.httpPort)/api", user, GatewayProcess.password, "\(speaks)", "\(hears)",
            ]
            return try await TestProcess("/usr/bin/python3", arguments + (destination.map { [$0] } ?? []))
        }
    }
}

extension RTPPhone {
    /// Whether packets go out, a few of them from now on.
    func sends(within limit: Duration = .seconds(5)) async -> Bool {
        let before = sentPackets
        return await eventually(within: limit) { sentPackets > before + 5 }
    }
}
