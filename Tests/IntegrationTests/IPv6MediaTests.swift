import Testing

/// Phones with media over IPv6; the browsers have IPv4.
extension IntegrationTests {
    @Suite("Media over IPv6", .gatewayWithIPv6)
    struct IPv6Media {
        @Test("a phone with IPv6 media hears its echo")
        func echo() async throws {
            try await call("echo") { phone, sound in
                #expect(await sound.hears(440))
                try await phone.hangUp()
            } answered: {}
        }

        @Test("it calls a page that has IPv4: both hear each other")
        func page() async throws {
            try await Stage.running.with("alice") { page in
                try await call("alice") { phone, sound in
                    #expect(try await page.missing(440, in: Page.remote) == nil)
                    #expect(await sound.hears(Chromium.frequency))
                    try await phone.hangUp()
                    _ = try await page.endOfCall()
                } answered: {
                    try await page.answer()
                }
            }
        }

        /// A call of a phone whose signalling is IPv4 and whose media is at `::1`.
        private func call(
            _ destination: String, _ body: (SIPPhone, RTPPhone) async throws -> Void, answered: () async throws -> Void
        ) async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage), sound = try RTPPhone(on: "::1", frequency: 440)
            defer { phone.stop(); sound.stop() }
            phone.media = PhoneMedia(address: stage.environment.address, audioPort: sound.port, videoPort: phone.video.port, video: nil)
            phone.media.host = "::1"
            phone.audio.pause(true)
            phone.call(destination)
            try await answered()
            try await phone.answered()
            sound.connect(to: "::1", port: try #require(phone.audio.destination).port)
            try await body(phone, sound)
        }
    }
}

/// A gateway with an IPv6 address for media.
struct IPv6GatewayTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let stage = try Stage.running
        let gateway = try await GatewayProcess(in: stage.environment, name: "ip6", media: ["address6: '::1'"])
        let own = Stage(environment: stage.environment, gateway: gateway, chromium: stage.chromium)
        try await Stage.$current.withValue(own, operation: function)
        #expect(await gateway.stop() == .exited(0))
    }
}

extension Trait where Self == IPv6GatewayTrait {
    static var gatewayWithIPv6: Self { Self() }
}
