import Foundation
import JSON
import TestPostgres
import Testing

/// What is recorded of calls, and what `tern calls` shows.
extension IntegrationTests {
    @Suite("Records of calls")
    struct Records {
        /// Runs `body` with a gateway of its own whose records are in a file.
        private func play(_ records: [String] = ["database: DIRECTORY/calls.sqlite"], _ body: (GatewayProcess, TestEnvironment) async throws -> Void) async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "records-\(UUID().uuidString.prefix(4))", records: records)
            do {
                try await body(gateway, stage.environment)
            } catch {
                Issue.record(error)
            }
            await gateway.end()
        }

        /// What `tern calls` prints.
        private func calls(_ gateway: GatewayProcess, _ arguments: String...) async throws -> (exit: Int, output: String) {
            let environment = try Stage.running.environment
            let process = try await TestProcess(environment.tern, ["calls", "--config", gateway.directory.path + "/tern.yaml"] + arguments)
            guard case .exited(let code)? = await process.exit(within: .patience) else { throw HarnessError("tern calls did not end") }
            return (code, process.output)
        }

        /// The only record that fits the arguments of `tern calls`, when it has its end.
        private func record(_ gateway: GatewayProcess, _ arguments: String...) async throws -> JSONValue {
            var found: [JSONValue] = []
            let isThere = try await eventually(within: .patience) {
                let client = try await APIClient.user("admin", at: gateway)
                var data: [String: JSONValue] = [:]
                for (name, value) in zip(arguments.enumerated().filter { $0.offset % 2 == 0 }, arguments.enumerated().filter { $0.offset % 2 == 1 }) {
                    data[name.element] = .string(value.element)
                }
                found = try await client.request("admin", "find_calls", .object(data))["calls"]?.arrayValue ?? []
                await client.leave()
                return found.count == 1 && found[0]["end"] != nil
            }
            guard isThere, let record = found.first else { throw HarnessError("not one record of \(arguments), but \(found.map(\.text))") }
            return record
        }

        @Test("a phone calls a phone: who, whom, when, how it ended, both dialogs, and what was counted of the media")
        func phones() async throws {
            try await play { gateway, _ in
                let caller = try SIPPhone(at: gateway, frequency: 500), called = try SIPPhone(at: gateway, frequency: 700, port: gateway.phonePort)
                defer { caller.stop(); called.stop() }
                caller.call("phone", visitor: "carol")
                try await called.called()
                try called.ring()
                try await called.accept()
                try await caller.answered()
                #expect(await eventually(within: .patience) { caller.audio.receivedPackets > 120 && called.audio.receivedPackets > 120 })
                let running = try await calls(gateway)
                #expect(running.output.contains("talking"), "\(running)")
                try await caller.hangUp()
                try await called.hungUp()
                let record = try await record(gateway, "from", "carol", "to", "phone")
                #expect(record["caller"]?["kind"]?.stringValue == "phone" && record["caller"]?["source"]?.stringValue == "anonymous")
                #expect(record["caller"]?["address"]?.stringValue?.hasPrefix(gateway.address) == true)
                #expect(record["end"]?["status"]?.intValue == 200 && record["end"]?["by"]?.stringValue == "caller")
                #expect(record["end"]?["why"]?.stringValue?.hasPrefix("carol hung up after ") == true, "\(record.text)")
                let times = try ["began", "rang", "answered", "ended"].map { try #require(record["times"]?[$0]?.intValue, "\($0)") }
                #expect(times == times.sorted())
                #expect(record["route"]?.stringValue?.contains("tern.yaml:") == true && record["target"]?.stringValue?.hasPrefix("sip:phone@") == true)
                #expect(record["times"]?["media"]?.intValue != nil)
                #expect(record["caller_side"]?["call_id"]?.stringValue == caller.dialog?.id)
                #expect(record["callee_side"]?["call_id"]?.stringValue == called.dialog?.id)
                for side in ["caller_side", "callee_side"] {
                    let audio = record[side]?["audio"]
                    #expect((audio?["received"]?["packets"]?.intValue ?? 0) > 100 && audio?["received"]?["lost"]?.intValue == 0, "\(side) \(record.text)")
                    #expect((audio?["sent"]?["packets"]?.intValue ?? 0) > 100 && audio?["codec"] != nil && audio?["from"] != nil, "\(side) \(record.text)")
                    #expect((record[side]?["mos"]?.doubleValue ?? 0) > 4)
                }
                let legs = record["legs"]?.arrayValue ?? []
                #expect(legs.count == 1 && legs.first?["kind"]?.stringValue == "uri" && legs.first?["rang"] != nil && legs.first?["answered"] != nil)
                #expect(legs.first?["call_id"]?.stringValue == called.dialog?.id && legs.first?["status"]?.intValue == 200, "\(legs.map(\.text))")
                let shown = try await calls(gateway, try #require(record["id"]?.stringValue?.prefix(8)).description)
                #expect(shown.output.contains("carol hung up after") && shown.output.contains("MOS 4.4"), "\(shown.output)")
            }
        }

        @Test("a browser calls a phone: the client, and its user")
        func browser() async throws {
            let stage = try Stage.running
            try await play { gateway, environment in
                let phone = try SIPPhone(at: gateway, frequency: 700, port: gateway.phonePort)
                defer { phone.stop() }
                let client = try await APIClient.user("alice", at: gateway)
                let peers = try await Peers(stage)
                let offer = try await peers.offer("a", frequency: 500, video: false)
                let call = try await client.request("media", "start_call", ["dest": "phone", "offer": ["sdp": offer]])
                try await phone.called()
                try await phone.refuse(486)
                let record = try await record(gateway, "from", "alice")
                #expect(record["id"] == call["call_id"] && record["caller"]?["kind"]?.stringValue == "browser" && record["caller"]?["client"] != nil)
                #expect(record["end"]?["result"]?.stringValue == "busy" && record["end"]?["by"]?.stringValue == "callee")
                #expect(record["legs"]?[0]?["status"]?.intValue == 486 && record["times"]?["answered"] == nil)
                let failed = try await calls(gateway, "--failed", "--since", "1h", "--json")
                #expect(failed.exit == 0 && failed.output.split(separator: "\n").count == 1 && failed.output.contains(#""result":"busy""#))
                #expect(try await calls(gateway, "--to", "nobody").output == "no such calls")
                await client.leave()
            }
        }

        @Test("calls that are refused, cancelled and echoed have records; a challenge has none")
        func others() async throws {
            try await play { gateway, _ in
                let phone = try SIPPhone(at: gateway), called = try SIPPhone(at: gateway, port: gateway.phonePort)
                defer { phone.stop(); called.stop() }
                phone.call("nobody", visitor: "dave")
                let refusal = try await phone.final("INVITE", within: .patience)
                #expect(refusal.status == 480)
                phone.send { $0.acknowledgement(of: refusal) }
                let refused = try await record(gateway, "from", "dave")
                #expect(refused["end"]?["status"]?.intValue == 480 && refused["end"]?["result"]?.stringValue == "not_found" && refused["dialled"]?.stringValue == "nobody")
                #expect(refused["caller_side"]?["call_id"] != nil && refused["session"] == nil)

                phone.call("phone", visitor: "erin")
                try await called.called()
                try called.ring()
                _ = try await phone.provisional(180)
                phone.send { $0.cancellation() }
                let end = try await phone.final("INVITE", within: .patience)
                phone.send { $0.acknowledgement(of: end) }
                let cancel = await called.probe.message(within: .patience) { $0.hasPrefix("CANCEL ") }
                called.send { $0.response(200, "OK", to: SIPText(text: cancel ?? "")) }
                try await called.refuse(487)
                let cancelled = try await record(gateway, "from", "erin")
                #expect(cancelled["end"]?["result"]?.stringValue == "cancelled" && cancelled["end"]?["by"]?.stringValue == "caller")
                #expect(cancelled["end"]?["why"]?.stringValue == "erin gave up before anybody answered")
                #expect(cancelled["times"]?["rang"] != nil && cancelled["legs"]?[0]?["ended"] != nil)

                let echo = try SIPPhone(at: gateway)
                defer { echo.stop() }
                echo.call("echo", visitor: "frank")
                try await echo.answered()
                try await echo.hangUp()
                let echoed = try await record(gateway, "from", "frank")
                #expect(echoed["end"]?["result"]?.stringValue == "answered" && echoed["legs"]?.arrayValue?.isEmpty == true && echoed["caller_side"]?["audio"] != nil)

                phone.call("echo", from: "alice")
                let challenge = try await phone.final("INVITE", within: .patience)
                #expect(challenge.status == 401 || challenge.status == 407)
                phone.send { $0.acknowledgement(of: challenge) }
                let client = try await APIClient.user("admin", at: gateway)
                #expect(try await client.request("admin", "find_calls", ["from": "alice"])["calls"]?.arrayValue?.isEmpty == true)
                await client.leave()
            }
        }

        @Test("the gateway is killed in a call: the next start says so, and tern calls reads the database while none runs")
        func killed() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "records-killed", records: ["database: DIRECTORY/calls.sqlite"])
            let phone = try SIPPhone(at: gateway)
            defer { phone.stop() }
            phone.call("echo", visitor: "carol")
            try await phone.answered()
            #expect(try await calls(gateway).output.contains("talking"))
            await gateway.kill()
            let dead = try await calls(gateway, "--from", "carol")
            #expect(dead.exit == 0 && dead.output.contains("talking"), "\(dead)")
            let again = try await GatewayProcess(again: gateway, in: stage.environment)
            let record = try await record(again, "from", "carol")
            #expect(record["end"]?["result"]?.stringValue == "lost", "\(record.text)")
            #expect(record["times"]?["answered"] != nil && record["times"]?["ended"] != nil)
            #expect(try await calls(again, "--failed").output == "no such calls")
            await again.end()
        }

        @Test("records in PostgreSQL: calls notice nothing while it is away, and their records are there when it is back; tern calls reads it as well")
        func postgres() async throws {
            let server = try PostgresServer()
            try await play(["database: \(server.url)", "file: DIRECTORY/calls.jsonl"]) { gateway, _ in
                let phone = try SIPPhone(at: gateway)
                defer { phone.stop() }
                phone.call("echo", visitor: "carol")
                try await phone.answered()
                #expect(try await calls(gateway).output.contains("talking"))
                server.stop()
                try await phone.hangUp()
                phone.call("echo", visitor: "dave")
                try await phone.answered()
                try await phone.hangUp()
                let away = try await calls(gateway)
                #expect(away.exit == 1 && away.output.contains("postgres://tern@"), "\(away)")
                try server.start()
                #expect(try await eventually(within: .seconds(30)) { try server.query("SELECT count(*) FROM tern_call WHERE result = 'answered'") == "2\n" })
                let shown = try await calls(gateway, "--from", "dave")
                #expect(shown.exit == 0 && shown.output.contains("answered"), "\(shown)")
                let lines = try String(contentsOf: gateway.directory.appendingPathComponent("calls.jsonl"), encoding: .utf8).split(separator: "\n")
                #expect(lines.count == 2)
            }
        }

        @Test("strangers and users that are no admins see no records")
        func strangers() async throws {
            let stage = try Stage.running
            let client = try await APIClient.user("bob", at: stage.gateway)
            for command in ["find_calls", "get_call"] {
                #expect(try await client.refusal(of: "admin", command, ["call_id": "x"]).code != 0)
            }
            await client.leave()
        }
    }
}
