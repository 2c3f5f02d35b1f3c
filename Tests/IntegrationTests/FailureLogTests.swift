import Foundation
import JSON
import TestCertificates
import Testing

/// What the log says of calls that fail, and of those who may not call: a gateway of its own, at level debug, to which everything goes wrong.
extension IntegrationTests {
    @Suite("The log of failures")
    struct FailureLog {
        private static let trunkPassword = "trunk-pa55word"
        private static let wrongPassword = "wrong-pa55word"
        private static let tokenSecret = "a secret of the portal, long enough"
        private static let mediaKey = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"

        /// A gateway with a trunk that nobody is at, one that refuses our credentials, and a route for it alone.
        private static func withGateway(_ body: (GatewayProcess, SIPProbe) async throws -> Void) async throws {
            let stage = try Stage.running
            let port = try FreePort.both(Trunks.carrierAddress)
            let gateway = try await GatewayProcess(
                in: stage.environment, name: "failures-\(UUID().uuidString.prefix(8))",
                routes: """
                    routes:
                      - {match: echo, to: echo}
                      - {match: "77", from: trunk dead, to: echo}
                      - {match: "9*", from: user, to: "trunk dead 00{1}"}
                      - {match: "*", to: user}
                    """,
                more: """
                    trunks:
                      - {name: dead, targets: "sip:\(Trunks.carrierAddress):1", keepalive: 5s, keepalive_failures: 1}
                      - name: denied
                        targets: "sip:\(Trunks.carrierAddress):\(port)"
                        username: tern
                        password: \(trunkPassword)
                        register: true
                    tokens:
                      - {algorithm: HS256, key: "\(tokenSecret)"}
                    """)
            do {
                try await body(gateway, try SIPProbe(at: gateway, address: Trunks.carrierAddress, port: port))
            } catch {
                Issue.record("\(error)\n\(gateway.log.suffix(6_000))")
            }
            await gateway.end()
        }

        /// Waits for a line of the gateway's log that has all of these.
        private static func expect(_ gateway: GatewayProcess, _ parts: String..., location: SourceLocation = #_sourceLocation) async {
            let found = await eventually(within: .patience) {
                gateway.log.split(separator: "\n").contains { line in parts.allSatisfy { line.contains($0) } }
            }
            #expect(found, "no line with \(parts)\n\(gateway.log.suffix(found ? 0 : 4_000))", sourceLocation: location)
        }

        /// The carrier challenges, whatever it gets. Returns the answers to its challenges.
        private static func deny(_ carrier: SIPProbe, _ count: Int) async throws -> [String] {
            var proofs: [String] = []
            for _ in 1...count {
                let request = try await carrier.request("REGISTER")
                proofs += responses(in: request)
                carrier.send(SIPProbe.response(
                    401, "Unauthorized", to: request, headers: "WWW-Authenticate: Digest realm=\"c\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\r\n"))
            }
            return proofs
        }

        private static func responses(in text: String) -> [String] {
            text.components(separatedBy: "response=\"").dropFirst().compactMap { $0.split(separator: "\"").first.map(String.init) }
        }

        /// Each line that docs/why-did-my-call-fail.md quotes is one that this gateway has written, but for its numbers and the fields that are left out.
        private static func checkGuide(against log: String) {
            let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            let guide = (try? String(contentsOf: root.appending(path: "docs/why-did-my-call-fail.md"), encoding: .utf8)) ?? ""
            let written = Set(log.split(separator: "\n").map { shape(String($0)) })
            let quoted = guide.split(separator: "\n").map(String.init).filter { $0.contains(#/^\d{4}-\d\d-\d\dT\S+Z /#) }
            #expect(quoted.count >= 12)
            for line in quoted { #expect(written.contains(shape(line)), "not written: \(line)") }
        }

        /// Level, label and message, and why: without numbers.
        private static func shape(_ line: String) -> String {
            let head = line.drop { $0 != " " }
            let message = head.prefix(upTo: head.firstMatch(of: #/ [a-z_]+=/#)?.range.lowerBound ?? head.endIndex)
            let reasons = head.matches(of: #/\b(?:reason|state)=(?:"(?:[^"\\]|\\.)*"|\S+)/#).map { String($0.output) }
            return "\(message) \(reasons.joined(separator: " "))".replacing(#/[0-9]+/#, with: "0")
        }

        @Test("each failure has a line that explains it, and no line has a password, a token, a proof or a key")
        func failures() async throws {
            try await FailureLog.withGateway { gateway, carrier in
                let probe = try SIPProbe(at: gateway)
                var secrets = [GatewayProcess.password, FailureLog.trunkPassword, FailureLog.wrongPassword, FailureLog.tokenSecret, FailureLog.mediaKey]

                // All SIP messages too: they have most of the secrets.
                let admin = try await APIClient.user("admin", at: gateway)
                #expect(try await admin.request("admin", "set_log", ["sip": true])["sip"]?.boolValue == true)
                await admin.leave()

                // Trunks.
                secrets += try await FailureLog.deny(carrier, 2)
                await FailureLog.expect(gateway, "trunk state=", "credentials refused: check username and password", "trunk=denied")
                await FailureLog.expect(gateway, "trunk=dead", "connection refused, or no way to the host: \(Trunks.carrierAddress):1")

                // Phones and clients that give wrong credentials.
                #expect(try await probe.register("alice", password: FailureLog.wrongPassword) == 401)
                await FailureLog.expect(gateway, "wrong credentials", "user=alice", "source=\(probe.address):\(probe.port)", "a wrong password")
                let client = try APIClient(gateway)
                _ = try? await client.request("core", "login", ["user": "alice", "password": .string(FailureLog.wrongPassword)])
                await FailureLog.expect(gateway, "a login failed", "user=alice", "wrong user or password")
                var signer = try TokenSigner()
                signer.secret = "the secret of somebody else, as long"
                let token = try signer.token(#"{"sub":"carol","exp":99999999999}"#, header: #"{"alg":"HS256","kid":"key-7"}"#)
                secrets += [token, signer.secret, String(token.split(separator: ".").last ?? "")]
                let other = try APIClient(gateway)
                _ = try? await other.request("core", "login", ["token": .string(token)])
                await FailureLog.expect(gateway, "a token was refused", "subject=carol", "key_id=key-7", "its signature is of no known key")
                let late = try APIClient(gateway)
                _ = try? await late.request("core", "resume", ["resume_token": "00000000000000000000000000000000"])
                await FailureLog.expect(gateway, "a resume found no client", " info ")
                client.socket.close()
                other.socket.close()
                late.socket.close()

                // A page from elsewhere.
                let page = try Socket(connectedTo: gateway.httpAddress, port: gateway.httpPort)
                page.write(Array("""
                    GET /api HTTP/1.1\r
                    Host: \(gateway.httpAddress):\(gateway.httpPort)\r
                    Upgrade: websocket\r
                    Connection: Upgrade\r
                    Sec-WebSocket-Version: 13\r
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                    Origin: https://portal.example\r\n\r\n
                    """.utf8))
                await FailureLog.expect(gateway, "http.allowed_origins does not have it", "origin=https://portal.example", " notice ")
                page.close()

                // Calls that are refused.
                for (dialled, status) in [("nobody", 480), ("bob", 480), ("77", 403)] {
                    let call = SIPProbe.Call(to: dialled, from: probe)
                    probe.send(call.invite(headers: "User-Agent: Snom 1\r\n"))
                    #expect(try await probe.finalStatus(of: call) == status)
                    probe.send(call.acknowledgement(of: "INVITE"))
                    await FailureLog.expect(gateway, "call ended", "caller_call_id=\(call.id)", "status=\(status)", "tern.yaml:", "user_agent=\"Snom 1\"")
                }
                await FailureLog.expect(gateway, "SIP message received", "method=INVITE", "a=sendrecv")
                await FailureLog.expect(gateway, "call ended", "reason=\"bob has no phone or browser\"", "routed_to=\"user bob\"")
                await FailureLog.expect(gateway, "call ended", "reason=\"the route 77 is for trunk dead, not for anonymous\"")
                for (status, words) in [(483, "Max-Forwards is 0"), (400, "Missing Contact Header")] {
                    let call = SIPProbe.Call(to: "echo", from: probe)
                    let invite = call.invite()
                    probe.send(status == 483 ? invite.replacingOccurrences(of: "Max-Forwards: 70", with: "Max-Forwards: 0")
                        : invite.components(separatedBy: "\r\n").filter { !$0.hasPrefix("Contact:") }.joined(separator: "\r\n"))
                    #expect(try await probe.finalStatus(of: call) == status)
                    probe.send(call.acknowledgement(of: "INVITE"))
                    await FailureLog.expect(gateway, "call ended", "caller_call_id=\(call.id)", "status=\(status)", words)
                }
                let alice = try await APIClient.user("alice", at: gateway)
                let offer: JSONValue = ["sdp": "v=0", "sdp_type": "webrtc"]
                #expect((try? await alice.request("media", "start_call", ["dest": "bob", "offer": offer])) == nil)
                await FailureLog.expect(gateway, "call ended", "from=alice", "to=bob", "reason=\"bob has no phone or browser\"", "code=")
                await alice.leave()

                // A call with SRTP to which the phone sends nothing.
                var call = SIPProbe.Call(to: "echo", from: probe)
                let sdp = SIPProbe.Call.sdp(probe.address, port: 7_000).replacingOccurrences(of: "RTP/AVP", with: "RTP/SAVP")
                    + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\(FailureLog.mediaKey)\r\n"
                probe.send(call.invite(body: sdp))
                let answer = try await probe.final(of: call)
                #expect(SIPProbe.status(of: answer) == 200)
                let own = answer.components(separatedBy: "inline:").dropFirst().first?.prefix(40)
                secrets.append(String(try #require(own)))
                call.learn(from: answer)
                probe.send(call.request("ACK", number: 1))
                await FailureLog.expect(gateway, "SIP message sent", "sip_call_id=\(call.id)", "status=200", "inline:***", " call=")
                await FailureLog.expect(gateway, "no RTP from a phone", "side=caller", "address=\(probe.address):7000", "firewall or NAT", " call=")
                probe.send(call.request("BYE", number: 2))
                #expect(try await probe.finalStatus("BYE", of: call) == 200)
                await FailureLog.expect(gateway, "call ended", "caller_call_id=\(call.id)", "result=answered", "caller_codecs=", "caller_audio=\"0 received")

                // A flood: not each INVITE has its line, and the next line says how many had none.
                func flood(_ count: Int) {
                    for _ in 1...count {
                        probe.send(SIPProbe.Call(to: "flood", from: probe).invite().replacingOccurrences(of: "Max-Forwards: 70", with: "Max-Forwards: 0"))
                    }
                }
                func ends() -> [Substring] { gateway.log.split(separator: "\n").filter { $0.contains("call ended") && $0.contains("to=flood") } }
                flood(200)
                let isBounded = await eventually(within: .patience) {
                    flood(1)
                    return ends().contains { $0.contains("omitted=") }
                }
                #expect(isBounded && ends().count < 180, "\(ends().count) lines")

                // Somebody guesses passwords.
                let guesser = try SIPProbe(at: gateway, address: Trunks.carrierAddress)
                let request = guesser.registration("alice", at: nil, id: "guess", number: 1, expires: 60, contact: nil)
                guesser.send(request)
                let challenge = try #require(await guesser.message(within: .patience) { $0.contains("Call-ID: guess\r\n") })
                let proof = try guesser.answer(
                    to: challenge, user: "alice", password: FailureLog.wrongPassword, method: "REGISTER", uri: "sip:\(guesser.registrar)")
                secrets += FailureLog.responses(in: proof)
                // After such a flood the gateway may be late, and take no REGISTER.
                for round in 1...100 where !gateway.log.contains("an address is banned") {
                    for number in 1...25 {
                        guesser.send(guesser.registration(
                            "alice", at: nil, id: "guess-\(round)-\(number)", number: 1, expires: 60, contact: nil, headers: "Authorization: \(proof)\r\n"))
                    }
                    _ = await eventually(within: .milliseconds(500)) { gateway.log.contains("an address is banned") }
                }
                await FailureLog.expect(gateway, "an address is banned", "address=\(Trunks.carrierAddress)", "until=", "20 wrong credentials over SIP", "user=alice")
                let status = try JSONValue(parsing: SmallHTTP.status(gateway.httpAddress, port: gateway.httpPort).body)
                #expect(status["bans"]?.arrayValue?.first?["address"]?.stringValue == Trunks.carrierAddress)
                #expect(try SmallHTTP.get(gateway.httpAddress, port: gateway.httpPort, path: "/status").body == #"{"status":"ok"}"#)

                await FailureLog.expect(gateway, "SIP message received", "method=REGISTER", #"response=\"***\""#)
                let log = gateway.log
                FailureLog.checkGuide(against: log)
                for secret in secrets { #expect(!secret.isEmpty && !log.contains(secret), "\(secret) is in the log") }
                #expect(secrets.count >= 10)
            }
        }

        @Test("the lines of a call have its id in SIP, in the media engine and in the calls themselves")
        func oneID() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            phone.call("echo")
            try await phone.answered()
            try await phone.hangUp()
            let begin = stage.gateway.log.split(separator: "\n").last { $0.contains("call from a phone") && $0.contains("dialled=echo") }
            let id = try #require(begin.flatMap { $0.components(separatedBy: " call=").last?.split(separator: " ").first.map(String.init) })
            for message in ["SIP event: call", "a leg of the media engine", "call answered", "session ended", "call ended"] {
                let text = message.replacingOccurrences(of: ": call", with: "")
                let found = await eventually(within: .patience) {
                    stage.gateway.log.split(separator: "\n").contains { $0.contains(": \(text) ") && $0.contains("call=\(id)") }
                }
                #expect(found, "\(text) of \(id)")
            }
        }

        @Test("an admin turns the log down, and shows one user's calls in full, while the gateway runs")
        func filter() async throws {
            try await FailureLog.withGateway { gateway, _ in
                let admin = try await APIClient.user("admin", at: gateway), alice = try await APIClient.user("alice", at: gateway)
                #expect(try await alice.refusal(of: "admin", "set_log").code == 2_005)
                let quiet = try await admin.request("admin", "set_log", ["level": "warning"])
                #expect(quiet["level"]?.stringValue == "warning" && quiet["filter"] == nil)
                let probe = try SIPProbe(at: gateway)
                let first = SIPProbe.Call(to: "nobody", from: probe)
                probe.send(first.invite())
                #expect(try await probe.finalStatus(of: first) == 480)
                probe.send(first.acknowledgement(of: "INVITE"))
                let filtered = try await admin.request("admin", "set_log", ["user": "alice", "seconds": 60])
                #expect(filtered["filter"]?["user"]?.stringValue == "alice")
                let offer: JSONValue = ["sdp": "v=0", "sdp_type": "webrtc"]
                #expect((try? await alice.request("media", "start_call", ["dest": "nobody", "offer": offer])) == nil)
                await FailureLog.expect(gateway, "call ended", "from=alice", "to=nobody")
                await FailureLog.expect(gateway, " debug ", "a client's request", "cmd=start_call", "user=alice")
                let second = SIPProbe.Call(to: "nobody", from: probe)
                probe.send(second.invite())
                #expect(try await probe.finalStatus(of: second) == 480)
                probe.send(second.acknowledgement(of: "INVITE"))
                // The same from the shell.
                let socket = gateway.log.components(separatedBy: "listening for commands socket=").last?.split(separator: "\n").first
                let shell = try await TestProcess(try Stage.running.environment.tern, ["log", "--socket", String(try #require(socket)), "--sip"])
                #expect(await shell.exit(within: .patience) == .exited(0))
                #expect(shell.output.hasPrefix("level: warning\nSIP messages: on\nfilter: user alice, for "), "\(shell.output)")
                let ended = try await admin.request("admin", "set_log", ["level": "debug", "seconds": 0])
                #expect(ended["filter"] == nil)
                for call in [first, second] { #expect(!gateway.log.contains(call.id)) }
                await admin.leave()
                await alice.leave()
            }
        }
    }
}
