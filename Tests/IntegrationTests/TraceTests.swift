import Foundation
import JSON
import Testing

/// `tern trace`: what is kept of calls, and who gets it.
extension IntegrationTests {
    @Suite("Traces")
    struct Traces {
        /// Runs `tern trace` at the stage's gateway.
        private func trace(_ arguments: String..., on stage: Stage, succeeds: Bool = true) async throws -> String {
            let run = try await LongOutput(
                stage.environment.tern, ["trace"] + arguments + ["--socket", stage.gateway.controlSocket], in: stage.environment.directory)
            #expect(run.exit == .exited(succeeds ? 0 : 1), "\(run)")
            return run.text + run.errors
        }

        private func entries(_ text: String) throws -> [JSONValue] { try JSONValue(parsing: text)["entries"]?.arrayValue ?? [] }

        private func labels(_ text: String, _ kind: String) throws -> [String] {
            try entries(text).filter { $0["kind"]?.stringValue == kind }.compactMap { $0["label"]?.stringValue }
        }

        /// The trace of the last call, when it has an end.
        private func last(on stage: Stage, where isWhole: (String) -> Bool = { $0.contains("call ended") }) async throws -> String {
            var text = ""
            let came = try await eventually(within: .patience) {
                text = try await trace("last", "--json", on: stage)
                return isWhole(text)
            }
            #expect(came, "\(text)")
            return text
        }

        /// Whether the texts stand in this order, others between them.
        private func isOrdered(_ wanted: [String], in labels: [String]) -> Bool {
            var rest = labels[...]
            for want in wanted {
                guard let place = rest.firstIndex(where: { $0.contains(want) }) else { return false }
                rest = rest[(place + 1)...]
            }
            return true
        }

        @Test("a phone calls a browser: SIP, browser API, media engine, states and log are on one time line in order, and no secret is")
        func phoneToBrowser() async throws {
            let stage = try Stage.running
            try await stage.call(pageCalls: false) { _, _ in }
            let text = try await last(on: stage) { $0.contains("call ended") && $0.contains("statistics: ok") }
            let all = try entries(text)
            let labels = all.compactMap { $0["label"]?.stringValue }
            #expect(isOrdered(
                ["INVITE sip:alice@", "call from a phone", "call begins", "call_invite", "answer_call", "200 OK (INVITE)", "ACK sip:", "BYE sip:", "call ended by caller"],
                in: labels), "\(labels)")
            #expect(isOrdered(["open", "open: ok", "configure", "configure: ok"], in: try self.labels(text, "engine")), "\(labels)")
            #expect(try self.labels(text, "session").contains { $0.contains("media can flow") })
            #expect(try self.labels(text, "api").contains("event hangup"), "\(labels)")
            let columns = Set(all.compactMap { $0["party"]?.stringValue })
            #expect(columns == ["caller", "callee", "janus"], "\(columns)")
            // Passwords of ICE are in the offers and answers of browsers, keys in the engine's replies.
            #expect(text.contains("a=ice-pwd:***") && text.contains(#"\"key\":\"***\""#) || text.contains(#"\"key\": \"***\""#), "\(text)")
            #expect(text.matches(of: /ice-pwd:(?!\*\*\*)/).isEmpty && text.matches(of: /\\"key\\":\s*\\"(?!\*\*\*)/).isEmpty)
            #expect(text.matches(of: /\\"apisecret\\":\s*\\"(?!\*\*\*)/).isEmpty && !text.contains(GatewayProcess.password))
        }

        @Test("a call of two phones has the SIP of both legs, and Wireshark reads it as it was: each message, by its Call-ID, addresses and ports")
        func phones() async throws {
            let stage = try Stage.running
            try await stage.callOfPhones { _, _ in }
            let text = try await last(on: stage)
            let json = try JSONValue(parsing: text)
            let callIDs = (json["sip_call_ids"]?.arrayValue ?? []).compactMap(\.stringValue)
            #expect(callIDs.count == 2)
            let messages = try entries(text).filter { $0["kind"]?.stringValue == "sip" }
            let file = stage.environment.directory.appendingPathComponent("trace.pcapng")
            _ = try await trace("last", "--pcapng", file.path, on: stage)
            let rows = try await TShark.rows(file, "sip", ["sip.Call-ID", "ip.src", "udp.srcport", "ip.dst", "udp.dstport", "sip.CSeq.method", "sip.Status-Code"])
            #expect(rows.count == messages.count && rows.count >= 11, "\(rows)")
            for (row, message) in zip(rows, messages) {
                let isSent = message["direction"] == "sent", peer = message["peer"]?.stringValue, local = message["local"]?.stringValue
                try #require(row.count == 7)
                #expect(callIDs.contains(row[0]))
                #expect("\(row[1]):\(row[2])" == (isSent ? local : peer) && "\(row[3]):\(row[4])" == (isSent ? peer : local), "\(row) \(message.text)")
                #expect(message["text"]?.stringValue?.contains("CSeq: ") == true && message["label"]?.stringValue?.contains(row[6].isEmpty ? row[5] : row[6]) == true)
            }
            #expect(Set(rows.map { $0[0] }) == Set(callIDs))
            // What tshark says of checksums and lengths, and the comments.
            #expect(try await TShark.rows(file, "_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0", ["frame.number"]).isEmpty)
            let comments = try await TShark.rows(file, "frame.comment contains \"call answered\"", ["frame.number"])
            #expect(comments.count == 1)
            let ladder = try await trace("last", "--width", "100", on: stage)
            #expect(ladder.contains("caller") && ladder.contains("callee") && ladder.contains("INVITE sip:phone@") && ladder.contains("call answered"))
            #expect(ladder.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(ladder)")
            #expect(try await trace("last", "--full", on: stage).contains("CSeq: "))
        }

        @Test("calls that fail have traces: 480 before there is a call, 486 of the called party, one that nobody answers")
        func failures() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage), other = try SIPPhone(stage, port: stage.gateway.phonePort)
            defer {
                phone.stop()
                other.stop()
            }
            phone.call("nobody")
            _ = try? await phone.answered(within: .seconds(2))
            let missing = try await last(on: stage) { $0.contains("480 Temporarily Unavailable") }
            #expect(isOrdered(["INVITE sip:nobody@", "480 Temporarily Unavailable (INVITE)"], in: try labels(missing, "sip")))
            #expect(try labels(missing, "call").contains { $0.hasPrefix("call not admitted: 480") })
            #expect(try JSONValue(parsing: missing)["is_call"] == false && labels(missing, "log").contains { $0.contains("call ended") })
            // The id that the log has of it leads there as well.
            let id = try #require(try JSONValue(parsing: missing)["id"]?.stringValue)
            #expect(stage.gateway.log.contains("call=\(id)"))
            phone.call("phone")
            try await other.called()
            try await other.refuse(486)
            _ = try? await phone.answered(within: .seconds(2))
            let busy = try await last(on: stage) { $0.contains("call ended") }
            #expect(isOrdered(["INVITE sip:phone@", "INVITE sip:phone@", "486 No (INVITE)", "ACK ", "486 "], in: try labels(busy, "sip")), "\(busy)")
            #expect(try labels(busy, "call").contains { $0.contains("486") })
            phone.call("phone")
            try await other.called()
            try other.ring()
            _ = try? await phone.answered(within: .seconds(8))
            let unanswered = try await last(on: stage) { $0.contains("call ended") && $0.contains("CANCEL sip:") }
            #expect(isOrdered(["180 Ringing (INVITE)", "180 Ringing (INVITE)", "CANCEL sip:"], in: try labels(unanswered, "sip")), "\(unanswered)")
            let list = try await trace("--failed", on: stage)
            #expect(list.contains(": 480 ") && list.contains("486"), "\(list)")
        }

        @Test("the response of a digest is not in a trace, the user is")
        func digest() async throws {
            let stage = try Stage.running
            let probe = try SIPProbe(stage)
            let from = "<sip:alice@\(stage.gateway.address)>"
            let first = SIPProbe.Call(to: "nobody", from: probe)
            let credentials = "Authorization: Digest username=\"alice\", realm=\"x\", nonce=\"n\", uri=\"sip:nobody@x\", response=\"0123456789abcdef0123456789abcdef\"\r\n"
            probe.send(first.invite(headers: credentials, from: from))
            _ = try await probe.final(of: first)
            probe.send(first.acknowledgement(of: "INVITE"))
            probe.send(first.invite(branch: "z9hG4bK-again", headers: credentials, number: 2))
            _ = try await probe.message(with: "CSeq: 2 INVITE", of: first)
            let text = try await last(on: stage) { $0.contains("480 Temporarily Unavailable") && $0.contains(first.id) }
            #expect(text.contains(#"username=\"alice\""#) && text.contains(#"response=\"***\""#) && !text.contains("0123456789abcdef"), "\(text)")
        }

        @Test("nobody but an admin gets a trace; a call that is not there is an error")
        func access() async throws {
            let stage = try Stage.running
            try await SIPProbe(stage).callEcho()
            let alice = try await APIClient.user("alice", at: stage.gateway), admin = try await APIClient.user("admin", at: stage.gateway)
            for command in ["list_traces", "get_trace"] {
                #expect(try await alice.refusal(of: "admin", command, ["call": "last"]).code == 2005)
            }
            let list = try await admin.request("admin", "list_traces", ["limit": 1])
            let id = try #require(list["traces"]?[0]?["id"]?.stringValue)
            #expect(try await admin.request("admin", "get_trace", ["call": .string(String(id.prefix(12)))])["id"]?.stringValue == id)
            #expect(try await admin.refusal(of: "admin", "get_trace", ["call": "no such call"]).code == 3002)
            // The answers to such questions are in no trace.
            let again = try await admin.request("admin", "get_trace", ["call": .string(id)])
            #expect(!again.text.contains("get_trace"))
            await alice.leave()
            await admin.leave()
            #expect(try await trace("no such call", on: stage, succeeds: false).contains("there is no trace of such a call"))
        }

        @Test("traces are counted in the metrics, with their memory")
        func counted() async throws {
            let stage = try Stage.running
            try await SIPProbe(stage).callEcho()
            let text = try SmallHTTP.get(stage.gateway.httpAddress, port: stage.gateway.httpPort, path: "/metrics").body
            func value(_ name: String) -> Double { text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap { Double($0.split(separator: " ")[1]) } ?? 0 }
            #expect(value("tern_traces") >= 1 && value("tern_trace_memory_bytes") > 1_000 && value("tern_trace_memory_bytes") < 67_108_864)
        }
    }
}
