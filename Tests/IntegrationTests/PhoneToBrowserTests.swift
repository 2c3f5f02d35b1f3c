import Testing

/// A SIP phone calls a browser's user.
extension IntegrationTests {
    @Suite("A phone calls a browser")
    struct PhoneToBrowser {
        @Test("it rings, is answered, both hear each other's tone, and the phone hangs up")
        func phoneHangsUp() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let phone = try RTPPhone(on: stage.environment.address, frequency: 440)
                let run = try await SIPpRun.calling("alice", "uac-call-user", on: stage, rtpPort: phone.port, "-d", "4000")
                try await answered(page)
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(await phone.hears(Chromium.frequency))
                await run.passes()
                try await page.wait(for: "ready")
                phone.stop()
            }
        }

        @Test("it rings, is answered, both hear each other's tone, and the browser hangs up")
        func browserHangsUp() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let phone = try RTPPhone(on: stage.environment.address, frequency: 440)
                let run = try await SIPpRun.calling("alice", "uac-user-hangs-up", on: stage, rtpPort: phone.port)
                try await answered(page)
                #expect(await phone.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                try await page.click("hangup-button")
                await run.passes()
                try await page.wait(for: "ready")
                phone.stop()
            }
        }

        @Test("the phone counts as much RTP from the browser as it sends")
        func counted() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let run = try await SIPpRun.calling("alice", "uac-call-user", on: stage)
                try await answered(page)
                await run.passes()
                try await page.wait(for: "ready")
            }
        }

        @Test("the user rejects: 486 or 603")
        func rejected() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let run = try await SIPpRun.calling("alice", "uac-busy", on: stage)
                try await page.wait(for: "incoming")
                try await page.click("reject-button")
                await run.passes()
                try await page.wait(for: "ready")
            }
        }

        @Test("nobody answers: 408 or 480 after the ring timeout")
        func unanswered() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let run = try await SIPpRun.calling("alice", "uac-no-answer", on: stage)
                try await page.wait(for: "incoming")
                await run.passes()
                try await page.wait(for: "ready")
            }
        }

        @Test("the phone gives up while it rings: 487, and the page stops ringing")
        func cancelled() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let run = try await SIPpRun.calling("alice", "uac-cancel", on: stage)
                try await page.wait(for: "incoming")
                await run.passes()
                try await page.wait(for: "ready")
            }
        }

        @Test("the tab is closed in a call: BYE after the grace time")
        func tabClosed() async throws {
            let stage = try Stage.running
            let page = try await stage.signedIn("alice")
            let phone = try RTPPhone(on: stage.environment.address)
            let run = try await SIPpRun.calling("alice", "uac-user-hangs-up", on: stage, rtpPort: phone.port)
            try await answered(page)
            #expect(await phone.hears(Chromium.frequency))
            try await page.close()
            await run.passes()
            phone.stop()
        }

        @Test("the tab is closed while it rings: the call does not ring for ever")
        func tabClosedRinging() async throws {
            let stage = try Stage.running
            let page = try await stage.signedIn("alice")
            let run = try await SIPpRun.calling("alice", "uac-no-answer", on: stage)
            try await page.wait(for: "incoming")
            try await page.close()
            await run.passes()
        }

        @Test("two tabs of one user ring, one answers, and the other stops ringing")
        func twoTabs() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { one in
                try await stage.with("alice") { other in
                    let run = try await SIPpRun.calling("alice", "uac-call-user", on: stage)
                    try await one.wait(for: "incoming")
                    try await answered(other)
                    try await one.wait(for: "ready")
                    await run.passes()
                    try await other.wait(for: "ready")
                }
            }
        }

        @Test("an unknown user is 480 to a stranger, OPTIONS is answered")
        func others() async throws {
            let stage = try Stage.running
            try await SIPpRun.calling("nobody", "uac-unknown-user", on: stage).passes()
            try await SIPpRun.calling("echo", "uac-options", on: stage).passes()
        }

        @Test("a user who is not there is 480 at once")
        func absent() async throws {
            let probe = try SIPProbe(.running)
            let call = SIPProbe.Call(to: "bob", from: probe)
            probe.send(call.invite())
            #expect(try await probe.finalStatus(of: call) == 480)
            probe.send(call.acknowledgement(of: "INVITE"))
        }

        private func answered(_ page: Page) async throws {
            try await page.wait(for: "incoming")
            try await page.click("answer-button")
            try await page.wait(for: "in-call")
        }
    }
}
