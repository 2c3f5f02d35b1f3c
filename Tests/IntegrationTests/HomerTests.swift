import Foundation
import JSON
import Testing

/// What a Homer is told of calls, as Wireshark reads it.
extension IntegrationTests {
    @Suite("Homer")
    struct Homer {
        private func gateway(_ hep: String, on stage: Stage) async throws -> GatewayProcess {
            try await GatewayProcess(in: stage.environment, name: "homer-\(UUID().uuidString.prefix(8))", more: "hep: {\(hep)}")
        }

        /// Two phones talk, and the caller hangs up.
        private func call(_ gateway: GatewayProcess) async throws {
            let caller = try SIPPhone(at: gateway, frequency: 500), called = try SIPPhone(at: gateway, frequency: 700, port: gateway.phonePort)
            defer {
                caller.stop()
                called.stop()
            }
            caller.call("phone")
            try await called.called()
            try await called.accept()
            try await caller.answered()
            #expect(await caller.audio.hears(700))
            #expect(await eventually(within: .patience) { called.audio.receivedPackets > 120 })
            try await caller.hangUp()
            try await called.hungUp()
        }

        @Test("SIP of both legs, reports and the log reach it with one correlation id, the caller's Call-ID, as the protocol wants them", arguments: ["", "tcp:"])
        func whole(transport: String) async throws {
            let stage = try Stage.running
            let homer = try HomerStandIn(on: stage.environment.address, isTCP: !transport.isEmpty)
            defer { homer.stop() }
            let gateway = try await gateway("address: '\(transport)\(stage.environment.address):\(homer.port)', id: 4711, password: hush-hush", on: stage)
            try await call(gateway)
            let file = stage.environment.directory.appendingPathComponent("hep.pcap")
            var rows: [[String]] = []
            let fields = ["hep3.type", "hep3.correlation", "sip.Call-ID", "hep3.source", "hep3.source_port", "hep3.agent", "hep3.password", "hep3.payload", "sip.CSeq.method"]
            let whole = try await eventually(within: .patience) {
                try homer.write(to: file)
                rows = try await TShark.rows(file, "hep3", fields, script: "hep3.lua")
                return rows.count { $0[0] == "34" } >= 2 && rows.contains { $0[0] == "100" && $0[7].contains("call ended") }
            }
            #expect(whole, "\(rows)")
            #expect(try await TShark.rows(file, "hep3.fault || _ws.malformed", ["hep3.fault"], script: "hep3.lua").isEmpty)
            let dialogs = rows.filter { $0[0] == "1" && $0[8] == "INVITE" }
            let caller = try #require(dialogs.first?[2])
            #expect(Set(dialogs.map { $0[2] }).count == 2 && Set(dialogs.map { $0[1] }) == [caller], "\(dialogs)")
            #expect(dialogs.first?[3] == stage.environment.address && Set(rows.map { $0[5] }) == ["4711"] && Set(rows.map { $0[6] }) == ["hush-hush"])
            for kind in ["5", "34", "100"] { #expect(rows.contains { $0[0] == kind && $0[1] == caller }, "\(kind)") }
            let qualities = try rows.filter { $0[0] == "34" }.map { try JSONValue(parsing: $0[7]) }
            #expect(qualities.contains { $0["TYPE"] == "HANGUP" && ($0["MOS"]?.doubleValue ?? 0) > 4 && ($0["TOTAL_PK"]?.intValue ?? 0) > 100 }, "\(qualities)")
            #expect(!rows.contains { $0[7].contains(GatewayProcess.password) })
            await gateway.end()
        }

        @Test("one that is silent, refuses, or is not found costs calls nothing, and what it does not get is counted", arguments: [
            "address: '127.0.0.1:9'", "address: 'tcp:127.0.0.1:9'", "address: 'nowhere.invalid:9060'", "address: '10.99.0.77:9060'",
        ])
        func absent(hep: String) async throws {
            let stage = try Stage.running
            let gateway = try await gateway(hep, on: stage)
            for _ in 0..<20 { try await SIPProbe(at: gateway).callEcho() }
            let text = try SmallHTTP.get(gateway.httpAddress, port: gateway.httpPort, path: "/metrics").body
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("tern_hep_packets_total{") }
            // Of a Homer that is silent nothing is known; over TCP so few wait.
            #expect(lines.contains { $0.contains("dropped") || hep.contains("10.99") || hep.contains("tcp:") }, "\(lines)")
            if !hep.contains("10.99") { #expect(gateway.log.contains("Homer gets nothing")) }
            await gateway.end()
        }
    }
}
