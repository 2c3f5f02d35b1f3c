import JSON
import Testing

/// Two Januses that run elsewhere, each with an address of its own for media, behind one gateway.
extension IntegrationTests {
    @Suite("Several Januses elsewhere")
    struct SeveralExternalJanuses {
        /// The other end of the namespace's wire.
        private static let address = "10.99.0.2"

        @Test("calls go to both, at the address of each; one is killed: its calls end with a BYE, the others' media goes on, phones and browsers are served by the other; it is back, and used again")
        func killed() async throws {
            let stage = try Stage.running, addresses = [stage.environment.address, SeveralExternalJanuses.address]
            var januses: [ExternalJanus] = []
            for (number, address) in addresses.enumerated() { januses.append(try await ExternalJanus(stage, name: "elsewhere-\(number + 1)", address: address)) }
            let urls = zip(januses, addresses).map { "\"\($0.url) \($1)\"" }.joined(separator: ", ")
            let gateway = try await GatewayProcess(in: stage.environment, name: "two-elsewhere", janus: ["mode: external", "urls: [\(urls)]"])
            do {
                try await play(gateway, januses, addresses, Stage(environment: stage.environment, gateway: gateway, chromium: stage.chromium))
            } catch {
                Issue.record("\(error)\n\(gateway.log.suffix(6_000))")
            }
            await gateway.end()
            for janus in januses { await janus.stop() }
        }

        private func play(_ gateway: GatewayProcess, _ januses: [ExternalJanus], _ addresses: [String], _ stage: Stage) async throws {
            func states() throws -> [String] {
                let (_, body) = try SmallHTTP.status(gateway.httpAddress, port: gateway.httpPort)
                return try JSONValue(parsing: body)["januses"]?.arrayValue?.compactMap { $0["state"]?.stringValue } ?? []
            }
            /// A call to the echo, and at which address its media is.
            func place() async throws -> (phone: SIPPhone, address: String) {
                let phone = try SIPPhone(at: gateway)
                phone.call("echo")
                try await phone.answered()
                #expect(await phone.audio.hears(440))
                return (phone, try #require(phone.audio.destination).address)
            }
            #expect(try await eventually(within: .patience) { try states() == ["ready", "ready"] })
            var calls: [(phone: SIPPhone, address: String)] = []
            for _ in 0..<4 { calls.append(try await place()) }
            defer { for call in calls { call.phone.stop() } }
            #expect(calls.map(\.address).sorted() == (addresses + addresses).sorted(), "the load is shared out")
            await januses[1].die()
            for call in calls where call.address == addresses[1] { try await call.phone.hungUp() }
            #expect(try await eventually(within: .patience) { try states() == ["ready", "down"] })
            for call in calls where call.address == addresses[0] { #expect(await call.phone.audio.hears(440)) }
            for _ in 0..<2 {
                let call = try await place()
                #expect(call.address == addresses[0])
                try await call.phone.hangUp()
                call.phone.stop()
            }
            try await stage.with("alice") { page in
                try await page.dial("echo")
                try await page.wait(for: "in-call")
                #expect(try await page.missing(Chromium.frequency, in: Page.remote) == nil)
                try await page.click("hangup-button")
                try await page.wait(for: "ready")
            }
            try await januses[1].start()
            #expect(try await eventually(within: .patience) { try states() == ["ready", "ready"] })
            for _ in 0..<2 { calls.append(try await place()) }
            // It has none yet, the other two.
            #expect(calls.suffix(2).map(\.address) == [addresses[1], addresses[1]])
            for call in calls.suffix(2) + calls.prefix(4).filter({ $0.address == addresses[0] }) { try await call.phone.hangUp() }
            #expect(await eventually(within: .patience) { (try? gateway.status().handles) == 0 })
        }
    }
}
