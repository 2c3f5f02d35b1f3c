import Testing

/// Phones behind NAT: what they say of their address is true in their own network only.
extension IntegrationTests {
    @Suite("Phones behind NAT")
    struct BehindNAT {
        @Test("a phone whose description has a private address hears its echo at once, where its packets come from")
        func echo() async throws {
            let phone = try SIPPhone(.running)
            defer { phone.stop() }
            phone.media.host = "192.168.77.5"
            phone.call("echo")
            try await phone.answered()
            #expect(await phone.audio.hears(440))
            try await phone.hangUp()
        }

        @Test("a phone that says another address than it has, though no private one, is heard after a second")
        func patience() async throws {
            let phone = try SIPPhone(.running)
            defer { phone.stop() }
            // Of documentation (RFC 5737): nobody has it.
            phone.media.host = "192.0.2.77"
            phone.call("echo")
            try await phone.answered()
            #expect(await phone.audio.hears(440, within: .seconds(10)))
            try await phone.hangUp()
        }

        @Test("with latching off a phone is heard at the address of its description alone, and gets its media there")
        func latchingOff() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "latching-off", media: ["latching: off"])
            let phone = try SIPPhone(at: gateway), elsewhere = try RTPPhone(on: stage.environment.address, frequency: 440)
            defer { phone.stop(); elsewhere.stop() }
            phone.call("echo")
            try await phone.answered()
            #expect(await phone.audio.hears(440))
            phone.audio.pause(true)
            elsewhere.connect(to: stage.environment.address, port: try #require(phone.audio.destination).port)
            // Long enough for any phone that is followed.
            try await Task.sleep(for: .seconds(4))
            #expect(await elsewhere.packets(during: .seconds(1)) == 0)
            #expect(await phone.audio.packets(during: .seconds(1)) == 0)
            try await phone.hangUp()
            await gateway.end()
        }

        @Test("a page calls it: both hear each other")
        func called() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            phone.media.host = "10.77.0.5"
            try await stage.with("alice") { page in
                try await page.dial(phone.uri)
                try await phone.called()
                try await phone.accept()
                try await page.wait(for: "in-call")
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(await phone.audio.hears(Chromium.frequency))
                try await phone.hangUp()
                _ = try await page.endOfCall()
            }
        }

        @Test("two of them hear each other")
        func both() async throws {
            let stage = try Stage.running
            let one = try SIPPhone(stage, frequency: 440), other = try SIPPhone(stage, frequency: 700, port: stage.gateway.phonePort)
            defer { one.stop(); other.stop() }
            (one.media.host, other.media.host) = ("192.168.1.2", "192.168.1.2")
            one.call("phone")
            try await other.called()
            try await other.accept()
            try await one.answered()
            #expect(await one.audio.hears(700))
            #expect(await other.audio.hears(440))
            try await one.hangUp()
            try await other.hungUp()
        }

        @Test("it calls a page: both hear each other, and go on when the NAT gives it another port; a stranger at the gateway's port is not heard")
        func pageAndRebinding() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            phone.media.host = "192.168.77.5"
            try await stage.with("alice") { page in
                phone.call("alice")
                try await page.answer()
                try await phone.answered()
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(await phone.audio.hears(Chromium.frequency))
                let gateway = try #require(phone.audio.destination)
                let stranger = try RTPPhone(on: stage.environment.address, frequency: 1_300)
                defer { stranger.stop() }
                stranger.connect(to: gateway.address, port: gateway.port)
                #expect(await stranger.sends())
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(try await page.missing(1_300, in: Page.remote, within: .seconds(2)) != nil)
                stranger.stop()
                // The same phone behind another port of its NAT: its old one sends nothing any more.
                phone.audio.pause(true)
                let moved = try RTPPhone(on: stage.environment.address, frequency: 620)
                defer { moved.stop() }
                moved.connect(to: gateway.address, port: gateway.port)
                #expect(try await page.missing(620, in: Page.remote, within: .seconds(20)) == nil)
                #expect(await moved.hears(Chromium.frequency))
                try await phone.hangUp()
                _ = try await page.endOfCall()
            }
        }
    }
}
