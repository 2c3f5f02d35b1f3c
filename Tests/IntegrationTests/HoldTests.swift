import JSON
import SDP
import Testing

/// `hold_call` and `resume_call`, and how they go with the hold of a phone.
extension IntegrationTests {
    @Suite("Hold by command")
    struct Holds {
        @Test("the page holds a phone: it is offered sendonly, nobody hears anything, and both do again after the resume",
            arguments: [true, false])
        func phone(pageCalls: Bool) async throws {
            try await Stage.running.call(pageCalls: pageCalls) { page, phone in
                try await hold(page, phone, .sendonly, answer: .recvonly)
                #expect(await eventually(within: .patience) { await phone.audio.packets(during: .milliseconds(400)) == 0 })
                #expect(try await page.stopsReceiving("audio"))
                #expect(try await page.run("return [tern.current.holding, tern.current.held]") == [true, false])
                let info = try await page.run("return await tern.client.request('media', 'get_info', { session_id: tern.current.sessionId })")
                #expect(info["held_by"] == [.string(pageCalls ? "caller" : "callee")])
                try await resume(page, phone, answer: .sendrecv)
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(try await page.run("return [tern.current.holding, tern.current.held]") == [false, false])
            }
        }

        @Test("page and phone both hold: each resumes for itself")
        func both() async throws {
            try await Stage.running.call { page, phone in
                try await hold(page, phone, .sendonly, answer: .recvonly)
                phone.media.direction = .inactive
                #expect(try await phone.offers().audioDirection == .inactive)
                try await page.wait(until: "document.body.dataset.held === 'true'")
                try await resume(page, phone, answer: .sendonly)
                #expect(try await page.run("return [tern.current.holding, tern.current.held]") == [false, true])
                #expect(try await page.missing(440, in: Page.remote) == nil, "music on hold")
                #expect(await eventually(within: .patience) { await phone.audio.packets(during: .milliseconds(400)) == 0 })
                phone.media.direction = .sendrecv
                #expect(try await phone.offers().audioDirection == .sendrecv)
                try await page.wait(until: "document.body.dataset.held === 'false'")
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
            }
        }

        @Test("while it is held, from whichever side, the page sends silence; what is muted meanwhile stays so, and the mute button does not show it")
        func silence() async throws {
            let sends = "return [tern.current.localStream.getAudioTracks()[0].enabled, tern.current.isMuted('audio')]"
            try await Stage.running.call { page, phone in
                #expect(try await page.run(sends) == [true, false])
                try await hold(page, phone, .sendonly, answer: .recvonly)
                #expect(try await page.run(sends) == [false, false])
                try await page.click("mute-button")
                try await resume(page, phone, answer: .sendrecv)
                #expect(try await page.run(sends) == [false, true])
                #expect(await eventually(within: .seconds(20)) { !(await phone.audio.hears(Chromium.frequency, within: .milliseconds(800))) })
                phone.media.direction = .sendonly
                try await phone.offers()
                try await page.wait(until: "document.body.dataset.held === 'true'", within: .seconds(20))
                try await page.click("mute-button")
                #expect(try await page.run(sends) == [false, false])
                phone.media.direction = .sendrecv
                try await phone.offers()
                try await page.wait(until: "document.body.dataset.held === 'false'", within: .seconds(20))
                #expect(try await page.run(sends) == [true, false])
                #expect(await phone.audio.hears(Chromium.frequency, within: .seconds(20)))
            }
        }

        @Test("a phone that refuses the hold: the page is told why, and both go on to hear each other")
        func refused() async throws {
            try await Stage.running.call { page, phone in
                try await page.run("window.outcome = tern.current.hold().then(() => 'held', error => error.text)")
                try await phone.offered()
                try await phone.refuse(488)
                #expect(try await page.run("return await outcome").stringValue?.contains("488") == true)
                #expect(try await page.run("return [tern.current.holding, tern.current.held]") == [false, false])
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
            }
        }

        @Test("a hold that meets an offer of the phone's is made again")
        func glare() async throws {
            try await Stage.running.call { page, phone in
                try await page.run("window.outcome = tern.current.hold().then(() => 'done', error => error.text)")
                try await phone.offered()
                try await phone.refuse(491)
                try await finish(page, phone, .sendonly, answer: .recvonly)
                #expect(try await page.stopsReceiving("audio"))
            }
        }

        @Test("a page holds another page, without an offer to it; an application of the user's holds and resumes for its side")
        func browsers() async throws {
            let stage = try Stage.running
            let application = try await APIClient.user("alice", at: stage.gateway)
            try await stage.with("alice") { alice in
                try await stage.with("bob") { bob in
                    try await alice.dial("bob")
                    try await bob.answer()
                    try await alice.wait(for: "in-call")
                    #expect(try await bob.missing(Chromium.frequency, in: Page.remote) == nil)
                    try await alice.run("await tern.current.hold()")
                    try await bob.wait(until: "document.body.dataset.held === 'true'")
                    #expect(try await alice.stopsReceiving("audio"))
                    #expect(try await bob.stopsReceiving("audio"))

                    let id = try await alice.run("return tern.current.callId")
                    try await application.request("media", "hold_call", ["call_id": id])
                    #expect(application.waitingEvents("hold", of: id.stringValue ?? "") == 0, "it was held before")
                    try await application.request("media", "resume_call", ["call_id": id, "side": "caller"])
                    try await bob.wait(until: "document.body.dataset.held === 'false'")
                    #expect(try await bob.missing(Chromium.frequency, in: Page.remote) == nil)
                    #expect(try await alice.missing(Chromium.frequency, in: Page.remote) == nil)
                    try await alice.click("hangup-button")
                    _ = try await bob.endOfCall()
                    #expect(try await application.refusal(of: "media", "hold_call", ["call_id": id]).code == 3002)
                }
            }
            await application.leave()
        }

        @Test("the echo falls silent while it is held; a call that rings cannot be held")
        func echo() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                try await page.dial("echo")
                try await page.wait(for: "in-call")
                #expect(try await page.missing(Chromium.frequency, in: Page.remote) == nil)
                try await page.run("await tern.current.hold()")
                #expect(try await page.stopsReceiving("audio"))
                let stranger = try await APIClient.user("bob", at: stage.gateway)
                let id = try await page.run("return tern.current.callId")
                #expect(try await stranger.refusal(of: "media", "resume_call", ["call_id": id]).code == 2005)
                await stranger.leave()
                try await page.run("await tern.current.resume()")
                #expect(try await page.missing(Chromium.frequency, in: Page.remote) == nil)
                try await page.click("hangup-button")
                _ = try await page.endOfCall()
                let phone = try SIPPhone(stage)
                defer { phone.stop() }
                try await page.dial(phone.uri)
                try await phone.called()
                try phone.ring()
                try await page.wait(for: "ringing")
                #expect(try await page.run("return await tern.current.hold().then(() => 0, error => error.code)") == 3004)
                try await phone.refuse(486)
                _ = try await page.endOfCall()
            }
        }

        // MARK: Parts

        private func hold(_ page: Page, _ phone: SIPPhone, _ offered: Direction, answer: Direction) async throws {
            try await page.run("window.outcome = tern.current.hold().then(() => 'done', error => error.text)")
            try await finish(page, phone, offered, answer: answer)
        }

        private func resume(_ page: Page, _ phone: SIPPhone, answer: Direction) async throws {
            try await page.run("window.outcome = tern.current.resume().then(() => 'done', error => error.text)")
            try await finish(page, phone, .sendrecv, answer: answer)
        }

        private func finish(_ page: Page, _ phone: SIPPhone, _ offered: Direction, answer: Direction) async throws {
            #expect(try await phone.offered().audioDirection == offered)
            phone.media.direction = answer
            try await phone.accept()
            #expect(try await page.run("return await outcome") == "done")
        }
    }
}

extension SessionDescription {
    /// Of its first audio.
    var audioDirection: Direction? { media.first { $0.kind == .audio }.map { direction(of: $0) } }
}
