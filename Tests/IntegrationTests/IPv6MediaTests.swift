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

        @Test("a phone that is reached over IPv6, by a route or where it has registered, talks with a page and a phone that have IPv4", arguments: [false, true], [
            false, true,
        ])
        func called(isRegistered: Bool, byPage: Bool) async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(at: stage.gateway, on: "::1", port: stage.gateway.phonePort)
            defer { phone.stop() }
            if isRegistered {
                #expect(try await phone.probe.register("bob", domain: stage.environment.address) == 200)
            }
            let dialled = isRegistered ? "bob" : "phone6"
            if byPage {
                try await stage.with("alice") { page in
                    try await page.dial(dialled)
                    try await talk(phone) {
                        try await page.wait(for: "in-call")
                        #expect(try await page.missing(440, in: Page.remote) == nil)
                        #expect(await phone.audio.hears(Chromium.frequency))
                    }
                    _ = try await page.endOfCall()
                }
            } else {
                let caller = try SIPPhone(at: stage.gateway, frequency: 700)
                defer { caller.stop() }
                caller.call(dialled)
                try await talk(phone) {
                    try await caller.answered()
                    #expect(await caller.audio.hears(440))
                    #expect(await phone.audio.hears(700))
                }
                try await caller.hungUp()
            }
            if isRegistered { #expect(try await phone.probe.register("bob", expires: 0, domain: stage.environment.address) == 200) }
        }

        /// The phone is called, answers, and hangs up.
        private func talk(_ phone: SIPPhone, _ body: () async throws -> Void) async throws {
            let offer = try await phone.called()
            #expect(offer.connection?.addressType == .ip6 && offer.connection?.address == "::1")
            try await phone.accept()
            try await body()
            try await phone.hangUp()
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
        let gateway = try await GatewayProcess(in: stage.environment, name: "ip6", media: ["address6: '::1'"], listensOnIPv6: true)
        let own = Stage(environment: stage.environment, gateway: gateway, chromium: stage.chromium)
        try await Stage.$current.withValue(own, operation: function)
        await gateway.end()
    }
}

extension Trait where Self == IPv6GatewayTrait {
    static var gatewayWithIPv6: Self { Self() }
}
