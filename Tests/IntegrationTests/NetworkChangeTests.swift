import Testing

/// What a browser goes through that walks from one network into another.
extension IntegrationTests {
    @Suite("A browser whose network changes")
    struct NetworkChanges {
        @Test(
            "in a call with a phone: media is back both ways on the new address, and the phone has heard nothing of it",
            arguments: [true, false])
        func phone(pageCalls: Bool) async throws {
            let stage = try Stage.running
            try await roaming(in: stage.environment, pageCalls ? 1 : 2) { stage, network in
                let phone = try SIPPhone(stage)
                try await stage.with("alice") { page in
                    if pageCalls {
                        try await page.dial(phone.uri)
                        try await phone.called()
                        try await phone.accept()
                        try await page.wait(for: "in-call")
                    } else {
                        phone.call("alice")
                        try await page.answer()
                        try await phone.answered()
                    }
                    #expect(await phone.audio.hears(Chromium.frequency))
                    let call = try await page.run("return tern.current.callId")
                    try await network.change(to: 3)
                    try await page.run(Self.newPath, .bool(pageCalls))
                    #expect(await phone.audio.hears(Chromium.frequency))
                    #expect(try await page.missing(440, in: Page.remote) == nil)
                    #expect(try await page.run("return tern.current.callId") == call)
                    #expect(await !phone.wasOfferedAgain())
                    try await page.click("hangup-button")
                    try await phone.hungUp()
                    _ = try await page.endOfCall()
                }
                phone.stop()
            }
        }

        @Test("in an echo: it hears itself again")
        func echo() async throws {
            let stage = try Stage.running
            try await roaming(in: stage.environment, 3) { stage, network in
                try await stage.with("alice") { page in
                    try await page.dial("echo")
                    try await page.wait(for: "in-call")
                    #expect(try await page.missing(Chromium.frequency, in: Page.remote) == nil)
                    try await network.change(to: 3)
                    try await page.run(Self.newPath, true)
                    #expect(try await page.missing(Chromium.frequency, in: Page.remote) == nil)
                    try await page.click("hangup-button")
                    _ = try await page.endOfCall()
                }
            }
        }

        @Test("in a call with another browser: both hear each other again")
        func browser() async throws {
            let stage = try Stage.running
            try await roaming(in: stage.environment, 4) { stage, network in
                let other = try await Chromium(
                    in: stage.environment, name: "staying-chromium", more: [trusting(stage.gateway)], isWhole: true)
                try await stage.with("bob", in: other) { bob in
                    try await stage.with("alice") { alice in
                        try await alice.dial("bob")
                        try await bob.answer()
                        try await alice.wait(for: "in-call")
                        #expect(try await bob.missing(Chromium.frequency, in: Page.remote) == nil)
                        try await network.change(to: 3)
                        try await alice.run(Self.newPath, true)
                        #expect(try await alice.missing(Chromium.frequency, in: Page.remote) == nil)
                        #expect(try await bob.missing(Chromium.frequency, in: Page.remote) == nil)
                        try await alice.click("hangup-button")
                        _ = try await bob.endOfCall()
                    }
                }
                await other.quit()
            }
        }

        /// Microphones are for pages that come by HTTPS, or from where one says so.
        private func trusting(_ gateway: GatewayProcess) -> String {
            "--unsafely-treat-insecure-origin-as-secure=http://\(gateway.httpAddress):\(gateway.httpPort)"
        }

        /// Waits until the browser sends its media from the new address. One that called is the controlling side, also after an ICE restart, and
        /// has nominated it (RFC 8445, section 6.1.1): `args[0]`. For one that was called Janus does.
        private static let newPath = """
            const end = performance.now() + 25000;
            while (performance.now() < end) {
              await new Promise(resolve => setTimeout(resolve, 100));
              const reports = [...(await tern.current.peerConnection.getStats()).values()];
              const pair = reports.find(one => one.type === 'candidate-pair' && (one.nominated || !args[0]) && one.state === 'succeeded'
                && reports.some(local => local.id === one.localCandidateId && /[.]3$/.test(local.address ?? '')));
              if (pair && tern.current.peerConnection.connectionState === 'connected') return true;
            }
            const candidates = [...(await tern.current.peerConnection.getStats()).values()]
              .filter(one => /candidate/.test(one.type))
              .map(one => `${one.type} ${one.address ?? ''}:${one.port ?? ''} ${one.state ?? one.candidateType} ${one.requestsSent ?? ''}/${one.responsesReceived ?? ''}`);
            throw new Error(`still ${tern.current.peerConnection.connectionState}, the link ${tern.client.state}: ${candidates.join(', ')}`);
            """

        /// A gateway whose page is served on the tests' address, and a browser in a network of its own.
        private func roaming(
            in environment: TestEnvironment, _ number: Int, _ body: (Stage, OtherNetwork) async throws -> Void
        ) async throws {
            let network = try await OtherNetwork(number)
            // Janus answers no check that comes in by another interface than its address is on.
            let environment = environment.at(network.address)
            let gateway = try await GatewayProcess(in: environment, name: "roaming-\(number)", httpAddress: environment.address)
            let chromium = try await Chromium(
                in: environment, name: "roaming-chromium-\(number)",
                more: [trusting(gateway)],
                network: network)
            do {
                try await body(Stage(environment: environment, gateway: gateway, chromium: chromium), network)
            } catch {
                Issue.record("\(error)")
            }
            await chromium.quit()
            await network.stop()
            // The end of the connection from the old address never comes.
            await gateway.end(within: .seconds(60))
        }
    }
}
