import JSON
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

        @Test("what the line test of an echo has measured stands on the page when it is over, with the browser's own figures")
        func lineTest() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                for begin in ["document.getElementById('echo-button').click()", "document.getElementById('dial-input').value = 'echo'; document.getElementById('dial-button').click()"] {
                    _ = try await page.run("document.getElementById('line-test').hidden = true; \(begin)")
                    try await page.wait(until: "['echo', 'in-call'].includes(document.body.dataset.state)")
                    #expect(try await page.missing(Chromium.frequency, in: Page.remote) == nil)
                    let began = "window.tern.current.peerConnection.connectionState === 'connected'"
                    try await page.wait(until: began)
                    // Two reports of the browser.
                    _ = try await page.run("window.tested = window.tern.current; window.due = Date.now() + 5000")
                    try await page.wait(until: "Date.now() > window.due")
                    let during = try await page.run("return window.tested.lineTest().then(result => JSON.stringify(result))").stringValue
                    let running = try JSONValue(parsing: during ?? "")
                    #expect(running["received"]?["packets"]?.intValue ?? 0 > 100 && running["browser"] == true, "\(running)")
                    #expect(running["browser_stats"]?["packets_received"]?.intValue ?? 0 > 50 && running["browser_stats"]?["codec"] == "opus", "\(running)")
                    #expect((running["browser_stats"]?["dtls_connected"]?.intValue).map { $0 > 0 && $0 < 20_000 } == true)
                    try await page.click("hangup-button")
                    try await page.wait(for: "ready")
                    try await page.wait(until: "!document.getElementById('line-test').hidden")
                    let shown = try await page.run("return document.getElementById('line-test').textContent").stringValue ?? ""
                    #expect(shown.contains("Codec") && shown.contains("opus") && shown.contains("MOS") && shown.contains("says this browser"), "\(shown)")
                    let end = try await page.run("return window.tested.lineTest().then(result => JSON.stringify(result))").stringValue
                    let result = try JSONValue(parsing: end ?? "")
                    #expect(result["quality"]?["received"]?["model"] == "G.107.1" && result["set_up"]?["media_up"]?.intValue ?? 0 > 0, "\(result)")
                    #expect(result["browser_stats"]?["packets_received"]?.intValue ?? 0 > 50 && (result["verdicts"]?.arrayValue?.isEmpty == false))
                }
            }
        }
    }
}
