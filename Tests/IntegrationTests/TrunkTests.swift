import Foundation
import JSON
import Testing

/// Calls by trunks: a gateway of its own, and a carrier that is played by hand at another address.
extension IntegrationTests {
    @Suite("Trunks")
    struct Trunks {
        /// The other end of the namespace's wire.
        static let carrierAddress = "10.99.0.2"

        /// A gateway with a trunk, and its carrier.
        struct Line {
            let gateway: GatewayProcess
            let carrier: SIPProbe
            /// The trunk's second target.
            let reserve: SIPProbe
        }

        /// - Parameter trunk: Further keys of the trunk, a line each.
        static func withLine(trunk: [String] = [], addresses: String? = nil, _ body: (Line) async throws -> Void) async throws {
            let stage = try Stage.running
            let ports = (try FreePort.both(carrierAddress), try FreePort.both(carrierAddress))
            let more = trunk.map { "\n    \($0)" }.joined()
            let gateway = try await GatewayProcess(
                in: stage.environment, name: "trunks-\(UUID().uuidString.prefix(8))",
                routes: """
                    routes:
                      - {match: "/0900.*/", from: user, to: reject 403 Too expensive}
                      - {match: "00*", to: trunk carrier}
                      - {match: "+*", from: [user, trunk], to: trunk carrier}
                      - {match: "*", to: user}
                    """,
                more: """
                    trunks:
                      - name: carrier
                        targets: ["sip:\(carrierAddress):\(ports.0)", "sip:\(carrierAddress):\(ports.1)"]
                        from_addresses: \(addresses ?? "[\"\(carrierAddress)/32\"]")
                        keepalive: 0\(more)
                    """)
            do {
                try await body(Line(
                    gateway: gateway, carrier: try SIPProbe(at: gateway, address: carrierAddress, port: ports.0),
                    reserve: try SIPProbe(at: gateway, address: carrierAddress, port: ports.1)))
            } catch {
                Issue.record("\(error)\n\(gateway.log.suffix(6_000))")
            }
            let idle = await eventually(within: .patience) { (try? gateway.status().isWithin(.idle)) == true }
            #expect(idle, "left over: \(String(describing: try? gateway.status()))")
            await gateway.end()
        }

        /// An INVITE of a user with its password; the challenge is answered.
        static func authenticated(_ dialled: String, from probe: SIPProbe, at gateway: GatewayProcess) async throws -> SIPProbe.Call {
            let from = "<sip:alice@\(gateway.address)>"
            let first = SIPProbe.Call(to: dialled, from: probe)
            probe.send(first.invite(from: from))
            let challenge = try await probe.final(of: first)
            probe.send(first.acknowledgement(of: "INVITE"))
            let credentials = try probe.answer(
                to: challenge, user: "alice", password: GatewayProcess.password, method: "INVITE",
                uri: "sip:\(dialled)@\(probe.registrar)")
            let call = SIPProbe.Call(to: dialled, from: probe)
            probe.send(call.invite(headers: "Authorization: \(credentials)\r\n", from: from))
            return call
        }

        @Test("nobody unauthenticated reaches a trunk, whatever From, Via, Route and P-Asserted-Identity say")
        func strangers() async throws {
            try await Trunks.withLine { line in
                let probe = try SIPProbe(at: line.gateway)
                let carrier = "\(Trunks.carrierAddress):\(line.carrier.port)"
                let forged: [(from: String?, headers: String)] = [
                    (nil, ""),
                    ("<sip:alice@\(line.gateway.address)>", ""),
                    ("<sip:carrier@\(carrier)>", ""),
                    (nil, "P-Asserted-Identity: <sip:alice@\(line.gateway.address)>\r\nPrivacy: none\r\n"),
                    (nil, "Route: <sip:\(line.gateway.address):\(line.gateway.sipPort);lr>\r\n"),
                    (nil, "Via: SIP/2.0/UDP \(carrier);branch=z9hG4bKforged;received=\(Trunks.carrierAddress)\r\n"),
                    (nil, "Authorization: Digest username=\"alice\", realm=\"\(line.gateway.address)\", nonce=\"x\", uri=\"sip:x\", response=\"x\"\r\n"),
                    (nil, "Proxy-Authorization: Basic YWxpY2U6c3dvcmRmaXNoLTc=\r\n"),
                ]
                for (index, forgery) in forged.enumerated() {
                    for dialled in ["0049301", "+49301"] {
                        let call = SIPProbe.Call(to: dialled, from: probe)
                        probe.send(call.invite(headers: forgery.headers, from: forgery.from))
                        let status = try await probe.finalStatus(of: call)
                        #expect([401, 403].contains(status), "\(index) was answered \(status)")
                        probe.send(call.acknowledgement(of: "INVITE"))
                    }
                }
                // The first that the carrier hears is of a user with a password.
                let call = try await Trunks.authenticated("0049302", from: probe, at: line.gateway)
                let invite = try await line.carrier.request("INVITE")
                #expect(invite.hasPrefix("INVITE sip:0049302@\(carrier)"), "\(invite)")
                line.carrier.send(SIPProbe.response(486, "Busy Here", to: invite))
                #expect(try await probe.finalStatus(of: call) == 486)
                probe.send(call.acknowledgement(of: "INVITE"))
            }
        }

        @Test("a browser reaches a trunk by the routes alone, and not by a URI that it dials")
        func browsers() async throws {
            try await Trunks.withLine { line in
                let alice = try await APIClient.user("alice", at: line.gateway)
                let offer: JSONValue = ["sdp": .string(Parties.offer)]
                let direct = "sip:0049307@\(Trunks.carrierAddress):\(line.carrier.port)"
                let refusal = try await alice.refusal(of: "media", "start_call", ["dest": .string(direct), "offer": offer])
                #expect(refusal.code == 3009, "\(refusal)")
                let start = try await alice.request("media", "start_call", ["dest": "tel:0049-308", "offer": offer])
                let invite = try await line.carrier.request("INVITE")
                #expect(invite.hasPrefix("INVITE sip:0049308@"), "\(invite)")
                #expect(SIPText(text: invite)["from"]?.contains("sip:alice@") == true)
                line.carrier.send(SIPProbe.response(486, "Busy Here", to: invite))
                let end = try await alice.event("hangup", of: try #require(start["call_id"]?.stringValue))
                #expect(end["code"] == 486)
                await alice.leave()
            }
        }

        @Test("a call goes out by the trunk's rules, with credentials for who asks for them")
        func outbound() async throws {
            try await Trunks.withLine(trunk: [
                "username: tern", "password: carrier-secret", "trusted: true", "caller_id: \"+4930{user}\"", "from_domain: tern.example",
                "numbers: {outbound_dialled: [{match: \"/00([0-9]+)/\", to: \"+{1}\"}]}",
            ]) { line in
                let probe = try SIPProbe(at: line.gateway)
                var call = try await Trunks.authenticated("0049303", from: probe, at: line.gateway)
                let asked = try await line.carrier.request("INVITE")
                #expect(asked.hasPrefix("INVITE sip:%2B49303@") || asked.hasPrefix("INVITE sip:+49303@"), "\(asked)")
                line.carrier.send(SIPProbe.response(
                    407, "Proxy Authentication Required", to: asked,
                    headers: "Proxy-Authenticate: Digest realm=\"carrier\", nonce=\"n0\", algorithm=MD5, qop=\"auth\"\r\n"))
                _ = try await line.carrier.request("ACK")
                let invite = SIPText(text: try await line.carrier.request("INVITE"))
                let credentials = try #require(invite["proxy-authorization"])
                #expect(credentials.contains("username=\"tern\"") && credentials.contains("nonce=\"n0\"") && credentials.contains("nc=00000001"))
                #expect(invite["from"]?.contains("<sip:+4930alice@tern.example>") == true, "\(invite["from"] ?? "")")
                #expect(invite["p-asserted-identity"]?.contains("sip:+4930alice@tern.example") == true)
                let dialog = try SIPDialog(invitedBy: invite, contact: "\(Trunks.carrierAddress):\(line.carrier.port)")
                line.carrier.send(dialog.response(200, "OK", to: invite, body: SIPProbe.Call.sdp(Trunks.carrierAddress, port: 7_030)))
                let answer = try await probe.final(of: call)
                #expect(SIPProbe.status(of: answer) == 200)
                call.learn(from: answer)
                probe.send(call.request("ACK", number: 1))
                probe.send(call.request("BYE", number: 2))
                #expect(try await probe.finalStatus("BYE", of: call) == 200)
                line.carrier.send(SIPProbe.ok(to: try await line.carrier.request("BYE")))
            }
        }

        @Test("a carrier that refuses the password is asked twice at most, and three times where its nonce is another one each time", arguments: [["n", "n"], ["n1", "n2", "n3"]])
        func endlessChallenge(nonces: [String]) async throws {
            try await Trunks.withLine(trunk: ["username: tern", "password: wrong"]) { line in
                let probe = try SIPProbe(at: line.gateway)
                let call = try await Trunks.authenticated("0049304", from: probe, at: line.gateway)
                for nonce in nonces {
                    let invite = try await line.carrier.request("INVITE")
                    line.carrier.send(SIPProbe.response(
                        401, "Unauthorized", to: invite,
                        headers: "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"\(nonce)\", algorithm=MD5, qop=\"auth\"\r\n"))
                }
                #expect(try await probe.finalStatus(of: call) == 403)
                probe.send(call.acknowledgement(of: "INVITE"))
            }
        }

        @Test("a target that fails hands the call to the next one; a busy line does not")
        func failover() async throws {
            try await Trunks.withLine { line in
                let probe = try SIPProbe(at: line.gateway)
                let call = try await Trunks.authenticated("0049305", from: probe, at: line.gateway)
                line.carrier.send(SIPProbe.response(503, "Service Unavailable", to: try await line.carrier.request("INVITE")))
                let invite = try await line.reserve.request("INVITE")
                #expect(invite.hasPrefix("INVITE sip:0049305@\(Trunks.carrierAddress):\(line.reserve.port)"))
                line.reserve.send(SIPProbe.response(486, "Busy Here", to: invite))
                #expect(try await probe.finalStatus(of: call) == 486)
                probe.send(call.acknowledgement(of: "INVITE"))
                // The next call goes to the one that works; what has rung there is nobody else's any more.
                let next = try await Trunks.authenticated("0049306", from: probe, at: line.gateway)
                let second = try await line.reserve.request("INVITE")
                #expect(second.hasPrefix("INVITE sip:0049306@"))
                line.reserve.send(SIPProbe.response(180, "Ringing", to: second))
                line.reserve.send(SIPProbe.response(503, "Service Unavailable", to: second))
                #expect(try await probe.finalStatus(of: next) == 503)
                probe.send(next.acknowledgement(of: "INVITE"))
            }
        }

        @Test("a target that is silent hands the call to the next one in the trunk's time")
        func silentTarget() async throws {
            try await Trunks.withLine(trunk: ["timeout: 1s"]) { line in
                let probe = try SIPProbe(at: line.gateway)
                let call = try await Trunks.authenticated("0049306", from: probe, at: line.gateway)
                _ = try await line.carrier.request("INVITE")
                let invite = try await line.reserve.request("INVITE")
                line.reserve.send(SIPProbe.response(486, "Busy Here", to: invite))
                #expect(try await probe.finalStatus(of: call) == 486)
                probe.send(call.acknowledgement(of: "INVITE"))
                // What was left behind is cancelled once it says something.
                line.carrier.send(SIPProbe.response(486, "Busy Here", to: try await line.carrier.request("INVITE")))
            }
        }

        @Test("a trunk that is a name is found by its SRV records; when its first server is silent the second one gets the call")
        func serviceRecords() async throws {
            let stage = try Stage.running
            let ports = (try FreePort.both(Trunks.carrierAddress), try FreePort.both(Trunks.carrierAddress))
            let dnsPort = try FreePort.both("127.0.0.1")
            let dns = try await TestProcess("/usr/sbin/dnsmasq", [
                "--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--group=root",
                "--no-resolv", "--no-hosts", "--no-poll", "--local=/test/", "--listen-address=127.0.0.1", "--bind-interfaces",
                "--port=\(dnsPort)", "--srv-host=_sip._udp.carrier.test,a.carrier.test,\(ports.0),10",
                "--srv-host=_sip._udp.carrier.test,b.carrier.test,\(ports.1),20",
                "--host-record=a.carrier.test,\(Trunks.carrierAddress)", "--host-record=b.carrier.test,\(Trunks.carrierAddress)",
            ])
            _ = try await dns.line(with: "started, version", within: .patience)
            let gateway = try await GatewayProcess(
                in: stage.environment, name: "srv-\(UUID().uuidString.prefix(8))",
                routes: "routes:\n  - {match: \"00*\", to: trunk carrier}", nameServer: "127.0.0.1:\(dnsPort)",
                more: """
                    trunks:
                      - name: carrier
                        targets: ["sip:carrier.test"]
                        keepalive: 0
                        timeout: 1s
                    """)
            let second = try SIPProbe(at: gateway, address: Trunks.carrierAddress, port: ports.1)
            // The first one listens, and says nothing.
            let silent = try Socket(type: SOCK_DGRAM, address: Trunks.carrierAddress, port: ports.0)
            let probe = try SIPProbe(at: gateway)
            let call = try await Trunks.authenticated("0049309", from: probe, at: gateway)
            let invite = try await second.request("INVITE")
            #expect(invite.hasPrefix("INVITE sip:0049309@carrier.test SIP/2.0"), "\(invite)")
            second.send(SIPProbe.response(486, "Busy Here", to: invite))
            #expect(try await probe.finalStatus(of: call) == 486)
            probe.send(call.acknowledgement(of: "INVITE"))
            #expect(silent.read(within: .patience).map { String(decoding: $0, as: UTF8.self) }?.hasPrefix("INVITE ") == true)
            silent.close()
            // The INVITE to the first one is given up after 32 s only.
            await gateway.stop()
            await dns.stop()
        }

        /// What a registrar may say of our contact in its 200.
        static let bindings = [
            "Contact: <{contact}>;expires=600\r\n", "Contact: <sip:line1@198.51.100.7:1024;transport=udp;rinstance=7>;expires=\"600\"\r\n",
            "Contact: <sip:other@198.51.100.8>;expires=0, <sip:line1@198.51.100.7>;expires=600\r\n",
            "Contact: <sip:other@198.51.100.8>;expires=0, <sip:another@198.51.100.8>\r\nExpires: 600\r\n", "",
        ]

        @Test("a trunk registers with its password, whatever becomes of its contact, and unregisters at the end; its registrar's calls are its own", arguments: bindings)
        func registers(binding: String) async throws {
            var last: SIPProbe?
            try await Trunks.withLine(
                trunk: ["register: true", "username: tern", "password: secret", "contact: line1", "from_domain: tern.example"], addresses: "[]"
            ) { line in
                last = line.carrier
                let first = SIPText(text: try await line.carrier.request("REGISTER"))
                #expect(first.text.hasPrefix("REGISTER sip:\(Trunks.carrierAddress):\(line.carrier.port) SIP/2.0"))
                #expect(first["to"]?.contains("sip:tern@tern.example") == true, "\(first.text)")
                line.carrier.send(SIPProbe.response(
                    401, "Unauthorized", to: first.text,
                    headers: "WWW-Authenticate: Digest realm=\"c\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"\r\n"))
                let second = SIPText(text: try await line.carrier.request("REGISTER"))
                #expect(second["authorization"]?.contains("algorithm=SHA-256") == true, "\(second.text)")
                #expect(second["call-id"] == first["call-id"] && second.number > first.number)
                // A proxy behind it wants to know as well.
                line.carrier.send(SIPProbe.response(
                    407, "Proxy Authentication Required", to: second.text,
                    headers: "Proxy-Authenticate: Digest realm=\"p\", nonce=\"n2\", algorithm=MD5, qop=\"auth\"\r\n"))
                let third = SIPText(text: try await line.carrier.request("REGISTER"))
                #expect(third["authorization"]?.contains("realm=\"c\"") == true && third["proxy-authorization"]?.contains("realm=\"p\"") == true)
                let contact = try #require(third.contact)
                #expect(contact.hasPrefix("sip:line1@"))
                line.carrier.send(SIPProbe.response(
                    200, "OK", to: third.text, headers: binding.replacingOccurrences(of: "{contact}", with: contact)))
                let isUp = await eventually(within: .patience) {
                    (try? SmallHTTP.status(port: line.gateway.httpPort))?.1.contains("\"state\":\"up\"") == true
                }
                #expect(isUp)
                // A stranger would be asked for a password; the trunk is told that its own number leads nowhere.
                let inbound = SIPProbe.Call(to: "+4930199", from: line.carrier)
                line.carrier.send(inbound.invite())
                #expect(try await line.carrier.finalStatus(of: inbound) == 404)
                line.carrier.send(inbound.acknowledgement(of: "INVITE"))
            }
            // At the end it takes its contact away.
            let farewell = await last?.message(within: .patience) { $0.hasPrefix("REGISTER ") && $0.contains("Expires: 0") }
            #expect(farewell != nil)
        }

        @Test("a phone over TCP is not there once its connection is gone, and has no calls sent to a trunk by a Path")
        func registeredOverTCP() async throws {
            try await Trunks.withLine { line in
                let probe = try SIPProbe(at: line.gateway)
                let carrier = "\(Trunks.carrierAddress):\(line.carrier.port)"
                for path in ["", "Path: <sip:\(carrier);lr;transport=udp>\r\n"] {
                    let socket = try Socket(connectedTo: line.gateway.address, port: line.gateway.sipPort)
                    let id = UUID().uuidString
                    func register(_ number: Int, _ headers: String) -> String {
                        let text = probe.registration("bob", at: nil, id: id, number: number, expires: 600, contact: nil, headers: headers + path)
                        socket.write(Array(text.replacingOccurrences(of: "SIP/2.0/UDP", with: "SIP/2.0/TCP").utf8))
                        return String(decoding: socket.read(within: .seconds(5)) ?? [], as: UTF8.self)
                    }
                    let credentials = try probe.answer(
                        to: register(1, ""), user: "bob", password: GatewayProcess.password, method: "REGISTER", uri: "sip:\(probe.registrar)")
                    #expect(register(2, "Authorization: \(credentials)\r\n").hasPrefix("SIP/2.0 200 "))
                    if path.isEmpty { socket.close() }
                    let call = try await Trunks.authenticated("bob", from: probe, at: line.gateway)
                    let status = try await probe.finalStatus(of: call, within: .patience)
                    #expect([480, 503].contains(status), "\(status)")
                    probe.send(call.acknowledgement(of: "INVITE"))
                    let (_, body) = try SmallHTTP.status(port: line.gateway.httpPort)
                    #expect(body.contains("\"registrations\":\(path.isEmpty ? 0 : 1)"), "\(body)")
                    socket.close()
                }
                #expect(await line.carrier.message(within: .zero) { $0.hasPrefix("INVITE ") } == nil)
            }
        }

        @Test("a number is the same to the routes and to the carrier, however it is written; one that they refuse gets their words")
        func notation() async throws {
            try await Trunks.withLine { line in
                let probe = try SIPProbe(at: line.gateway)
                let call = try await Trunks.authenticated("0049-(30)310;rn=0900123;npdi", from: probe, at: line.gateway)
                let invite = try await line.carrier.request("INVITE")
                #expect(invite.hasPrefix("INVITE sip:004930310@"), "\(invite)")
                line.carrier.send(SIPProbe.response(486, "Busy Here", to: invite))
                #expect(try await probe.finalStatus(of: call) == 486)
                probe.send(call.acknowledgement(of: "INVITE"))
                let dear = try await Trunks.authenticated("0-9.00-123", from: probe, at: line.gateway)
                #expect(try await probe.final(of: dear).hasPrefix("SIP/2.0 403 Too expensive\r\n"))
                probe.send(dear.acknowledgement(of: "INVITE"))
            }
        }

        @Test("a carrier's call is for whom To names where the trunk says so; nobody is shown as one of our users by it, nor who hides")
        func habits() async throws {
            try await Trunks.withLine(trunk: ["dialled_from: to"]) { line in
                let alice = try await APIClient.user("alice", at: line.gateway)
                func forAlice(_ text: String) -> String { text.replacingOccurrences(of: "To: <sip:line1@", with: "To: <sip:alice@") }
                let cases = [
                    ("", "bob@carrier.example"), ("Privacy: id\r\n", "anonymous"),
                    ("P-Asserted-Identity: <sip:+4930999@carrier.example>\r\n", "bob@carrier.example"),
                ]
                for (headers, shown) in cases {
                    let call = SIPProbe.Call(to: "line1", from: line.carrier)
                    line.carrier.send(forAlice(call.invite(headers: headers, from: "\"Bob\" <sip:bob@carrier.example>")))
                    let invitation = try await alice.serve("call_invite")
                    #expect(invitation["caller_id"] == .string(shown), "\(invitation.text)")
                    line.carrier.send(forAlice(call.cancel()))
                    #expect(try await line.carrier.finalStatus(of: call) == 487)
                    line.carrier.send(forAlice(call.acknowledgement(of: "INVITE")))
                }
                await alice.leave()
            }
        }

        @Test("a call from the trunk's address rings the user, with the number as we write it and the identity that it asserts")
        func inbound() async throws {
            try await Trunks.withLine(trunk: [
                "trusted: true", "maximum_calls: 1",
                "numbers: {inbound_dialled: [{match: \"+4930100\", to: alice}], inbound_caller: [{match: \"/0([1-9][0-9]*)/\", to: \"+49{1}\"}]}",
            ]) { line in
                let alice = try await APIClient.user("alice", at: line.gateway)
                let call = SIPProbe.Call(to: "+4930100", from: line.carrier)
                line.carrier.send(call.invite(
                    headers: "P-Asserted-Identity: \"Bøb\" <sip:030555@carrier.example>\r\n", from: "<sip:anonymous@anonymous.invalid>"))
                let invitation = try await alice.serve("call_invite")
                #expect(invitation["caller_id"] == "+4930555" && invitation["caller_name"] == "Bøb", "\(invitation.text)")
                // One call is all that there may be.
                let second = SIPProbe.Call(to: "+4930100", from: line.carrier)
                line.carrier.send(second.invite())
                #expect(try await line.carrier.finalStatus(of: second) == 503)
                line.carrier.send(second.acknowledgement(of: "INVITE"))
                let probe = try SIPProbe(at: line.gateway)
                let outbound = try await Trunks.authenticated("0049311", from: probe, at: line.gateway)
                #expect(try await probe.finalStatus(of: outbound) == 503)
                probe.send(outbound.acknowledgement(of: "INVITE"))
                let id = try #require(invitation["call_id"]?.stringValue)
                try await alice.request("media", "reject_call", ["call_id": .string(id), "code": 486])
                #expect(try await line.carrier.finalStatus(of: call) == 486)
                line.carrier.send(call.acknowledgement(of: "INVITE"))
                let third = SIPProbe.Call(to: "+4930100", from: line.carrier)
                line.carrier.send(third.invite(headers: "Privacy: id\r\nP-Asserted-Identity: <sip:030556@carrier.example>\r\n"))
                #expect(try await alice.serve("call_invite")["caller_id"] == "anonymous")
                line.carrier.send(third.cancel())
                #expect(try await line.carrier.finalStatus(of: third) == 487)
                line.carrier.send(third.acknowledgement(of: "INVITE"))
                await alice.leave()
            }
        }

        @Test("two calls of the trunk that a user connects with each other take two places until they end")
        func connected() async throws {
            try await Trunks.withLine { line in
                let alice = try await APIClient.user("alice", at: line.gateway)
                var calls: [SIPProbe.Call] = [], ids: [JSONValue] = []
                for _ in 1...2 {
                    var call = SIPProbe.Call(to: "alice", from: line.carrier)
                    line.carrier.send(call.invite())
                    let invite = try await alice.serve("call_invite")
                    let id = try #require(invite["call_id"])
                    let answer = Parties.offer.replacing("a=setup:actpass", with: "a=setup:active")
                    try await alice.request("media", "answer_call", ["call_id": id, "answer": ["sdp": .string(answer)]])
                    call.learn(from: try await line.carrier.final(of: call))
                    line.carrier.send(call.request("ACK", number: 1))
                    calls.append(call)
                    ids.append(id)
                }
                #expect(try line.gateway.status().trunkCalls == 2)
                try await alice.request("media", "transfer_call", ["call_id": ids[0], "other_call_id": ids[1]])
                for _ in 1...2 {
                    let invite = try await line.carrier.request("INVITE")
                    let body = SIPProbe.Call.sdp(Trunks.carrierAddress).replacing("o=probe 1 1", with: "o=probe 1 2")
                    line.carrier.send(SIPProbe.response(200, "OK", to: invite, headers: "Contact: <sip:carrier@\(Trunks.carrierAddress):\(line.carrier.port)>\r\nContent-Type: application/sdp\r\n")
                        .replacing("Content-Length: 0\r\n\r\n", with: "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"))
                    _ = try await line.carrier.request("ACK")
                }
                _ = try await alice.event("hangup", of: ids[1].stringValue)
                #expect(try line.gateway.status().trunkCalls == 2)
                line.carrier.send(calls[0].request("BYE", number: 2))
                #expect(try await line.carrier.finalStatus("BYE", of: calls[0]) == 200)
                line.carrier.send(SIPProbe.ok(to: try await line.carrier.request("BYE")))
                await alice.leave()
            }
        }

        @Test("a stranger cannot have whom it talks to call the trunk, whatever Referred-By says")
        func referred() async throws {
            try await Trunks.withLine { line in
                let alice = try await APIClient.user("alice", at: line.gateway), stranger = try SIPPhone(at: line.gateway)
                stranger.call("alice")
                let invite = try await alice.serve("call_invite")
                let answer = Parties.offer.replacing("a=setup:actpass", with: "a=setup:active")
                try await alice.request(
                    "media", "answer_call", ["call_id": try #require(invite["call_id"]), "answer": ["sdp": .string(answer)]])
                try await stranger.answered()
                let carrier = "\(Trunks.carrierAddress):\(line.carrier.port)"
                for (target, status) in [("0049301", 403), ("<tel:+49301>", 403), ("<sip:0049301@\(carrier)>", 403)] {
                    #expect(try await stranger.refer(to: target, headers: "Referred-By: <sip:alice@\(line.gateway.address)>\r\n") == 202)
                    #expect(try await stranger.notified() == "SIP/2.0 100 Trying")
                    #expect(try await stranger.notified().hasPrefix("SIP/2.0 \(status) "), "\(target)")
                }
                #expect(await line.carrier.message(within: .milliseconds(200)) { $0.hasPrefix("INVITE ") } == nil)
                try await stranger.hangUp()
                await alice.leave()
                stranger.stop()
            }
        }
    }
}
