import Testing

/// Calls with picture between a browser and a SIP phone, which sends back the picture that it gets.
extension IntegrationTests {
    @Suite("Video between a browser and a phone")
    struct BrowserVideo {
        @Test("the browser calls a VP8 phone: RTP is counted there, frames are decoded here")
        func browserCalls() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let sound = try RTPPhone(on: stage.environment.address, frequency: 440)
                let picture = try RTPReflector(on: stage.environment.address)
                let run = try await SIPpRun.called(
                    "uas-video", in: stage.environment, rtpPort: sound.port, "-set", "video_port", "\(picture.port)")
                try await page.dial("sip:bob@\(stage.environment.address):\(run.port)", video: true)
                try await page.wait(for: "in-call")
                #expect(await picture.sees())
                #expect(try await page.sees())
                #expect(await sound.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                try await page.click("hangup-button")
                await run.passes()
                _ = try await page.endOfCall()
                sound.stop()
                picture.stop()
            }
        }

        @Test("an H.264 phone calls the browser: RTP is counted there, frames are decoded here")
        func phoneCalls() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let sound = try RTPPhone(on: stage.environment.address, frequency: 440)
                let picture = try RTPReflector(on: stage.environment.address)
                let run = try await SIPpRun.calling(
                    "alice", "uac-video", on: stage, rtpPort: sound.port, "-set", "video_port", "\(picture.port)")
                try await page.answer(video: true)
                #expect(await picture.sees())
                #expect(try await page.sees())
                #expect(await sound.hears(Chromium.frequency))
                try await page.click("hangup-button")
                await run.passes()
                _ = try await page.endOfCall()
                sound.stop()
                picture.stop()
            }
        }
    }
}
