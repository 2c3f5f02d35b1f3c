import JSON
import SDP
import Testing

/// `update_session` where the other suites do not: what its options do at each kind of session, seen at the far end.
extension IntegrationTests {
    @Suite("The options of each kind of session")
    struct SessionKinds {
        @Test("a phone's echo: an admin switches its sound off and on and records it, and the phone is asked to send less")
        func phoneEcho() async throws {
            let stage = try Stage.running
            let admin = try await APIClient.user("admin", at: stage.gateway)
            try await admin.request("core", "subscribe", [:])
            let phone = try SIPPhone(stage)
            phone.call("echo")
            try await phone.answered()
            #expect(await phone.audio.hears(440))
            let id = try await admin.onlySession()
            try await admin.update(id, ["use_audio": false])
            #expect(await eventually(within: .patience) { await phone.audio.packets(during: .milliseconds(400)) == 0 })
            try await admin.update(id, ["use_audio": true])
            #expect(await phone.audio.hears(440))
            async let answer: Void = admin.update(id, ["bitrate": 48])
            #expect(try await phone.offered().media.first?.bandwidths.first == Bandwidth(type: "AS", value: 48))
            try await phone.accept()
            try await answer
            try await admin.update(id, ["record": true])
            // So much of it is to be heard in the file.
            try await Task.sleep(for: .seconds(1.5))
            try await phone.hangUp()
            #expect(try await admin.recorded(id, at: stage.gateway).hears(440, on: .left))
            await admin.leave()
            phone.stop()
        }

        @Test("a phone that called a browser: audio and video stop and come back, and the browser sends what it may")
        func phoneToBrowser() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage, video: .vp8)
            try await stage.with("alice") { page in
                phone.call("alice")
                try await page.answer(video: true)
                try await phone.answered()
                #expect(await phone.video.sees())
                #expect(try await page.sees())
                try await page.run("await tern.current.update({ audio: false, video: false })")
                #expect(await eventually(within: .patience) { await phone.audio.packets(during: .milliseconds(400)) == 0 })
                #expect(await phone.video.seesNothing())
                #expect(try await page.stopsReceiving("audio"))
                #expect(try await page.stopsReceiving("video"))
                try await page.run("await tern.current.update({ audio: true, video: true, bitrate: 100 })")
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(try await page.sees())
                #expect(await eventually(within: .patience) { (1...130).contains(await phone.video.rate(during: .seconds(2))) })
                #expect(await !phone.wasOfferedAgain())
                try await page.click("hangup-button")
                try await phone.hungUp()
                _ = try await page.endOfCall()
            }
            phone.stop()
        }

        @Test("two browsers: audio and video stop and come back in both directions, and both send what they may")
        func browsers() async throws {
            let stage = try Stage.running
            try await stage.with("bob") { bob in
                try await stage.with("alice") { alice in
                    try await alice.dial("bob", video: true)
                    try await bob.answer(video: true)
                    try await alice.wait(for: "in-call")
                    #expect(try await alice.sees())
                    #expect(try await bob.sees())
                    try await alice.run("await tern.current.update({ audio: false })")
                    for page in [alice, bob] { #expect(try await page.stopsReceiving("audio")) }
                    #expect(try await bob.sees())
                    try await bob.run("await tern.current.update({ audio: true, video: false })")
                    for page in [alice, bob] { #expect(try await page.stopsReceiving("video")) }
                    #expect(try await alice.missing(Chromium.frequency, in: Page.remote) == nil)
                    try await alice.run("await tern.current.update({ video: true, bitrate: 100 })")
                    for page in [alice, bob] {
                        #expect(try await page.sees())
                        #expect(try await eventually(within: .patience) { (1...140).contains(try await sentRate(page)) })
                    }
                    try await alice.click("hangup-button")
                    _ = try await bob.endOfCall()
                }
            }
        }

        @Test("two phones: both are asked to send less, one after the other, and one that refuses has its say")
        func phones() async throws {
            let stage = try Stage.running
            let admin = try await APIClient.user("admin", at: stage.gateway)
            let one = try SIPPhone(stage, frequency: 440)
            let other = try SIPPhone(stage, frequency: 700, port: stage.gateway.phonePort)
            one.call("phone")
            try await other.called()
            try await other.accept()
            try await one.answered()
            #expect(await one.audio.hears(700))
            let id = try await admin.onlySession()
            async let answer: Void = admin.update(id, ["bitrate": 64])
            for phone in [one, other] {
                #expect(try await phone.offered().media.first?.bandwidths.first == Bandwidth(type: "AS", value: 64))
                try await phone.accept()
            }
            try await answer
            let refusal = Task { try await admin.refusal(of: "media", "update_session", ["session_id": .string(id), "bitrate": 32]) }
            try await one.offered()
            try await one.refuse(488)
            #expect(try await refusal.value.text.contains("limit"))
            #expect(await one.audio.hears(700))
            #expect(await other.audio.hears(440))
            try await one.hangUp()
            try await other.hungUp()
            await admin.leave()
            one.stop()
            other.stop()
        }

        @Test("hold_call of an admin, for either side of two phones, and for the phone of an echo")
        func holds() async throws {
            let stage = try Stage.running
            let admin = try await APIClient.user("admin", at: stage.gateway)
            let one = try SIPPhone(stage, frequency: 440)
            let other = try SIPPhone(stage, frequency: 700, port: stage.gateway.phonePort)
            one.call("phone")
            try await other.called()
            try await other.accept()
            try await one.answered()
            #expect(await one.audio.hears(700))
            let call = try await call(admin)
            for (command, direction) in [("hold_call", Direction.sendonly), ("resume_call", .sendrecv)] {
                async let answer = admin.request("media", command, ["call_id": call, "side": "caller"])
                let offer = try await other.offered()
                #expect(offer.media.first.map(offer.direction(of:)) == direction)
                other.media.direction = direction.reversed
                try await other.accept()
                _ = try await answer
                guard command == "hold_call" else { break }
                for phone in [one, other] {
                    #expect(await eventually(within: .patience) { await phone.audio.packets(during: .milliseconds(400)) == 0 })
                }
            }
            #expect(await one.audio.hears(700))
            #expect(await other.audio.hears(440))
            try await one.hangUp()
            try await other.hungUp()
            one.call("echo")
            try await one.answered()
            #expect(await one.audio.hears(440))
            let echo = try await self.call(admin)
            try await admin.request("media", "hold_call", ["call_id": echo, "side": "caller"])
            #expect(await eventually(within: .patience) { await one.audio.packets(during: .milliseconds(400)) == 0 })
            try await admin.request("media", "resume_call", ["call_id": echo, "side": "caller"])
            #expect(await one.audio.hears(440))
            try await one.hangUp()
            await admin.leave()
            one.stop()
            other.stop()
        }

        @Test("the called page adds its video and drops it: the phone that called gets each as a re-INVITE")
        func pictureOfTheCalled() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            try await stage.with("alice") { page in
                phone.call("alice")
                try await page.answer()
                try await phone.answered()
                #expect(await phone.audio.hears(Chromium.frequency))
                phone.media.video = .vp8
                try await page.click("picture-button")
                #expect(try await phone.offered().media.map(\.kind) == [.audio, .video])
                try await phone.accept()
                #expect(await phone.video.sees())
                #expect(try await page.sees())
                try await page.click("picture-button")
                let offer = try await phone.offered()
                phone.media.video = offer.media.last?.port == 0 ? nil : .vp8
                phone.media.videoDirection = .inactive
                try await phone.accept()
                #expect(await phone.video.seesNothing())
                #expect(await phone.audio.hears(Chromium.frequency))
                try await page.click("hangup-button")
                try await phone.hungUp()
                _ = try await page.endOfCall()
            }
            phone.stop()
        }

        @Test("a page adds its video to a call with another and drops it; the other one sees it meanwhile")
        func pictureBetweenBrowsers() async throws {
            let stage = try Stage.running
            try await stage.with("bob") { bob in
                try await stage.with("alice") { alice in
                    try await alice.dial("bob")
                    try await bob.answer()
                    try await alice.wait(for: "in-call")
                    #expect(try await bob.missing(Chromium.frequency, in: Page.remote) == nil)
                    try await alice.run("await tern.current.changeVideo(true)")
                    #expect(try await bob.sees())
                    try await alice.run("await tern.current.changeVideo(false)")
                    #expect(try await bob.stopsReceiving("video"))
                    #expect(try await bob.missing(Chromium.frequency, in: Page.remote) == nil)
                    #expect(try await alice.missing(Chromium.frequency, in: Page.remote) == nil)
                    try await alice.click("hangup-button")
                    _ = try await bob.endOfCall()
                }
            }
        }

        @Test("an echo of audio shows the video that is added, until it is dropped")
        func pictureOfTheEcho() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                try await page.dial("echo")
                try await page.wait(for: "in-call")
                #expect(try await page.missing(Chromium.frequency, in: Page.remote) == nil)
                try await page.run("await tern.current.changeVideo(true)")
                #expect(try await page.sees())
                try await page.run("await tern.current.changeVideo(false)")
                #expect(try await page.stopsReceiving("video"))
                #expect(try await page.missing(Chromium.frequency, in: Page.remote) == nil)
                try await page.click("hangup-button")
                _ = try await page.endOfCall()
            }
        }

        /// The call of the only session that there is.
        private func call(_ admin: APIClient) async throws -> JSONValue {
            try #require(try await admin.request("media", "get_info", ["session_id": .string(admin.onlySession())])["call_id"])
        }

        /// What a page sends of its picture, in kbit/s, over two seconds.
        private func sentRate(_ page: Page) async throws -> Double {
            let before = try await page.sum("outbound-rtp", "video", "bytesSent")
            try await Task.sleep(for: .seconds(2))
            return Double(try await page.sum("outbound-rtp", "video", "bytesSent") - before) * 8 / 2_000
        }
    }
}
