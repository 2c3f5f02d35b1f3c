import Foundation
import JSON
import Testing

/// The scenarios of `sipp-scenarios/` that need no page.
extension IntegrationTests {
    @Suite("SIP scenarios")
    struct SIPScenarios {
        @Test("the runner starts a gateway, plays each scenario as its head says, and leaves a report")
        func all() async throws {
            let stage = try Stage.running
            let report = stage.environment.directory.appendingPathComponent("scenarios.xml")
            let run = try await runner(on: stage, "--tern", stage.environment.tern, "--junit", report.path, "--jobs", "10")
            let exit = await run.exit(within: .seconds(240))
            #expect(exit == .exited(0), "\(run.output)")
            let cases = try String(contentsOf: report, encoding: .utf8).components(separatedBy: "<testcase ").count - 1
            let scenarios = try SIPScenarios.names(in: stage).count
            #expect(cases > scenarios * 3 / 4)
            #expect(try String(contentsOf: report, encoding: .utf8).contains("tests=\"\(cases)\" failures=\"0\" skipped=\"0\""))
            #expect(run.output.contains("\(cases) passed, 0 failed, 0 skipped"), "\(run.output)")
        }

        @Test("a gateway that runs gets the calls, those with its users too")
        func target() async throws {
            let stage = try Stage.running
            let config = try await runner(on: stage, "--config")
            #expect(await config.exit(within: .patience) == .exited(0))
            let gateway = try await GatewayProcess(in: stage.environment, name: "target", routes: config.output)
            let target = ["--target", "\(gateway.address):\(gateway.sipPort)", "--only", "uac-ca*"]
            let user = ["--api", "ws://\(gateway.httpAddress):\(gateway.httpPort)/api", "--user", "alice:\(GatewayProcess.password)"]
            let run = try await runner(on: stage, target + user)
            #expect(await run.exit(within: .seconds(60)) == .exited(0), "\(run.output)")
            #expect(run.output.contains("11 passed, 0 failed, 0 skipped"), "\(run.output)")
            let without = try await runner(on: stage, target)
            #expect(await without.exit(within: .seconds(60)) == .exited(0), "\(without.output)")
            #expect(without.output.contains("9 passed, 0 failed, 2 skipped"), "\(without.output)")
            #expect(without.output.contains("needs a user: give --api and --user"))
            await gateway.end()
        }

        @Test("a scenario that fails has its reason in the table and the report, and the exit code says it", arguments: [
            ("uac-options", "response=\"200\"", "response=\"404\"", "waited for 404, and got SIP/2.0 200 OK"),
            ("uac-unknown-user", "response=\"480\" timeout=\"5000\"", "response=\"202\" optional=\"true\"/><recv request=\"BYE\" timeout=\"500\"", "waited for 202, and got SIP/2.0 480 Temporarily Unavailable"),
            ("uac-echo-tcp", "\\[\\$gateway_port\\] \\[pid\\]", "9 [pid]; : [$gateway_port]", "RTP failed: sent"),
        ])
        func failure(scenario: String, text: String, replacement: String, reason: String) async throws {
            let stage = try Stage.running
            let folder = stage.environment.directory.appendingPathComponent("wrong-\(UUID().uuidString.prefix(8))")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let original = try String(contentsOf: SIPScenarios.folder(of: stage).appendingPathComponent("\(scenario).xml"), encoding: .utf8)
            let wrong = original.replacing(try Regex(text), with: replacement)
            try #require(wrong != original)
            try wrong.write(to: folder.appendingPathComponent("uac-wrong.xml"), atomically: true, encoding: .utf8)
            let report = folder.appendingPathComponent("report.xml")
            let run = try await runner(on: stage, "--tern", stage.environment.tern, "--scenarios", folder.path, "--junit", report.path)
            #expect(await run.exit(within: .seconds(60)) == .exited(1), "\(run.output)")
            let line = run.output.split(separator: "\n").first { $0.hasPrefix("FAILED   uac-wrong calls ") }
            #expect(line?.contains(reason) == true, "\(run.output)")
            let xml = try String(contentsOf: report, encoding: .utf8)
            #expect(xml.contains("failures=\"1\"") && xml.contains("<failure message=\"uac-wrong: \(reason)"), "\(xml)")
        }

        @Test("what is missing or wrong is named before anything is played: exit code 2")
        func missing() async throws {
            let stage = try Stage.running
            let folder = stage.environment.directory.appendingPathComponent("headless")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let file = folder.appendingPathComponent("uac-new.xml")
            func ends(_ arguments: [String], saying text: String, environment: [String: String]? = nil) async throws {
                let run = try await runner(on: stage, arguments, environment: environment)
                #expect(await run.exit(within: .seconds(60)) == .exited(2), "\(run.output)")
                #expect(run.output.contains(text), "\(run.output)")
            }
            try await ends(["--only", "options"], saying: "apt install sip-tester", environment: ["PATH": "/nowhere"])
            try await ends(["--only", "options", "--tern", "/nowhere/tern"], saying: "the gateway, tern")
            try await ends(["--only", "no-such-call"], saying: "no call's name fits no-such-call")
            try await ends(["--jobs", "0"], saying: "--jobs is at least 1")
            try "<!-- A phone. --><scenario/>".write(to: file, atomically: true, encoding: .utf8)
            try await ends(["--scenarios", folder.path], saying: "uac-new.xml: no line `Play:`")
            try "<!--\n  Play: rings somebody\n--><scenario/>".write(to: file, atomically: true, encoding: .utf8)
            try await ends(["--scenarios", folder.path], saying: "`Play: rings somebody` is not understood")
        }

        @Test("the README has each scenario")
        func complete() throws {
            let stage = try Stage.running
            let readme = try String(contentsOf: SIPScenarios.folder(of: stage).appendingPathComponent("README.md"), encoding: .utf8)
            let names = try SIPScenarios.names(in: stage)
            #expect(names.count >= 80)
            for name in names {
                #expect(readme.contains("| \(name) |") || readme.contains(name + ",") || readme.contains(", \(name)"), "\(name)")
            }
        }

        private static func folder(of stage: Stage) -> URL { stage.environment.root.appendingPathComponent("sipp-scenarios") }

        private static func names(in stage: Stage) throws -> [String] {
            try FileManager.default.contentsOfDirectory(at: folder(of: stage), includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "xml" }.map { $0.deletingPathExtension().lastPathComponent }
        }

        private func runner(on stage: Stage, _ arguments: String...) async throws -> TestProcess { try await runner(on: stage, arguments) }

        private func runner(on stage: Stage, _ arguments: [String], environment: [String: String]? = nil) async throws -> TestProcess {
            let program = SIPScenarios.folder(of: stage).appendingPathComponent("run").path
            return try await TestProcess("/usr/bin/python3", [program] + arguments, environment: environment)
        }

        @Test("two phones hear each other's tone")
        func bothWays() async throws {
            let stage = try Stage.running
            let low = try RTPPhone(on: stage.environment.address, frequency: 440)
            let high = try RTPPhone(on: stage.environment.address, frequency: 1_300)
            let called = try await SIPpRun.called(
                "uas-answer", port: SIPScenarioPhones.port(0), in: stage.environment, rtpPort: high.port)
            let calling = try await SIPpRun.calling(
                SIPScenarioPhones.name(0), "uac-call-user", on: stage, rtpPort: low.port, "-d", "1000")
            #expect(await low.hears(1_300))
            #expect(await high.hears(440))
            await calling.passes()
            await called.passes()
            low.stop()
            high.stop()
        }

        @Test("a phone calls a user without an offer: the browser's goes to the phone, the phone's answer to the browser")
        func lateOffer() async throws {
            try await called(by: "uac-late-offer") { client, peers, invite, id in
                #expect(invite["offer"] == nil)
                let offer = try await peers.offer("alice", frequency: 1_000, video: false)
                let data = try await client.request("media", "answer_call", ["call_id": id, "offer": ["sdp": offer]])
                try await peers.accept("alice", try #require(data["answer"]?["sdp"]))
            }
        }

        @Test("a browser answers while it rings: the phone gets 183 with SDP")
        func earlyAnswer() async throws {
            try await called(by: "uac-early-media") { client, peers, invite, id in
                let answer = try await peers.answer(
                    "alice", to: try #require(invite["offer"]?["sdp"]), frequency: 1_000, video: false)
                try await client.request("media", "ring_call", ["call_id": id, "answer": ["sdp": answer]])
                try await peers.connected("alice")
                try await client.request("media", "answer_call", ["call_id": id, "answer": ["sdp": answer]])
            }
        }

        @Test("a browser calls a phone that plays an announcement before it answers", arguments: [
            "uas-early-media", "uas-early-media-changes", "uas-100rel", "uas-forks",
        ])
        func announcement(scenario: String) async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let run = try await SIPpRun.called(scenario, in: stage.environment)
                try await page.dial("sip:bob@\(stage.environment.address):\(run.port)")
                try await page.wait(for: "in-call")
                try await page.click("hangup-button")
                await run.passes()
                _ = try await page.endOfCall()
            }
        }

        /// A scenario calls alice, who takes the call over the API.
        private func called(
            by scenario: String, _ takes: (APIClient, Peers, JSONValue, JSONValue) async throws -> Void
        ) async throws {
            let stage = try Stage.running
            let client = try await APIClient.user("alice", at: stage.gateway)
            let peers = try await Peers(stage)
            let run = try await SIPpRun.calling("alice", scenario, on: stage)
            let invite = try await client.serve("call_invite")
            let id = try #require(invite["call_id"])
            try await takes(client, peers, invite, id)
            await run.passes()
            _ = try await client.event("hangup", of: id.stringValue)
            try await peers.close()
            await client.leave()
        }
    }
}
