import Testing

/// What Chromium does, with Firefox in its place.
extension IntegrationTests {
    @Suite("Firefox", .firefox)
    struct FirefoxCalls {
        @Test("the Echo button: it hears itself and sees itself")
        func echo() async throws {
            let stage = try Stage.running
            try await stage.with("alice", in: try Stage.firefox) { page in
                try await page.click("echo-button")
                try await page.wait(for: "echo")
                #expect(try await page.missing(Firefox.frequency, in: Page.remote) == nil)
                #expect(try await page.sees())
                try await page.click("hangup-button")
                try await page.wait(for: "ready")
            }
        }

        @Test("it calls a VP8 phone: tones at both ends, RTP counted there, frames decoded here")
        func calls() async throws {
            let stage = try Stage.running
            try await stage.with("alice", in: try Stage.firefox) { page in
                let sound = try RTPPhone(on: stage.environment.address, frequency: 440)
                let picture = try RTPReflector(on: stage.environment.address)
                let run = try await SIPpRun.called(
                    "uas-video", in: stage.environment, rtpPort: sound.port, "-set", "video_port", "\(picture.port)")
                try await page.dial("sip:bob@\(stage.environment.address):\(run.port)", video: true)
                try await page.wait(for: "in-call")
                #expect(await sound.hears(Firefox.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(await picture.sees())
                #expect(try await page.sees())
                try await page.click("hangup-button")
                await run.passes()
                _ = try await page.endOfCall()
                sound.stop()
                picture.stop()
            }
        }

        @Test("a registered phone and it call each other by name; both hear each other, and each of them hangs up once")
        func registeredPhone() async throws {
            let stage = try Stage.running
            let phone = try await Baresip("bob", at: stage.gateway, in: stage.environment, frequency: 700)
            try await phone.registered()
            try await stage.with("alice", in: try Stage.firefox) { page in
                try await page.dial("bob")
                try await page.wait(for: "in-call")
                #expect(try await page.missing(700, in: Page.remote) == nil)
                #expect(await phone.hears(Firefox.frequency))
                try await page.click("hangup-button")
                try await phone.closed()
                try await page.wait(for: "ready")
                phone.dial("sip:alice@\(stage.gateway.address):\(stage.gateway.sipPort)")
                try await page.answer()
                try await page.wait(for: "in-call")
                #expect(try await page.missing(700, in: Page.remote) == nil)
                phone.hangUp()
                try await page.wait(for: "ready")
            }
            await phone.quit()
        }

        @Test("an audio phone calls it: tones at both ends, and the phone hangs up")
        func called() async throws {
            let stage = try Stage.running
            try await stage.with("alice", in: try Stage.firefox) { page in
                let phone = try RTPPhone(on: stage.environment.address, frequency: 440)
                let run = try await SIPpRun.calling("alice", "uac-call-user", on: stage, rtpPort: phone.port, "-d", "4000")
                try await page.answer()
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(await phone.hears(Firefox.frequency))
                await run.passes()
                _ = try await page.endOfCall()
                phone.stop()
            }
        }

        @Test("a VP8 phone calls it: RTP is counted there, frames are decoded here, and it hangs up")
        func calledWithVideo() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage, video: .vp8)
            try await stage.with("alice", in: try Stage.firefox) { page in
                phone.call("alice")
                try await page.answer(video: true)
                try await phone.answered()
                #expect(await phone.audio.hears(Firefox.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(await phone.video.sees())
                #expect(try await page.sees())
                try await page.click("hangup-button")
                try await phone.hungUp()
                _ = try await page.endOfCall()
            }
            phone.stop()
        }

        @Test("it calls Chromium: each hears the other's tone and sees the other")
        func callsChromium() async throws {
            let stage = try Stage.running
            try await stage.with("alice", in: try Stage.firefox) { alice in
                try await stage.with("bob") { bob in
                    try await alice.dial("bob", video: true)
                    try await bob.answer(video: true)
                    try await alice.wait(for: "in-call")
                    #expect(try await alice.missing(Chromium.frequency, in: Page.remote) == nil)
                    #expect(try await bob.missing(Firefox.frequency, in: Page.remote) == nil)
                    #expect(try await alice.sees())
                    #expect(try await bob.sees())
                    try await bob.click("hangup-button")
                    _ = try await alice.endOfCall()
                    _ = try await bob.endOfCall()
                }
            }
        }
    }
}
