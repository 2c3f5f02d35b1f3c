import Testing

/// A phone, and a browser, hear themselves.
extension IntegrationTests {
    @Suite("Echo")
    struct Echo {
        @Test("a phone dials echo over UDP or TCP, and the RTP that it sent comes back", arguments: ["uac-echo", "uac-echo-tcp"])
        func counted(scenario: String) async throws {
            try await SIPpRun.calling("echo", scenario, on: .running).passes()
        }

        @Test("a phone that speaks a tone hears that tone", arguments: ["uac-echo", "uac-echo-tcp"])
        func tone(scenario: String) async throws {
            let stage = try Stage.running
            let phone = try RTPPhone(on: stage.environment.address, frequency: 620)
            let run = try await SIPpRun.calling("echo", scenario, on: stage, rtpPort: phone.port)
            #expect(await phone.hears(620))
            await run.passes()
            phone.stop()
        }

        @Test("ten calls one after another, each as good as the first")
        func many() async throws {
            let stage = try Stage.running
            let probe = try SIPProbe(stage)
            for _ in 0..<10 { try await probe.callEcho() }
        }

        @Test("the page's Echo button: the browser hears itself and sees itself")
        func page() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                try await page.click("echo-button")
                try await page.wait(for: "echo")
                #expect(try await page.missing(Chromium.frequency, in: Page.remote) == nil)
                try await page.wait(until: "document.getElementById('stage').dataset.remote === 'true'")
                let codec = try await page.run("return document.getElementById('stats-codec').textContent").stringValue
                #expect(codec?.isEmpty == false)
                try await page.click("hangup-button")
                try await page.wait(for: "ready")
            }
        }
    }
}
