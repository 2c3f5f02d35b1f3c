import EventLoop
import Foundation
import JSON
import Testing

/// Sessions of the API whose other side is a phone.
extension IntegrationTests {
    @Suite("Sessions with phones")
    struct BrowserSessions {
        @Test("a proxy between RTP and RTP: tones both ways, and update_session stops them and lets them flow again")
        func plain() async throws {
            let stage = try Stage.running
            let client = try await APIClient.user("alice", at: stage.gateway)
            let one = try RTPPhone(on: stage.environment.address, frequency: 440)
            let other = try RTPPhone(on: stage.environment.address, frequency: 700)
            let start = try await client.request("media", "start_session", [
                "type": "proxy", "sdp_type": "rtp",
                "offer": ["sdp": .string(SIPProbe.Call.sdp(stage.environment.address, port: one.port)), "sdp_type": "rtp"],
            ])
            let id = try #require(start["session_id"]?.stringValue)
            #expect(start["offer"]?["sdp_type"] == "rtp")
            try connect(other, to: start["offer"], stage)
            let answered = try await client.request("media", "answer_session", [
                "session_id": .string(id),
                "answer": ["sdp": .string(SIPProbe.Call.sdp(stage.environment.address, port: other.port)), "sdp_type": "rtp"],
            ])
            #expect(answered["answer"]?["sdp_type"] == "rtp")
            try connect(one, to: answered["answer"], stage)
            #expect(await one.hears(700))
            #expect(await other.hears(440))
            try await update(client, id, ["use_audio": false])
            #expect(await eventually(within: .patience) { await one.packets(during: .milliseconds(400)) == 0 })
            #expect(await eventually(within: .patience) { await other.packets(during: .milliseconds(400)) == 0 })
            try await update(client, id, ["use_audio": true])
            #expect(await one.hears(700))
            #expect(await other.hears(440))
            try await stop(client, id)
            one.stop()
            other.stop()
        }

        @Test("update_session of a call with video: each medium really stops and comes back, each recording has content")
        func updates() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage, video: .vp8)
            try await stage.with("alice") { page in
                try await page.dial(phone.uri, video: true)
                try await phone.called()
                // Audio and video as Chromium offers them, in one datagram that no path has to fragment.
                #expect((1...1_300).contains(phone.invitationSize), "\(phone.invitationSize) bytes")
                try await phone.accept()
                try await page.wait(for: "in-call")
                #expect(try await page.sees())
                #expect(await phone.audio.hears(Chromium.frequency))

                try await page.run("await tern.current.update({ audio: false })")
                #expect(await eventually(within: .patience) { await phone.audio.packets(during: .milliseconds(400)) == 0 })
                #expect(try await page.stopsReceiving("audio"))
                #expect(await phone.video.sees())
                try await page.run("await tern.current.update({ audio: true, video: false })")
                #expect(await phone.video.seesNothing())
                #expect(try await page.stopsReceiving("video"))
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                try await page.run("await tern.current.update({ video: true })")
                #expect(await phone.video.sees())
                #expect(try await page.sees())

                let session = try await page.run("return tern.current.sessionId").stringValue ?? ""
                for count in 1...2 {
                    try await page.run("await tern.current.update({ record: true })")
                    try await page.run("await new Promise(resolve => setTimeout(resolve, 1200))")
                    try await page.run("await tern.current.update({ record: false })")
                    let file = stage.gateway.recordings.appendingPathComponent(session + (count == 2 ? "-2" : "") + ".mp4")
                    #expect(await eventually(within: .patience) { FileManager.default.fileExists(atPath: file.path) })
                    let recorded = try Recorded(file.path)
                    #expect(recorded.streams == ["aac,audio", "h264,video"])
                    #expect(recorded.duration > 0.5 && recorded.duration < 5)
                }
                try await page.click("hangup-button")
                try await phone.hungUp()
                _ = try await page.endOfCall()
            }
            phone.stop()
        }

        @Test("the bitrate of a call with a phone is what the browser really sends, and the phone hears nothing of the change")
        func bitrate() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage, video: .vp8)
            try await stage.with("alice") { page in
                try await page.dial(phone.uri, video: true)
                try await phone.called()
                try await phone.accept()
                try await page.wait(for: "in-call")
                #expect(await phone.video.sees())
                #expect(await eventually(within: .patience) { await phone.video.rate(during: .seconds(1)) > 250 })
                try await page.run("await tern.current.update({ bitrate: 100 })")
                #expect(await eventually(within: .patience) { (1...130).contains(await phone.video.rate(during: .seconds(2))) })
                #expect(try await page.run("return tern.current.options.bitrate") == 100)
                try await page.run("await tern.current.update({ bitrate: 0 })")
                #expect(await eventually(within: .patience) { await phone.video.rate(during: .seconds(1)) > 250 })
                #expect(await !phone.wasOfferedAgain())
                #expect(try await page.sees())
                try await page.click("hangup-button")
                try await phone.hungUp()
                _ = try await page.endOfCall()
            }
            phone.stop()
        }

        @Test("the bitrate that a call begins with is what the browser really sends, from the start")
        func bitrateOfCall() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage, video: .vp8)
            try await stage.with("alice") { page in
                try await page.run("window.limited = tern.client.call(args[0], { video: true, bitrate: 100 })", .string(phone.uri))
                try await phone.called()
                try await phone.accept()
                try await page.run("window.limited = await limited")
                #expect(await phone.video.sees())
                // Without a limit it would be at 250 and more by then.
                var rates: [Double] = []
                for _ in 0..<6 { rates.append(await phone.video.rate(during: .seconds(2))) }
                #expect(rates.suffix(4).allSatisfy { (1...140).contains($0) }, "\(rates)")
                try await phone.hangUp()
                try await page.run("if (limited.state !== 'ended') await new Promise(resolve => limited.once('ended', resolve))")
            }
            phone.stop()
        }

        // MARK: What the tests share

        private func connect(_ phone: RTPPhone, to description: JSONValue?, _ stage: Stage) throws {
            let sdp = try #require(description?["sdp"]?.stringValue)
            phone.connect(to: stage.environment.address, port: try #require(Peers.audioPort(of: sdp)))
        }

        private func update(_ client: APIClient, _ id: String, _ options: [String: JSONValue]) async throws {
            try await client.request("media", "update_session", .object(options.merging(["session_id": .string(id)]) { $1 }))
        }

        private func stop(_ client: APIClient, _ id: String) async throws {
            try await client.request("media", "stop_session", ["session_id": .string(id)])
            _ = try await client.event("stop", of: id)
            await client.leave()
        }
    }
}
