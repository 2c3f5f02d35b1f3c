import Foundation
import JSON
import Testing

/// The instruments, before they judge anything.
@Suite("The instruments", .serialized)
struct HarnessTests {
    @Test("a tone is recognised in mu-law, and another is not")
    func tone() {
        let samples = (0..<25).flatMap { Tone.packet($0, frequency: 440) }.map(Tone.linear)
        #expect(Tone.share(of: 440, in: samples) > 0.9)
        #expect(Tone.share(of: 1_000, in: samples) < 0.05)
        #expect(Tone.share(of: 440, in: [Double](repeating: 0, count: 4_000)) == 0)
    }

    @Test("two phones hear each other's tones, and nothing once one is silent")
    func phones() async throws {
        let environment = try TestEnvironment()
        let one = try RTPPhone(on: environment.address, frequency: 440)
        let other = try RTPPhone(on: environment.address, frequency: 1_000)
        one.connect(to: environment.address, port: other.port)
        other.connect(to: environment.address, port: one.port)
        #expect(await one.hears(1_000))
        #expect(await other.hears(440))
        #expect(!(await other.hears(1_000, within: .seconds(1))))
        one.stop()
        #expect(await eventually(within: .patience) { await other.packets(during: .milliseconds(300)) == 0 })
        other.stop()
    }

    @Test("a SIPp scenario calls another, and their RTP is ours")
    func scenarios() async throws {
        let environment = try TestEnvironment()
        defer { environment.remove() }
        let one = try RTPPhone(on: environment.address, frequency: 440)
        let other = try RTPPhone(on: environment.address, frequency: 1_000)
        let called = try await SIPpRun.called("uas-answer", in: environment, rtpPort: other.port)
        let caller = try await SIPpRun.calling(
            "bob", "uac-call-user", to: "\(environment.address):\(called.port)", in: environment, rtpPort: one.port)
        #expect(await one.hears(1_000))
        #expect(await other.hears(440))
        let outcomes = await [caller.outcome(), called.outcome()]
        for outcome in outcomes { #expect(outcome.passed, "\(outcome)") }
        one.stop()
        other.stop()
    }

    @Test("a scenario that hears nothing fails")
    func silence() async throws {
        let environment = try TestEnvironment()
        defer { environment.remove() }
        let silent = try FreePort.udp(environment.address)
        let called = try await SIPpRun.called("uas-answer", in: environment, rtpPort: silent)
        let caller = try await SIPpRun.calling(
            "bob", "uac-call-user", to: "\(environment.address):\(called.port)", in: environment)
        let outcome = await caller.outcome()
        #expect(!outcome.passed && outcome.logs.contains("received 0"), "\(outcome)")
        #expect(await called.outcome().passed)
    }

    @Test("the browser's microphone hears the tone, and the page's ear recognises it")
    func browser() async throws {
        let environment = try TestEnvironment()
        defer { environment.remove() }
        let chromium = try await Chromium(in: environment)
        let file = environment.directory.appendingPathComponent("page.html")
        try "<!doctype html><body data-state=new><button id=b onclick=\"setTimeout(() => document.body.dataset.state = 'clicked', 100)\">"
            .write(to: file, atomically: true, encoding: .utf8)
        let page = try await chromium.open(file.absoluteString)
        try await page.click("b")
        try await page.wait(until: "document.body.dataset.state === 'clicked'")
        let audio = "{ echoCancellation: false, noiseSuppression: false, autoGainControl: false }"
        try await page.run("window.stream = await navigator.mediaDevices.getUserMedia({ audio: \(audio) })")
        #expect(try await page.missing(Chromium.frequency, in: "window.stream") == nil)
        #expect(try await page.missing(440, in: "window.stream", within: .seconds(2)) != nil)
        try await page.close()
        await chromium.quit()
    }
}
