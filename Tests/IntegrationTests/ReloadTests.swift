import Foundation
import JSON
import Testing

/// A configuration that is read again while the gateway has calls.
extension IntegrationTests {
    @Suite("Reload")
    struct Reload {
        /// `tern reload` for a gateway.
        private static func reload(_ gateway: GatewayProcess) async throws -> LongOutput {
            let stage = try Stage.running
            return try await LongOutput(stage.environment.tern, ["reload", "--config", gateway.configurationFile.path], in: stage.environment.directory)
        }

        private static func state(of trunk: String, at gateway: GatewayProcess) async throws -> String? {
            let client = try await APIClient.user("admin", at: gateway)
            let trunks = try await client.request("admin", "get_overview")["trunks"]
            await client.leave()
            return trunks?["list"]?.arrayValue?.first { $0["name"]?.stringValue == trunk }?["state"]?.stringValue
        }

        @Test("users, routes, limits and log are in force at once; what needs a restart is named; a call goes on")
        func inForce() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "reload")
            let probe = try SIPProbe(at: gateway)
            var call = SIPProbe.Call(to: "echo", from: probe)
            probe.send(call.invite())
            call.learn(from: try await probe.final(of: call))
            probe.send(call.request("ACK", number: 1))
            #expect(try await probe.register("bob") == 200)
            let bob = try await APIClient.user("bob", at: gateway), alice = try await APIClient.user("alice", at: gateway)
            #expect(try await Reload.reload(gateway).text.hasSuffix("nothing has changed\n"))

            try gateway.rewrite { text in
                text.replacingOccurrences(of: "  - {name: bob,", with: "  - {name: dora,")
                    .replacingOccurrences(of: "routes:\n", with: "routes:\n  - {match: \"77\", to: reject 486}\n")
                    .replacingOccurrences(of: "level: debug", with: "level: info")
                    .replacingOccurrences(of: "rtp_ports: 20000-20999", with: "rtp_ports: 20000-20499")
                    .replacingOccurrences(of: "ring_timeout: 6s", with: "ring_timeout: 7s")
            }
            let run = try await Reload.reload(gateway)
            #expect(run.exit == .exited(0), "\(run)")
            #expect(run.text.hasSuffix("in force: users, routes, calls.ring_timeout, log.level\nneeds a restart: media.rtp_ports\n"), "\(run.text)")
            #expect(gateway.log.contains("changes of the configuration need a restart keys=media.rtp_ports"))

            #expect(try await probe.register("dora") == 200)
            #expect(try await probe.register("bob") != 200)
            let busy = SIPProbe.Call(to: "77", from: probe)
            probe.send(busy.invite())
            #expect(try await probe.finalStatus(of: busy) == 486)
            probe.send(busy.acknowledgement(of: "INVITE"))
            // The page of a user who is none any more is logged out, and that of another is not.
            #expect(await eventually(within: .patience) { gateway.log.contains("log in again: the user has been changed") })
            #expect(try await alice.request("core", "ping")["pong"]?.boolValue == true)
            #expect(try await alice.request("media", "get_list")["session_ids"] != nil)
            bob.socket.close()

            probe.send(call.request("OPTIONS", number: 2))
            #expect(try await probe.finalStatus("OPTIONS", of: call) == 200)
            probe.send(call.request("BYE", number: 3))
            #expect(try await probe.finalStatus("BYE", of: call) == 200)
            await alice.leave()
            await gateway.end()
        }

        @Test("a broken configuration changes nothing: the log and the command say where it is wrong, and the command ends with 1")
        func broken() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "reload-broken")
            try gateway.rewrite { $0.replacingOccurrences(of: "name: bob", with: "nmae: bob") + "sip_typo: 1\n" }
            let run = try await Reload.reload(gateway)
            #expect(run.exit == .exited(1) && run.errors.contains("nmae: unknown key (did you mean name?)") && run.errors.contains("sip_typo"), "\(run)")
            #expect(gateway.log.contains("configuration not read again"))
            await gateway.hangUp()
            #expect(await eventually(within: .patience) { gateway.log.components(separatedBy: "configuration not read again").count >= 5 })
            #expect(try await SIPProbe(at: gateway).register("bob") == 200)
            await gateway.end()
        }

        @Test("a trunk that has not changed stays registered, one that has registers anew, one that is gone unregisters, a new one registers")
        func trunks() async throws {
            let stage = try Stage.running
            func trunk(_ name: String, _ port: Int, _ more: String = "") -> String {
                "  - {name: \(name), targets: \"sip:\(Trunks.carrierAddress):\(port)\", username: \(name), password: secret, register: true, keepalive: 0\(more)}\n"
            }
            let ports = try (0..<4).map { _ in try FreePort.both(Trunks.carrierAddress) }
            let names = ["same", "other", "gone", "new"]
            let gateway = try await GatewayProcess(
                in: stage.environment, name: "reload-trunks", more: "trunks:\n" + (0..<3).map { trunk(names[$0], ports[$0]) }.joined())
            let carriers = try ports.map { try SIPProbe(at: gateway, address: Trunks.carrierAddress, port: $0) }
            for carrier in carriers[..<3] { carrier.send(SIPProbe.ok(to: try await carrier.request("REGISTER"))) }
            for name in names[..<3] {
                #expect(await eventually(within: .patience) { (try? await Reload.state(of: name, at: gateway)) == "up" }, "\(name)")
            }

            try gateway.rewrite { text in
                text.replacingOccurrences(of: trunk("same", ports[0]), with: trunk("same", ports[0], ", maximum_calls: 1, caller_id: \"+4930\""))
                    .replacingOccurrences(of: trunk("other", ports[1]), with: trunk("other", ports[1], ", contact: line7"))
                    .replacingOccurrences(of: trunk("gone", ports[2]), with: trunk("new", ports[3]))
            }
            await gateway.hangUp()
            // Of the first registration there may be repetitions.
            @Sendable func isFarewell(_ text: String) -> Bool { text.hasPrefix("REGISTER ") && (text.contains("Expires: 0") || text.contains("expires=0")) }
            let farewell = try #require(await carriers[2].message(where: isFarewell))
            // Carriers ask for credentials anew.
            carriers[2].send(SIPProbe.response(
                401, "Unauthorized", to: farewell, headers: "WWW-Authenticate: Digest realm=\"c\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\r\n"))
            let proven = try #require(await carriers[2].message { isFarewell($0) && $0.contains("\r\nAuthorization: Digest ") })
            carriers[2].send(SIPProbe.ok(to: proven))
            let greeting = try await carriers[3].request("REGISTER")
            #expect(greeting.contains("sip:new@"))
            carriers[3].send(SIPProbe.ok(to: greeting))
            // The end of the former contact is answered before the new one is told.
            let end = try #require(await carriers[1].message(where: isFarewell))
            #expect(await carriers[1].message(within: .milliseconds(300)) { $0.hasPrefix("REGISTER ") && $0.contains("line7") } == nil)
            carriers[1].send(SIPProbe.ok(to: end))
            let again = try #require(await carriers[1].message { $0.hasPrefix("REGISTER ") && $0.contains("line7") })
            carriers[1].send(SIPProbe.ok(to: again))
            for name in ["same", "other", "new"] {
                #expect(await eventually(within: .patience) { (try? await Reload.state(of: name, at: gateway)) == "up" }, "\(name)")
            }
            #expect(try await Reload.state(of: "gone", at: gateway) == nil)
            #expect(await carriers[0].message(within: .zero) { $0.hasPrefix("REGISTER ") } == nil, "the trunk that stayed registered again")
            await gateway.stop()
        }
    }
}
