import Control
import Foundation
import JSON
import SDP
import Testing

/// The gateway tests lines: `tern test-call`, and the schedule of `probes`.
extension IntegrationTests {
    @Suite("Tests of lines")
    struct LineProbes {
        private static let carrier = Trunks.carrierAddress

        private static func withGateway(_ probes: String, trunk: Int = 5_099, _ body: (GatewayProcess) async throws -> Void) async throws {
            let gateway = try await GatewayProcess(
                in: try Stage.running.environment, name: "probes-\(UUID().uuidString.prefix(8))",
                more: """
                    trunks:
                      - {name: carrier, targets: ["sip:\(carrier):\(trunk)"], keepalive: 0}
                    probes:
                    \(probes)
                    """)
            do {
                try await body(gateway)
            } catch {
                Issue.record("\(error)\n\(gateway.log.suffix(6_000))")
            }
            await gateway.end()
        }

        private static func test(_ name: String, at gateway: GatewayProcess, _ more: [String] = []) async throws -> (exit: Int, output: String) {
            let run = try await TestProcess(Stage.running.environment.tern, ["test-call", name, "--socket", gateway.controlSocket] + more)
            guard case .exited(let status)? = await run.exit(within: .seconds(60)) else { throw HarnessError("tern test-call did not end: \(run.output)") }
            return (status, run.output)
        }

        private static func result(_ output: String) throws -> JSONValue {
            try JSONValue(parsing: String(output.split(separator: "\n").first { $0.hasPrefix("{") } ?? ""))
        }

        private static func metric(_ series: String, at gateway: GatewayProcess) throws -> Double? {
            let text = try SmallHTTP.get(gateway.httpAddress, port: gateway.httpPort, path: "/metrics").body
            return text.split(separator: "\n").first { $0.hasPrefix(series + " ") }.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
        }

        @Test("a good line is good: by hand, and by the schedule")
        func good() async throws {
            try await Self.withGateway("  - {name: own, call: echo, seconds: 5}\n  - {name: regular, call: echo, seconds: 5, every: 1m}") { gateway in
                // The echo is sent by a thread like others: on a busy machine it is as late as this one, and the test is made again.
                var (exit, output) = (0, ""), calls = 0, isQuiet = false
                repeat {
                    let machine = BusyMachine()
                    (exit, output) = try await Self.test("own", at: gateway, ["--json"])
                    calls += 1
                    isQuiet = machine.stop() <= 20
                } while !isQuiet && calls < 3
                let result = try Self.result(output)
                #expect(result["status"] == 200 && result["codec"]?.stringValue == "PCMA")
                #expect(try #require(result["audio_round_trip"]?.doubleValue) < 60)
                #expect(abs(try #require(result["level_difference"]?.doubleValue)) < 0.5)
                #expect(try #require(result["score"]?.doubleValue) > (isQuiet ? 4.2 : 1), "\(output)")
                #expect(result["sending_delay"]?.doubleValue != nil && result["loss"] == 0)
                // A busy machine has jitter of its own.
                let verdicts = result["verdicts"]?.arrayValue ?? []
                let isGood = verdicts.allSatisfy { $0["severity"]?.stringValue == "good" }
                #expect(!verdicts.isEmpty && verdicts.allSatisfy { verdict in
                    isGood || ["Jitter is", isQuiet ? "Jitter is" : "MOS is"].contains { verdict["evidence"]?.stringValue?.hasPrefix($0) == true }
                }, "\(output)")
                #expect(exit == (isGood ? 0 : 1))
                #expect(try Self.metric(#"tern_probe_good{probe="own"}"#, at: gateway) == (isGood ? 1 : 0))
                // The first test of the schedule is made ten seconds after the start.
                #expect(await eventually(within: .seconds(40)) {
                    ["good", "bad"].reduce(0) { $0 + ((try? Self.metric(#"tern_probe_calls_total{probe="regular",result="\#($1)"}"#, at: gateway)) ?? 0) } == 1
                })
            }
        }

        @Test("a trunk's line that loses and delays is measured, and the verdict says so")
        func impaired() async throws {
            let port = try FreePort.both(Self.carrier)
            try await Self.withGateway("  - {name: berlin, call: \"+4930123\", trunk: carrier, seconds: 10}", trunk: port) { gateway in
                let probe = try SIPProbe(at: gateway, address: Self.carrier, port: port)
                let echo = try ImpairedEcho(on: Self.carrier, delayed: .milliseconds(80), dropping: 20)
                defer { echo.stop() }
                async let test = Self.test("+4930123", at: gateway, ["--json"])
                let invite = SIPText(text: try await probe.request("INVITE"))
                #expect(invite.text.hasPrefix("INVITE sip:+4930123@"))
                let dialog = try SIPDialog(invitedBy: invite, contact: probe.authority)
                let answer = "v=0\r\no=- 1 1 IN IP4 \(Self.carrier)\r\ns=-\r\nc=IN IP4 \(Self.carrier)\r\nt=0 0\r\nm=audio \(echo.port) RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
                probe.send(dialog.response(200, "OK", to: invite, body: answer))
                let bye = try await probe.request("BYE", within: .seconds(40))
                probe.send(SIPProbe.ok(to: bye))
                let (exit, output) = try await test
                #expect(exit == 1, "\(output)")
                let result = try Self.result(output)
                #expect(abs(try #require(result["loss"]?.doubleValue) - 0.05) < 0.015, "\(output)")
                #expect(abs(try #require(result["audio_round_trip"]?.doubleValue) - 80) < 25, "\(output)")
                let verdicts = result["verdicts"]?.arrayValue ?? []
                #expect(verdicts.contains { $0["evidence"]?.stringValue?.hasSuffix("% of the packets from the far end are lost.") == true }, "\(output)")
                #expect(!verdicts.contains { $0["severity"]?.stringValue == "good" })
                #expect(try Self.metric(#"tern_probe_good{probe="berlin"}"#, at: gateway) == 0)
            }
        }

        @Test("results are known after a restart")
        func restart() async throws {
            @Sendable func results(_ gateway: GatewayProcess) throws -> [JSONValue] {
                try ControlClient(paths: [gateway.controlSocket]).request("list_probes")["probes"]?[0]?["results"]?.arrayValue ?? []
            }
            let environment = try Stage.running.environment
            let gateway = try await GatewayProcess(
                in: environment, name: "probes-kept", records: ["database: DIRECTORY/records.sqlite"], more: "probes: [{name: nobody, call: nobody}]")
            for _ in 0..<2 { _ = try await Self.test("nobody", at: gateway) }
            let before = try results(gateway)
            #expect(before.count == 2)
            await gateway.end()
            let again = try await GatewayProcess(again: gateway, in: environment)
            #expect(await eventually(within: .seconds(20)) { (try? results(again)) == before })
            _ = try await Self.test("nobody", at: again)
            let after = try results(again)
            #expect(after.count == 3 && Array(after.prefix(2)) == before)
            await again.end()
        }

        @Test("nothing is called that the configuration does not name, and what fails is said")
        func bounds() async throws {
            try await Self.withGateway("  - {name: nobody, call: nobody}") { gateway in
                let (other, said) = try await Self.test("echo", at: gateway)
                #expect(other == 2 && said.contains("nothing else is called for a test"), "\(said)")
                let (exit, output) = try await Self.test("nobody", at: gateway)
                #expect(exit == 1 && output.contains("critical: The far end answered"), "\(output)")
                // An address that nobody was given is dialled as any other.
                let probe = try SIPProbe(at: gateway)
                let call = SIPProbe.Call(to: "test-call-00000000000000000000000000000000", from: probe)
                probe.send(call.invite())
                #expect([404, 480].contains(try await probe.finalStatus(of: call)))
                probe.send(call.acknowledgement(of: "INVITE"))
            }
        }
    }
}
