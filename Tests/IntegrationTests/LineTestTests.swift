import Foundation
import JSON
import Testing

/// Phones that dial echo over a line with known faults, and what they learn of it.
extension IntegrationTests {
    @Suite("Line test")
    struct LineTests {
        @Test("a good line: everything fine, in the event, in the answer to get_line_test and at the address of the caller's test id")
        func fine() async throws {
            let stage = try Stage.running
            let admin = try await APIClient.user("admin", at: stage.gateway)
            try await admin.request("core", "subscribe", ["class": "media", "subclass": "call", "type": "line_test"])
            let (result, test, phone) = try await Self.punctually { () -> (JSONValue, String, SIPPhone) in
                let test = UUID().uuidString, phone = try SIPPhone(stage)
                defer { phone.stop() }
                phone.call("echo", headers: "X-Tern-Test-Id: \(test)\r\n")
                try await phone.answered()
                #expect(await phone.audio.hears(440))
                #expect(await eventually(within: .patience) { phone.audio.sentPackets > 200 })
                try await phone.hangUp()
                return (try await admin.event("line_test"), test, phone)
            } phone: { $0.2 }
            let late = "sent \(phone.audio.largestLateness) ms late: \(result)"
            #expect([[], ["fine"]].contains(Self.codes(result, isPunctual: phone.audio.isPunctual)), "\(late)")
            #expect(!phone.audio.isPunctual || result["received"]?["late"] == 0 && result["received"]?["bursts"]?["count"] == 0, "\(late)")
            #expect(result["codec"]?["name"] == "pcmu" && result["received"]?["lost"] == 0 && result["received"]?["duplicates"] == 0)
            #expect(result["addresses"]?["source"] == .string("\(stage.gateway.address):\(phone.audio.port)"))
            #expect(result["addresses"]?["source"] == result["addresses"]?["signalled"])
            #expect(result["addresses"]?["sip"] == .string(stage.gateway.address) && result["addresses"]?["contact"] == .string(stage.gateway.address))
            let score = try #require(result["quality"]?["received"]?["mos"]?.doubleValue), level = try #require(result["audio"]?["level"]?.doubleValue)
            #expect(score > 1 && abs(level - -15.3) < 1)
            // A stranger's id is nobody's; the caller's own is the result.
            let (address, port) = (stage.gateway.httpAddress, stage.gateway.httpPort)
            let found = try SmallHTTP.get(address, port: port, path: "/api/line-tests/\(test)")
            let body = try JSONValue(parsing: found.body)
            #expect(found.code == 200 && body == result)
            for path in [UUID().uuidString, "", result["id"]?.stringValue ?? "", "../status"] {
                let stranger = try SmallHTTP.get(address, port: port, path: "/api/line-tests/\(path)")
                #expect(stranger.code == 404, "\(path)")
            }
            // So is the call's id for the admin; others may not read it.
            let id = try #require(result["id"])
            let told = try await admin.request("media", "get_line_test", ["call_id": id])
            #expect(told == result)
            let alice = try await APIClient.user("alice", at: stage.gateway)
            let refusal = try await alice.refusal(of: "media", "get_line_test", ["call_id": id])
            #expect(refusal.code == 2_005)
            await alice.leave()
            await admin.leave()
        }

        @Test("5 % that are lost, 2 % that come twice, 3 % that come late by one: counted, and the verdicts name them, worst first")
        func impaired() async throws {
            let (result, phone) = try await Self.punctually { try await measuring(packets: 525) { phone in
                // The BYE may overtake the last of them.
                let held = Held()
                phone.audio.spoil { number, packet in
                    let waiting = held.take()
                    switch number % 100 {
                    case 10, 30, 50, 70, 90: return waiting
                    case 20, 60: return waiting + [packet, packet]
                    case 15, 45, 75:
                        held.keep(packet)
                        return waiting
                    default: return [packet] + waiting
                    }
                }
            } } phone: { $0.1 }
            let received = try #require(result["received"]), expected = Double(received["expected"]?.intValue ?? 0)
            func share(_ name: String) -> Double { (received[name]?.doubleValue ?? 0) / expected }
            #expect(expected >= 500)
            #expect(abs(share("lost") - 0.05) < 0.005 && abs(share("duplicates") - 0.02) < 0.005 && abs(share("reordered") - 0.03) < 0.005, "\(received)")
            // Those that wait for the next packet come in time.
            #expect(!phone.audio.isPunctual || received["late"] == 0, "sent \(phone.audio.largestLateness) ms late: \(result)")
            #expect(Self.codes(result, isPunctual: phone.audio.isPunctual) == ["loss", "reordering", "duplicates"], "\(result["verdicts"] ?? .null)")
            #expect(result["verdict"] == "warning" || result["verdict"] == "critical")
            let score = try #require(result["quality"]?["received"]?["mos"]?.doubleValue)
            #expect(score < 4, "\(result["quality"] ?? .null)")
        }

        @Test("no audio in the packets, audio that is clipped, and none of them at all")
        func audio() async throws {
            let silent = try await measure(packets: 150) { $0.audio.loudness = 0 }
            #expect(Self.codes(silent).contains("silent") && silent["audio"]?["silence"]?.doubleValue == 1)
            let loud = try await measure(packets: 150) { $0.audio.loudness = 120_000 }
            #expect(Self.codes(loud).contains("clipping") && (loud["audio"]?["clipping"]?.doubleValue ?? 0) > 0.1)
            let quiet = try await measure(packets: 150) { $0.audio.loudness = 200 }
            #expect(Self.codes(quiet).contains("level"), "\(quiet["audio"] ?? .null)")
            let nothing = try await measure(packets: 0, wait: .seconds(4)) { $0.audio.pause(true) }
            #expect(Self.codes(nothing) == ["no_rtp"] && nothing["verdict"] == "critical" && nothing["received"]?["packets"] == 0)
            #expect(nothing["audio"] == .null && nothing["quality"]?["received"] == .null)
        }

        @Test("a digit that comes as RTP and by INFO at once is doubled")
        func doubled() async throws {
            let result = try await measure(packets: 150) { phone in
                phone.takesInfo = true
                phone.media.hasKeys = true
            } during: { phone in
                phone.audio.press(9)
                let status = try await phone.info("application/dtmf-relay", "Signal=9\r\nDuration=160\r\n")
                #expect(status == 200)
            }
            #expect(Self.codes(result).contains("doubled_digits") && result["dtmf"]?["doubled"] == 1, "\(result["dtmf"] ?? .null)")
            #expect(result["dtmf"]?["last"]?.arrayValue?.compactMap { $0["method"]?.stringValue }.sorted() == ["info", "rtp"])
        }

        @Test("digits have the caller hear the milliwatt, its quiet brother, silence, and the echo again; # ends the call")
        func digits() async throws {
            let stage = try Stage.running, phone = try SIPPhone(stage)
            defer { phone.stop() }
            phone.media.hasKeys = true
            phone.call("echo")
            try await phone.answered()
            #expect(await phone.audio.hears(440))
            phone.audio.press(1)
            #expect(await phone.audio.hears(1_004))
            #expect(await eventually(within: .patience) { abs(phone.audio.heardLevel - -6.15) < 1 }, "\(phone.audio.heardLevel)")
            phone.audio.press(2)
            #expect(await eventually(within: .patience) { abs(phone.audio.heardLevel - -22.15) < 1 })
            #expect(await phone.audio.hears(1_004))
            phone.audio.press(3)
            #expect(await eventually(within: .patience) { phone.audio.heardLevel < -70 })
            phone.audio.press(0)
            #expect(await phone.audio.hears(440))
            phone.audio.press(11)
            try await phone.hungUp()
        }

        @Test("a phone without telephone-event is commanded by INFO, and by tones in its audio")
        func otherDigits() async throws {
            let stage = try Stage.running, phone = try SIPPhone(stage)
            defer { phone.stop() }
            phone.takesInfo = true
            phone.call("echo")
            try await phone.answered()
            #expect(await phone.audio.hears(440))
            let status = try await phone.info("application/dtmf-relay", "Signal=1\r\nDuration=160\r\n")
            #expect(status == 200)
            #expect(await phone.audio.hears(1_004))
            // 0: 941 and 1336 Hz.
            phone.audio.sound([941, 1_336], packets: 6)
            #expect(await phone.audio.hears(440))
            try await phone.hangUp()
        }

        @Test("at the end a collector is sent the figures, as RFC 6035 has them")
        func report() async throws {
            let collector = try Socket(type: SOCK_DGRAM, address: "127.0.0.1", port: 0)
            defer { collector.close() }
            let requests = Mailbox<String>()
            Thread.detachNewThread {
                while let (bytes, sender) = collector.datagram() {
                    let text = String(decoding: bytes, as: UTF8.self)
                    requests.post(text)
                    collector.send(Array(SIPProbe.ok(to: text).utf8), to: sender)
                }
            }
            let gateway = try await GatewayProcess(
                in: try Stage.running.environment, name: "reports", calls: ["line_test_reports: sip:quality@127.0.0.1:\(collector.port)"])
            let phone = try SIPPhone(at: gateway)
            defer { phone.stop() }
            phone.audio.spoil { number, packet in number % 20 == 10 ? [] : [packet] }
            phone.call("echo")
            try await phone.answered()
            #expect(await eventually(within: .patience) { phone.audio.sentPackets > 200 })
            try await phone.hangUp()
            let publish = try #require(await requests.first(within: .patience) { $0.hasPrefix("PUBLISH ") })
            #expect(publish.hasPrefix("PUBLISH sip:quality@127.0.0.1:\(collector.port) SIP/2.0\r\n") && publish.contains("\r\nEvent: vq-rtcpxr\r\n"))
            let parts = publish.components(separatedBy: "\r\n\r\n"), report = parts.dropFirst().joined()
            #expect(report.contains("CallID: \(phone.dialog?.id ?? "none")\r\n") && report.contains("PORT=\(phone.audio.port) SSRC=0x"))
            #expect(report.contains("PD=PCMU SR=8000 FD=20"))
            let loss = try #require(report.firstMatch(of: /NLR=([0-9.]+)/).flatMap { Double($0.1) })
            #expect(abs(loss - 5) < 1, "\(report)")
            #expect(await eventually(within: .patience) {
                (try? SmallHTTP.get(gateway.httpAddress, port: gateway.httpPort, path: "/metrics").body.contains(#"tern_line_test_reports_total{result="sent"} 1"#)) == true
            })
            await gateway.end()
        }

        @Test("audio that nobody marks is said not to be")
        func unmarked() async throws {
            let result = try await measure(packets: 150) { $0.audio.mark(0) }
            #expect(Self.codes(result).contains("not_marked") && result["received"]?["dscp"] == 0)
            let marked = try await measure(packets: 150) { $0.audio.mark(34) }
            #expect(!Self.codes(marked).contains("not_marked") && marked["received"]?["dscp"] == 34)
        }

        @Test("the times of the set-up, a re-INVITE that is refused, and the verdicts in the call's record")
        func signalling() async throws {
            let stage = try Stage.running, admin = try await APIClient.user("admin", at: stage.gateway)
            try await admin.request("core", "subscribe", ["class": "media", "subclass": "call", "type": "line_test"])
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            phone.call("echo")
            let answer = try await phone.final("INVITE", within: .patience)
            #expect(answer.status == 200)
            // The ACK waits until the 200 has been sent again.
            try await Task.sleep(for: .milliseconds(700))
            try await phone.answered()
            #expect(await eventually(within: .patience) { phone.audio.sentPackets > 120 })
            phone.send { $0.request("INVITE", body: "v=0\r\no=phone 1 9 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 99\r\na=rtpmap:99 nonsense/8000\r\n") }
            let refusal = try await phone.final("INVITE", within: .patience)
            #expect(refusal.status == 488, "\(refusal.text)")
            phone.send { $0.acknowledgement(of: refusal) }
            try await phone.hangUp()
            let result = try await admin.event("line_test"), setUp = try #require(result["set_up"])
            let answered = try #require(setUp["answered"]?.intValue), acknowledged = try #require(setUp["ack"]?.intValue)
            #expect(acknowledged - answered >= 700 && acknowledged - answered < 10_000, "\(setUp)")
            #expect(setUp["prack"] == .null && setUp["media_up"] == .null)
            #expect(Self.codes(result).contains("failed_offer"), "\(result["verdicts"] ?? .null)")
            #expect(result["verdicts"]?.arrayValue?.contains { $0["code"] == "slow_set_up" && $0["evidence"]?.stringValue?.hasPrefix("The ACK came") == true } == true)
            let id = result["id"]?.stringValue ?? ""
            var record: JSONValue?
            #expect(await eventually(within: .patience) {
                let calls = try? await admin.request("admin", "find_calls", ["line_test": "failed_offer"])["calls"]?.arrayValue
                record = calls?.first { $0["id"]?.stringValue == id }
                return record != nil
            })
            #expect(record?["line_test"]?["verdict"] == "warning" && record?["line_test"]?["codes"]?.arrayValue?.contains("failed_offer") == true)
            let fine = try await admin.request("admin", "find_calls", ["line_test": "critical"])["calls"]?.arrayValue ?? []
            #expect(!fine.contains { $0["id"]?.stringValue == id })
            await admin.leave()
        }

        /// Makes a call, and another one where its phone has not sent evenly: three at most.
        private static func punctually<Call>(_ call: () async throws -> Call, phone: (Call) -> SIPPhone) async throws -> Call {
            for _ in 1...2 {
                let made = try await call()
                if phone(made).audio.isPunctual { return made }
            }
            return try await call()
        }

        private func measure(
            packets: Int, wait: Duration = .zero, _ prepare: (SIPPhone) -> Void, during: (SIPPhone) async throws -> Void = { _ in }
        ) async throws -> JSONValue { try await measuring(packets: packets, wait: wait, prepare, during: during).0 }

        /// The result of a call to the echo, of a phone that was prepared; at least so many packets of it are sent.
        private func measuring(
            packets: Int, wait: Duration = .zero, _ prepare: (SIPPhone) -> Void, during: (SIPPhone) async throws -> Void = { _ in }
        ) async throws -> (JSONValue, SIPPhone) {
            let stage = try Stage.running, test = UUID().uuidString, phone = try SIPPhone(stage)
            defer { phone.stop() }
            prepare(phone)
            phone.call("echo", headers: "X-Tern-Test-Id: \(test)\r\n")
            try await phone.answered()
            try await during(phone)
            if wait > .zero { try await Task.sleep(for: wait) }
            #expect(await eventually(within: .seconds(30)) { phone.audio.sentPackets >= packets })
            try await phone.hangUp()
            let (address, port) = (stage.gateway.httpAddress, stage.gateway.httpPort)
            var result: JSONValue?
            _ = await eventually(within: .patience) {
                guard let answer = try? SmallHTTP.get(address, port: port, path: "/api/line-tests/\(test)"), answer.code == 200 else { return false }
                result = try? JSONValue(parsing: answer.body)
                return result != nil
            }
            return (try #require(result), phone)
        }

        /// Verdicts that follow from how evenly a phone on a busy machine sends, and those on how busy the machine is.
        private static let timing: Set<String> = ["jitter", "late", "gap", "quality", "clock"]

        private static func codes(_ result: JSONValue, isPunctual: Bool = false) -> [String] {
            (result["verdicts"]?.arrayValue?.compactMap { $0["code"]?.stringValue } ?? []).filter {
                $0 != "slow_set_up" && (isPunctual || !timing.contains($0))
            }
        }
    }
}

/// A packet that waits for the next one.
private final class Held: @unchecked Sendable {
    private var packet: [UInt8]?

    func keep(_ packet: [UInt8]) { self.packet = packet }

    func take() -> [[UInt8]] {
        defer { packet = nil }
        return packet.map { [$0] } ?? []
    }
}
