import Testing

/// One user's browser calls another's.
extension IntegrationTests {
    @Suite("A browser calls a browser")
    struct BrowserToBrowser {
        @Test("with video: both hear the other's tone and see the other, and the caller hangs up")
        func callerHangsUp() async throws {
            try await pair { alice, bob in
                try await alice.dial("bob", video: true)
                try await bob.wait(for: "incoming")
                try await alice.wait(for: "ringing")
                // Bob speaks another tone than the microphone's, so that nobody is content with hearing itself.
                try await bob.run(
                    """
                    const context = new AudioContext(), oscillator = new OscillatorNode(context, { frequency: 1500 });
                    const out = context.createMediaStreamDestination();
                    oscillator.connect(out);
                    oscillator.start();
                    const camera = await navigator.mediaDevices.getUserMedia({ video: true });
                    await tern.current.answer({ stream: new MediaStream([...out.stream.getTracks(), ...camera.getTracks()]) });
                    """)
                try await alice.wait(for: "in-call")
                #expect(try await alice.missing(1_500, in: Page.remote) == nil)
                #expect(try await bob.missing(Chromium.frequency, in: Page.remote) == nil)
                #expect(try await alice.sees())
                #expect(try await bob.sees())
                try await alice.click("hangup-button")
                _ = try await bob.endOfCall()
            }
        }

        @Test("with video, a hold: neither page shows a picture that stands still, and what was not sent is no loss")
        func held() async throws {
            let shows = "document.getElementById('stage').dataset.remote", quality = "document.getElementById('call-quality')"
            try await pair { alice, bob in
                try await alice.dial("bob", video: true)
                try await bob.answer(video: true)
                for page in [alice, bob] {
                    try await page.wait(until: "\(shows) === 'true' && \(quality).dataset.quality !== ''")
                }
                try await alice.click("hold-button")
                for page in [alice, bob] { try await page.wait(until: "\(shows) === 'false' && \(quality).hidden") }
                #expect(try await alice.text(of: "call-holding") == "You hold the call")
                #expect(try await bob.text(of: "call-hold") == "On hold by the other side")
                // Long enough for a loss that would show.
                try await Task.sleep(for: .seconds(5))
                for page in [alice, bob] { try await page.run("window.words = []; new MutationObserver(() => window.words.push(\(quality).dataset.quality)).observe(\(quality), { attributes: true })") }
                try await alice.click("hold-button")
                for page in [alice, bob] {
                    try await page.wait(until: "\(shows) === 'true' && \(quality).dataset.quality !== ''")
                    #expect(try await page.run("return window.words.includes('poor')") == false)
                }
                try await alice.click("hangup-button")
                _ = try await bob.endOfCall()
            }
        }

        @Test("who is away or nobody: the page says whom, in words for people", arguments: [
            ("bob", "bob: not available, or no answer (480)", "480"), ("nobody-here", "nobody-here: not found (404)", "404"),
        ])
        func away(dest: String, text: String, code: String) async throws {
            try await Stage.running.with("alice") { page in
                try await page.dial(dest)
                try await page.wait(until: "document.getElementById('call-status').dataset.code === '\(code)'")
                #expect(try await page.text(of: "call-status") == text)
            }
        }

        @Test("without video: the called one hangs up")
        func calledHangsUp() async throws {
            try await pair { alice, bob in
                try await alice.dial("bob")
                try await bob.answer()
                try await alice.wait(for: "in-call")
                #expect(try await alice.missing(Chromium.frequency, in: Page.remote) == nil)
                #expect(try await bob.missing(Chromium.frequency, in: Page.remote) == nil)
                try await bob.click("hangup-button")
                _ = try await alice.endOfCall()
            }
        }

        @Test("the called one rejects: 603 on the caller's page")
        func rejected() async throws {
            try await pair { alice, bob in
                try await alice.dial("bob", video: true)
                try await bob.wait(for: "incoming")
                try await bob.click("reject-button")
                #expect(try await alice.endOfCall() == "603")
            }
        }

        @Test("the caller gives up while it rings, and the other page stops ringing")
        func cancelled() async throws {
            try await pair { alice, bob in
                try await alice.dial("bob")
                try await bob.wait(for: "incoming")
                try await alice.click("hangup-button")
                _ = try await bob.endOfCall()
            }
        }

        private func pair(_ body: (Page, Page) async throws -> Void) async throws {
            let stage = try Stage.running
            try await stage.with("alice") { alice in
                try await stage.with("bob") { bob in
                    try await body(alice, bob)
                    try await alice.wait(for: "ready")
                    try await bob.wait(for: "ready")
                }
            }
        }
    }
}
