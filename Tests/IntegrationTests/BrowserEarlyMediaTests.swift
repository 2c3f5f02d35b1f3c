import JSON
import SDP
import Testing

/// Media before the answer.
extension IntegrationTests {
    @Suite("Early media")
    struct BrowserEarlyMedia {
        @Test("a phone's 183 with SDP: its tone is heard at the page before it answers")
        func fromPhone() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            try await stage.with("alice") { page in
                try await page.dial(phone.uri)
                try await phone.called()
                try phone.ring(early: true)
                #expect(try await page.missing(440, in: Page.remote) == nil)
                let state = try await page.run("return document.body.dataset.state").stringValue
                #expect(state == "calling" || state == "ringing")
                try await phone.accept()
                try await page.wait(for: "in-call")
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                try await phone.hangUp()
                _ = try await page.endOfCall()
            }
            phone.stop()
        }

        @Test("ring_call with an answer reaches the phone as 183 with SDP, and its tone is heard there before the answer")
        func fromBrowser() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            let client = try await APIClient.user("alice", at: stage.gateway)
            let peers = try await Peers(stage)
            phone.call("alice")
            let invite = try await client.serve("call_invite")
            let id = try #require(invite["call_id"])
            let answer = try await peers.answer("callee", to: try #require(invite["offer"]?["sdp"]), frequency: 700, video: false)
            // What cannot be used is said to the client, and the call rings on.
            for (bad, code) in [("nonsense\r\n", 3007), (answer.stringValue?.replacing("PCMU", with: "NONE").replacing(" 0\r\n", with: " 77\r\n") ?? "", 3008)] {
                let refusal = try await client.refusal(of: "media", "ring_call", ["call_id": id, "answer": ["sdp": .string(bad)]])
                #expect(refusal.code == code, "\(refusal)")
            }
            _ = try await phone.provisional(180)
            try await client.request("media", "ring_call", ["call_id": id, "answer": ["sdp": answer]])
            let progress = try await phone.provisional(183)
            let audio = try SessionDescription(parsing: progress.body).media.first
            phone.audio.connect(to: stage.environment.address, port: Int(try #require(audio?.port)))
            #expect(await phone.audio.hears(700))
            try await client.request("media", "answer_call", ["call_id": id, "answer": ["sdp": answer]])
            try await phone.answered()
            #expect(await phone.audio.hears(700))
            #expect(try await peers.missing(440, at: "callee") == nil)
            try await phone.hangUp()
            _ = try await client.event("hangup", of: id.stringValue)
            await client.leave()
            try await peers.close()
            phone.stop()
        }
    }
}
