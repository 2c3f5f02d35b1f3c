import Testing

/// A browser's user calls a SIP phone.
extension IntegrationTests {
    @Suite("A browser calls a phone")
    struct BrowserToPhone {
        @Test("it rings, is answered, both hear each other's tone, and the browser hangs up")
        func browserHangsUp() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let phone = try RTPPhone(on: stage.environment.address, frequency: 440)
                let run = try await SIPpRun.called("uas-answer", in: stage.environment, rtpPort: phone.port)
                try await page.dial("sip:bob@\(stage.environment.address):\(run.port)")
                try await page.wait(for: "ringing")
                try await page.wait(for: "in-call")
                #expect(await phone.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                try await page.click("hangup-button")
                await run.passes()
                try await page.wait(for: "ready")
                phone.stop()
            }
        }

        @Test("it rings, is answered, both hear each other's tone, and the phone hangs up")
        func phoneHangsUp() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let phone = try RTPPhone(on: stage.environment.address, frequency: 440)
                let run = try await SIPpRun.called("uas-hangs-up", in: stage.environment, rtpPort: phone.port, "-d", "3000")
                try await page.dial("sip:bob@\(stage.environment.address):\(run.port)")
                try await page.wait(for: "in-call")
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(await phone.hears(Chromium.frequency))
                await run.passes()
                try await page.wait(for: "ready")
                phone.stop()
            }
        }

        @Test("a route leads to the phone, which counts as much RTP as it sends", arguments: ["uas-answer", "uas-hangs-up"])
        func counted(scenario: String) async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let run = try await SIPpRun.called(scenario, port: stage.gateway.phonePort, in: stage.environment)
                try await page.dial("phone")
                try await page.wait(for: "in-call")
                if scenario == "uas-answer" {
                    #expect(try await page.missing(440, in: Page.remote) == nil)
                    try await page.click("hangup-button")
                }
                await run.passes()
                _ = try await page.endOfCall()
            }
        }

        @Test("what the phone refuses with stands on the page", arguments: [
            ("uas-not-found", "404"), ("uas-busy", "486"), ("uas-declines", "603"),
        ])
        func refused(scenario: String, code: String) async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let run = try await SIPpRun.called(scenario, in: stage.environment)
                try await page.dial("sip:bob@\(stage.environment.address):\(run.port)")
                try await page.wait(until: "document.getElementById('call-status').dataset.code")
                let shown = try await page.endOfCall()
                #expect(shown == code)
                await run.passes()
            }
        }

        @Test("nobody answers: the phone gets its CANCEL, the page says 408 or 480")
        func unanswered() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let run = try await SIPpRun.called("uas-no-answer", in: stage.environment)
                try await page.dial("sip:bob@\(stage.environment.address):\(run.port)")
                try await page.wait(for: "ringing")
                await run.passes()
                let code = try await page.endOfCall()
                #expect(code == "408" || code == "480")
            }
        }

        @Test("the user hangs up while it rings: the phone gets its CANCEL")
        func cancelled() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let run = try await SIPpRun.called("uas-no-answer", in: stage.environment)
                try await page.dial("sip:bob@\(stage.environment.address):\(run.port)")
                try await page.wait(for: "ringing")
                try await page.click("hangup-button")
                await run.passes()
                _ = try await page.endOfCall()
            }
        }

        @Test("the page dials echo as a phone would")
        func echo() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                try await page.dial("echo")
                try await page.wait(until: "['echo', 'in-call'].includes(document.body.dataset.state)")
                #expect(try await page.missing(Chromium.frequency, in: Page.remote) == nil)
                try await page.click("hangup-button")
                _ = try await page.endOfCall()
            }
        }
    }
}
