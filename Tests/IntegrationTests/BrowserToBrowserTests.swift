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
