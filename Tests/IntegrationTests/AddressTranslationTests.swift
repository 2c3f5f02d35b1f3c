import SDP
import Testing

/// A gateway behind a NAT that leads a public address to it, as in a cloud: peers outside know the public one alone.
extension IntegrationTests {
    @Suite("A gateway behind NAT")
    struct AddressTranslation {
        @Test("a phone outside calls the echo: Contact and SDP have the public address, it hears itself, and its BYE arrives")
        func echo() async throws {
            try await translated { gateway, network, _ in
                let phone = try SIPPhone(at: gateway, on: network.outsideAddress)
                defer { phone.stop() }
                phone.call("echo")
                let answer = try await phone.answered()
                #expect(answer.connection?.address == network.publicAddress && answer.origin.address == network.publicAddress, "\(answer)")
                #expect(phone.dialog?.target.contains(network.publicAddress) == true, "\(String(describing: phone.dialog?.target))")
                #expect(await phone.audio.hears(440))
                try await phone.hangUp()
            }
        }

        @Test("a WebRTC client outside calls a phone outside: INVITE, Via, Contact and SDP have the public address, and both hear each other")
        func call() async throws {
            try await translated { gateway, network, environment in
                let phone = try SIPPhone(at: gateway, on: network.outsideAddress, frequency: 700, port: gateway.phonePort)
                defer { phone.stop() }
                let client = try await aiortc(gateway, environment, calling: "phone")
                let offer = try await phone.called()
                let invite = try #require(phone.invite)
                #expect(offer.connection?.address == network.publicAddress)
                for header in ["via", "contact", "from"] {
                    let value = try #require(invite[header])
                    #expect(value.contains(network.publicAddress), "\(header): \(value)")
                }
                #expect(!invite.text.contains(network.privateAddress), "\(invite.text)")
                try await phone.accept()
                _ = try await client.line(with: "HEARD", within: .patience)
                #expect(await phone.audio.hears(440))
                // It hangs up.
                try await phone.hungUp()
                #expect(await client.exit(within: .patience) == .exited(0), "\(client.output)")
            }
        }

        @Test("a phone outside registers and calls a WebRTC client outside: both hear each other")
        func registered() async throws {
            try await translated { gateway, network, environment in
                let phone = try await Baresip("bob", at: gateway, in: environment.at(network.outsideAddress), frequency: 700)
                try await phone.registered()
                let client = try await aiortc(gateway, environment)
                _ = try await client.line(with: "READY", within: .patience)
                phone.dial("sip:alice@\(gateway.address):\(gateway.sipPort)")
                try await phone.established()
                _ = try await client.line(with: "HEARD", within: .patience)
                #expect(await phone.hears(440))
                phone.hangUp()
                _ = try await client.line(with: "ENDED", within: .patience)
                #expect(await client.exit(within: .patience) == .exited(0), "\(client.output)")
                await phone.quit()
            }
        }

        /// Speaks 440 Hz and listens for 700.
        private func aiortc(_ gateway: GatewayProcess, _ environment: TestEnvironment, calling destination: String? = nil) async throws -> TestProcess {
            let script = environment.root.appendingPathComponent("Tests/IntegrationTests/Harness/aiortc-client.py").path
            let arguments = [script, "ws://\(gateway.httpAddress):\(gateway.httpPort)/api", "alice", GatewayProcess.password, "440", "700"]
            return try await TestProcess("/usr/bin/python3", arguments + (destination.map { [$0] } ?? []))
        }

        private func translated(_ body: (GatewayProcess, TranslatedNetwork, TestEnvironment) async throws -> Void) async throws {
            let environment = try Stage.running.environment, network = try await TranslatedNetwork()
            do {
                let gateway = try await GatewayProcess(in: environment, name: "translated", more: "nat: {public_address: \(network.publicAddress)}", network: network)
                do { try await body(gateway, network, environment) } catch { Issue.record("\(error)\n\(gateway.log.suffix(6_000))") }
                await gateway.end()
            } catch {
                Issue.record("\(error)")
            }
            await network.stop()
        }
    }
}
