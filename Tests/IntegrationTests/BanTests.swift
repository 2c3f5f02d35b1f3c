import Foundation
import JSON
import Testing

/// Guesses at passwords behind a NAT: who is banned, who is not, and how operators lift it.
extension IntegrationTests {
    @Suite("Bans")
    struct Bans {
        /// The other end of the namespace's wire: the address of all who are behind the NAT.
        private static let nat = Trunks.carrierAddress

        /// Twenty wrong passwords of a user from that address.
        private static func guess(_ user: String, from probe: SIPProbe, times: Int = 21) async throws {
            let first = probe.registration(user, at: nil, id: UUID().uuidString, number: 1, expires: 60, contact: nil)
            probe.send(first)
            let challenge = try #require(await probe.message { $0.hasPrefix("SIP/2.0 401") && $0.contains(first.components(separatedBy: "Call-ID: ")[1].prefix(36)) })
            let proof = try probe.answer(to: challenge, user: user, password: "guess", method: "REGISTER", uri: "sip:\(probe.registrar)")
            for _ in 0..<times {
                probe.send(probe.registration(user, at: nil, id: UUID().uuidString, number: 1, expires: 60, contact: nil, headers: "Authorization: \(proof)\r\n"))
            }
        }

        private static func bans(_ gateway: GatewayProcess, _ arguments: String...) async throws -> LongOutput {
            let stage = try Stage.running
            return try await LongOutput(stage.environment.tern, ["bans", "--socket", gateway.controlSocket] + arguments, in: stage.environment.directory)
        }

        @Test("a guesser bans its user at its address, and neither another user there nor one who is registered there; it is told, listed and lifted")
        func behindNAT() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "bans")
            let admin = try await APIClient.user("admin", at: gateway)
            try await admin.request("core", "subscribe", ["class": "admin", "subclass": "ban"])
            let phone = try SIPProbe(at: gateway, address: Bans.nat), guesser = try SIPProbe(at: gateway, address: Bans.nat)
            #expect(try await phone.register("bob") == 200)
            try await Bans.guess("alice", from: guesser)
            let told = try await admin.event("banned", of: Bans.nat)
            #expect(told["user"]?.stringValue == "alice" && told["door"]?.stringValue == "sip", "\(told.text)")
            #expect(await eventually(within: .patience) { gateway.log.contains("an address is banned address=\(Bans.nat)") })
            // The right password is not looked at, and nothing says so: 401, as for everybody who brings none.
            #expect(try await guesser.register("alice") == 401)
            #expect(try await SIPProbe(at: gateway).register("alice") == 200)
            // bob is registered there: a thousand guesses at bob ban nobody, and bob's phone refreshes.
            try await Bans.guess("bob", from: guesser, times: 60)
            #expect(try await phone.register("bob") == 200)

            let list = try await Bans.bans(gateway)
            #expect(list.exit == .exited(0) && list.text.split(separator: "\n").count == 1, "\(list)")
            #expect(list.text.hasPrefix("\(Bans.nat)  user alice  until 20") && list.text.contains("20 wrong credentials over SIP"), "\(list)")
            #expect(try await admin.request("admin", "get_overview")["bans"]?["count"]?.intValue == 1)
            let lifted = try await Bans.bans(gateway, "--lift", Bans.nat, "--user", "alice")
            #expect(lifted.text.contains("user alice"), "\(lifted)")
            _ = try await admin.event("lifted", of: Bans.nat)
            #expect(try await guesser.register("alice") == 200)
            #expect(try await Bans.bans(gateway, "--lift-all").text == "nobody was banned there\n")
            await admin.leave()
            await gateway.end()
        }

        @Test("an address that tries many users is banned; who has proven a password there today is not")
        func manyUsers() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "bans-many")
            let phone = try SIPProbe(at: gateway, address: Bans.nat), guesser = try SIPProbe(at: gateway, address: Bans.nat)
            #expect(try await phone.register("bob") == 200)
            #expect(try await phone.register("bob", expires: 0) == 200)
            for number in 0..<22 { try await Bans.guess("name\(number)", from: guesser, times: 1) }
            #expect(await eventually(within: .patience) { gateway.log.contains("20 wrong credentials of many users over SIP within a minute") })
            #expect(try await guesser.register("alice") == 401)
            #expect(try await phone.register("bob") == 200)
            let admin = try await APIClient.user("admin", at: gateway)
            let page = try await admin.request("admin", "lift_ban", ["all": true])
            #expect(page["lifted"]?.arrayValue?.count == 1)
            #expect(try await guesser.register("alice") == 200)
            await admin.leave()
            await gateway.end()
        }
    }
}
