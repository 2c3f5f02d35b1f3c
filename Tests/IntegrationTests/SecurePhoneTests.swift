import Foundation
import SDP
import Testing

/// Phones with SRTP that make a new key whenever they offer something. They hear and speak with their own keys only.
extension IntegrationTests {
    @Suite("Phones with SRTP")
    struct SecurePhones {
        @Test("a phone holds and resumes with a new key each time: both hear each other, with the page it called")
        func phoneCallsPage() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            try await stage.with("alice") { page in
                phone.media.key = SRTPStream.makeKey()
                phone.call("alice")
                try await page.answer()
                try await phone.answered()
                try await bothHear(page, phone)
                for _ in 1...2 {
                    phone.media.key = SRTPStream.makeKey()
                    phone.media.direction = .sendonly
                    try await phone.offers()
                    try await page.wait(until: "document.body.dataset.held === 'true'")
                    #expect(try await page.missing(440, in: Page.remote) == nil, "music on hold, with the new key")
                    phone.media.key = SRTPStream.makeKey()
                    phone.media.direction = .sendrecv
                    try await phone.offers()
                    try await page.wait(until: "document.body.dataset.held === 'false'")
                    try await bothHear(page, phone)
                }
                // The same key again: what goes on, goes on.
                try await phone.offers()
                try await bothHear(page, phone)
                try await phone.hangUp()
                _ = try await page.endOfCall()
            }
        }

        @Test("a new key that the other side declines leaves the old one, and both hear each other")
        func declined() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage), client = try await APIClient.user("alice", at: stage.gateway)
            let peers = try await Peers(stage)
            defer { phone.stop() }
            phone.media.key = SRTPStream.makeKey()
            phone.call("alice")
            let invite = try await client.serve("call_invite")
            let id = try #require(invite["call_id"])
            let answer = try await peers.answer("callee", to: try #require(invite["offer"]?["sdp"]), frequency: 700, video: false)
            try await client.request("media", "answer_call", ["call_id": id, "answer": ["sdp": answer]])
            try await phone.answered()
            #expect(await phone.audio.hears(700))
            let key = phone.media.key
            phone.media.key = SRTPStream.makeKey()
            // The client gives no answer to renegotiate_session.
            async let declining: Void = { _ = try await client.serve("renegotiate_session") }()
            await #expect(throws: HarnessError.self) { try await phone.offers() }
            try await declining
            phone.media.key = key
            #expect(await phone.audio.hears(700))
            #expect(try await peers.missing(440, at: "callee") == nil)
            try await phone.hangUp()
            _ = try await client.event("hangup", of: id.stringValue)
            await client.leave()
            try await peers.close()
        }

        @Test("a phone with SRTP and the echo: the tone comes back, also with a new key")
        func echo() async throws {
            let phone = try SIPPhone(.running)
            defer { phone.stop() }
            phone.media.key = SRTPStream.makeKey()
            phone.call("echo")
            try await phone.answered()
            #expect(await phone.audio.hears(440))
            phone.media.key = SRTPStream.makeKey()
            try await phone.offers()
            #expect(await phone.audio.hears(440))
            try await phone.hangUp()
        }

        @Test("the page calls a phone with SRTP, which holds and resumes with new keys; the page's video is refused, and all goes on")
        func pageCallsPhone() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage, port: SIPScenarioPhones.port(0))
            defer { phone.stop() }
            try await stage.with("alice") { page in
                phone.media.key = SRTPStream.makeKey()
                try await page.dial(SIPScenarioPhones.name(0, .srtp))
                #expect(try await phone.called().media.first?.transport == .savp)
                try await phone.accept()
                try await page.wait(for: "in-call")
                try await bothHear(page, phone)
                for direction in [Direction.sendonly, .sendrecv] {
                    phone.media.key = SRTPStream.makeKey()
                    phone.media.direction = direction
                    try await phone.offers()
                    try await page.wait(until: "document.body.dataset.held === '\(direction == .sendonly)'")
                }
                try await bothHear(page, phone)
                try await page.click("picture-button")
                try await phone.offered()
                try await phone.refuse(488)
                try await page.wait(until: "!document.getElementById('notice').hidden")
                try await bothHear(page, phone)
                try await phone.hangUp()
                _ = try await page.endOfCall()
            }
        }

        @Test("a phone with SRTP calls one without: both hear each other, also after new keys and after a change that was declined")
        func twoPhones() async throws {
            try await Stage.running.callOfPhones(prepare: { caller, _ in caller.media.key = SRTPStream.makeKey() }) { caller, called in
                func bothHear() async {
                    #expect(await caller.audio.hears(700))
                    #expect(await called.audio.hears(500))
                }
                for direction in [Direction.sendonly, .sendrecv] {
                    caller.media.key = SRTPStream.makeKey()
                    caller.media.direction = direction
                    async let offered: SessionDescription = caller.offers()
                    try await called.offered()
                    try await called.accept()
                    _ = try await offered
                }
                await bothHear()
                let key = caller.media.key
                caller.media.key = SRTPStream.makeKey()
                caller.media.direction = .inactive
                async let offered: SessionDescription = caller.offers()
                try await called.offered()
                try await called.refuse(488)
                if let answer = try? await offered { Issue.record("the offer was taken: \(answer.text)") }
                caller.media.key = key
                await bothHear()
            }
        }

        @Test("use_audio of a session with an SRTP phone stops what flows and lets it flow again, behind new keys too; it is recorded")
        func options() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage), client = try await APIClient.user("alice", at: stage.gateway)
            let peers = try await Peers(stage)
            defer { phone.stop() }
            phone.media.key = SRTPStream.makeKey()
            phone.call("alice")
            let invite = try await client.serve("call_invite")
            let id = try #require(invite["session_id"])
            let answer = try await peers.answer("callee", to: try #require(invite["offer"]?["sdp"]), frequency: 700, video: false)
            try await client.request("media", "answer_call", ["call_id": try #require(invite["call_id"]), "answer": ["sdp": answer]])
            try await phone.answered()
            #expect(await phone.audio.hears(700))
            try await client.request("media", "update_session", ["session_id": id, "use_audio": false, "record": true])
            #expect(await eventually(within: .patience) { await phone.audio.packets(during: .milliseconds(400)) == 0 })
            try await client.request("media", "update_session", ["session_id": id, "use_audio": true])
            #expect(await phone.audio.hears(700))
            #expect(try await peers.missing(440, at: "callee") == nil)
            try await client.request("media", "update_session", ["session_id": id, "record": false])
            let recorded = try await client.recorded(id.stringValue, at: stage.gateway)
            #expect(recorded.hears(440, on: .left) && recorded.hears(700, on: .right))
            try await phone.hangUp()
            _ = try await client.event("hangup")
            await client.leave()
            try await peers.close()
        }

        private func bothHear(_ page: Page, _ phone: SIPPhone) async throws {
            #expect(await phone.audio.hears(Chromium.frequency))
            #expect(try await page.missing(440, in: Page.remote) == nil)
        }
    }
}
