import Foundation
import Testing

/// What Prometheus reads of a gateway that has calls.
extension IntegrationTests {
    @Suite("Metrics")
    struct Metrics {
        private func metrics(of stage: Stage) throws -> String {
            let answer = try SmallHTTP.get(stage.gateway.httpAddress, port: stage.gateway.httpPort, path: "/metrics")
            try #require(answer.code == 200)
            return answer.body
        }

        /// The value of a series; 0 where it is not there.
        private func value(_ series: String, in text: String) -> Double {
            text.split(separator: "\n").first { $0.hasPrefix(series + " ") }.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) } ?? 0
        }

        @Test("promtool finds nothing wrong with them, and each series is described")
        func wellFormed() async throws {
            let stage = try Stage.running
            try await SIPProbe(stage).callEcho()
            let text = try metrics(of: stage)
            let file = stage.environment.directory.appendingPathComponent("metrics.txt")
            try text.write(to: file, atomically: true, encoding: .utf8)
            let check = try await TestProcess("/bin/sh", ["-c", "promtool check metrics < '\(file.path)' 2>&1"])
            let exit = await check.exit(within: .seconds(20))
            #expect(exit == .exited(0), "\(check.output)")
            #expect(check.output.isEmpty, "\(check.output)")
        }

        @Test("a call is counted: its SIP messages, its requests to Janus, and that it is there")
        func counted() async throws {
            let stage = try Stage.running
            let before = try metrics(of: stage)
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            phone.call("echo")
            try await phone.answered()
            let during = try metrics(of: stage)
            #expect(value(#"tern_calls{state="answered"}"#, in: during) >= 1)
            #expect(value("tern_sip_legs", in: during) >= 1 && value(Self.janus("handles"), in: during) >= 1)
            #expect(value(Self.janus("up"), in: during) == 1 && value(Self.janus("draining"), in: during) == 0)
            #expect(value(Self.janus("cpu_seconds_total"), in: during) > 0 && value(Self.janus("starts_total"), in: during) >= 1)
            #expect(value(Self.janus("answer_seconds"), in: during) < 1)
            try await phone.hangUp()
            let after = try metrics(of: stage)
            for series in [
                #"tern_sip_messages_total{direction="received",method="INVITE",status=""}"#,
                #"tern_sip_messages_total{direction="sent",method="INVITE",status="200"}"#,
                #"tern_sip_messages_total{direction="received",method="BYE",status=""}"#,
                #"tern_sip_messages_total{direction="sent",method="BYE",status="200"}"#,
                #"tern_janus_request_seconds_count{request="attach"}"#, #"tern_janus_request_seconds_count{request="open"}"#,
            ] {
                #expect(value(series, in: after) > value(series, in: before), "\(series)")
            }
        }

        /// A series of the one Janus.
        private static func janus(_ name: String) -> String { #"tern_janus_\#(name){server="janus-1"}"# }

        @Test("how calls end is counted, and the line of each call in the log says who, how long, by which dialogs, and what was counted of its media")
        func ends() async throws {
            let stage = try Stage.running
            let before = try metrics(of: stage)
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            phone.call("echo")
            try await phone.answered()
            // With fewer packets there is no score.
            #expect(await eventually(within: .patience) { phone.audio.receivedPackets > 120 })
            try await phone.hangUp()
            phone.call("nobody")
            _ = try? await phone.answered(within: .seconds(2))
            let counted = try await eventually(within: .patience) {
                let after = try metrics(of: stage)
                return [
                    #"tern_calls_total{caller="phone",result="answered"}"#, #"tern_call_setup_seconds_count{stage="answered"}"#,
                    #"tern_call_setup_seconds_count{stage="media"}"#, "tern_call_duration_seconds_count", "tern_call_mos_count",
                    #"tern_rtp_packets_total{direction="received",medium="audio"}"#, #"tern_calls_refused_total{status="480"}"#,
                ].allSatisfy { value($0, in: after) > value($0, in: before) }
            }
            let shown = try metrics(of: stage)
            #expect(counted, "\(shown)")
            let line = stage.gateway.log.split(separator: "\n").last { $0.contains("call ended") && $0.contains("result=answered") }
            let text = line.map(String.init) ?? ""
            for part in ["to=echo", "by=caller", "caller_call_id=", "caller_codecs=", "caller_mos=4.4", "duration=", "answered_after=", " received, 0 lost"] {
                #expect(text.contains(part), "\(part) in \(text)")
            }
        }

        @Test("commands of browsers are counted by their outcome, and what is no command as one")
        func commands() async throws {
            let stage = try Stage.running
            let before = try metrics(of: stage)
            let client = try await APIClient.user("alice", at: stage.gateway)
            _ = try await client.request("media", "get_list")
            for number in 0..<5 { #expect(try await client.refusal(of: "media", "no_such_command_\(number)").code == 1104) }
            let after = try metrics(of: stage)
            let served = #"tern_api_requests_total{code="0",command="get_list"}"#, refused = #"tern_api_requests_total{code="1104",command="other"}"#
            #expect(value(served, in: after) > value(served, in: before))
            #expect(value(refused, in: after) == value(refused, in: before) + 5)
            #expect(!after.contains("no_such_command"))
            await client.leave()
        }

        @Test("line tests and transfers are counted by what became of them, and there are figures of the queues of browsers and of who is shut out")
        func outcomes() async throws {
            let stage = try Stage.running
            let before = try metrics(of: stage)
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            phone.call("echo")
            try await phone.answered()
            #expect(await eventually(within: .patience) { phone.audio.receivedPackets > 20 })
            try await phone.hangUp()
            func tests(_ text: String) -> Double {
                text.split(separator: "\n").filter { $0.hasPrefix("tern_line_tests_total{severity=") && $0.contains(",verdict=") }
                    .reduce(0) { $0 + (Double($1.split(separator: " ").last ?? "") ?? 0) }
            }
            #expect(try await eventually(within: .patience) { tests(try metrics(of: stage)) == tests(before) + 1 })
            let client = try await APIClient.user("alice", at: stage.gateway)
            _ = try await client.refusal(of: "media", "transfer_call", ["call_id": "0b9e1a64-5b1f-4f0e-9a5c-2f5f4f0d3a11", "dest": "echo"])
            let after = try metrics(of: stage)
            let refused = #"tern_transfers_total{by="browser",result="refused"}"#
            #expect(value(refused, in: after) == value(refused, in: before) + 1)
            for series in [
                "tern_websocket_queued_messages ", "tern_websocket_queued_bytes ", "tern_websocket_queued_bytes_most ",
                #"tern_bans{at="sip"} "#, #"tern_bans{at="api"} "#,
            ] {
                #expect(after.contains("\n" + series), "\(series)")
            }
            await client.leave()
        }

        @Test("Debian's Prometheus scrapes the gateway, and knows the rules that come with it; a gateway that is gone raises an alert")
        func scraped() async throws {
            let stage = try Stage.running
            let port = try FreePort.tcp("127.0.0.1")
            let folder = stage.environment.directory.appendingPathComponent("prometheus")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let rules = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../config/prometheus/tern-alerts.yaml")
            let gone = try FreePort.tcp("127.0.0.1")
            try """
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: ["\(rules.standardizedFileURL.path)"]
            scrape_configs:
              - job_name: tern
                static_configs: [{targets: ["\(stage.gateway.httpAddress):\(stage.gateway.httpPort)", "127.0.0.1:\(gone)"]}]
            """.write(to: folder.appendingPathComponent("prometheus.yml"), atomically: true, encoding: .utf8)
            let prometheus = try await TestProcess("/usr/bin/prometheus", [
                "--config.file=\(folder.path)/prometheus.yml", "--storage.tsdb.path=\(folder.path)/data",
                "--web.listen-address=127.0.0.1:\(port)",
            ])
            _ = try await prometheus.line(with: "Server is ready", within: .patience)
            func query(_ expression: String) async throws -> String {
                let path = "/api/v1/query?query=" + (expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
                return try await SmallHTTP.request("GET", "127.0.0.1", port: port, path: path, body: nil, within: .seconds(5)).body
            }
            #expect(try await eventually(within: .patience) { try await query("tern_janus_up").contains(#""value":["#) })
            #expect(try await query("tern_build_info").contains(#""version""#))
            #expect(try await eventually(within: .patience) { try await query(#"ALERTS{alertname="TernDown"}"#).contains("127.0.0.1:\(gone)") })
            await prometheus.stop()
        }
    }
}
