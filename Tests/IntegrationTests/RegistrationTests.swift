import JSON
import Testing

/// Phones that register, and what a password is asked for.
extension IntegrationTests {
    @Suite("Phones that register")
    struct Registrations {
        @Test("a registered phone rings with the user's browsers; when it answers, they stop")
        func ringsAll() async throws {
            let stage = try Stage.running
            let (phone, caller) = (try SIPProbe(stage), try SIPProbe(stage))
            #expect(try await phone.register("bob") == 200)
            let browser = try await APIClient.user("bob", at: stage.gateway)
            var call = SIPProbe.Call(to: "bob", from: caller)
            caller.send(call.invite())
            let invitation = try await browser.serve("call_invite")
            #expect(invitation["offer"]?["sdp"]?.stringValue?.contains("ice-ufrag") == true)
            let invite = SIPText(text: try await phone.request("INVITE"))
            #expect(invite.text.hasPrefix("INVITE sip:bob@\(phone.address):\(phone.port) "))
            #expect(invite.body.contains("RTP/AVP") && !invite.body.contains("ice-ufrag"))
            let dialog = try SIPDialog(invitedBy: invite, contact: "\(phone.address):\(phone.port)")
            phone.send(dialog.response(200, "OK", to: invite, body: SIPProbe.Call.sdp(phone.address, port: 7_010)))
            let answer = try await caller.final(of: call)
            #expect(SIPProbe.status(of: answer) == 200, "\(answer)")
            call.learn(from: answer)
            caller.send(call.request("ACK", number: 1))
            let id = try #require(invitation["call_id"]?.stringValue)
            _ = try await browser.event("answered_elsewhere", of: id)
            caller.send(call.request("BYE", number: 2))
            #expect(try await caller.finalStatus("BYE", of: call) == 200)
            phone.send(SIPProbe.ok(to: try await phone.request("BYE")))
            #expect(try await phone.register("bob", expires: 0) == 200)
            await browser.leave()
        }

        @Test("a phone that registered rings after a restart of the gateway, without having done anything")
        func restart() async throws {
            let stage = try Stage.running
            let first = try await GatewayProcess(in: stage.environment, name: "restarted", registrations: "registrations.sqlite")
            let phone = try SIPProbe(at: first)
            #expect(try await phone.register("bob") == 200)
            await first.end()
            let second = try await GatewayProcess(again: first, in: stage.environment)
            let caller = try SIPProbe(at: second)
            let call = SIPProbe.Call(to: "bob", from: caller)
            caller.send(call.invite())
            let invite = SIPText(text: try await phone.request("INVITE"))
            let dialog = try SIPDialog(invitedBy: invite, contact: "\(phone.address):\(phone.port)")
            phone.send(dialog.response(486, "Busy Here", to: invite))
            #expect(try await caller.finalStatus(of: call) == 486)
            caller.send(call.acknowledgement(of: "INVITE"))
            await second.end()
        }

        @Test("two phones ring at once; the one that is late gets its CANCEL with the reason")
        func otherPhoneStops() async throws {
            let stage = try Stage.running
            let (first, second, caller) = (try SIPProbe(stage), try SIPProbe(stage), try SIPProbe(stage))
            #expect(try await first.register("bob") == 200)
            #expect(try await second.register("bob") == 200)
            var call = SIPProbe.Call(to: "bob", from: caller)
            caller.send(call.invite())
            let (one, other) = (SIPText(text: try await first.request("INVITE")), SIPText(text: try await second.request("INVITE")))
            let late = try SIPDialog(invitedBy: other, contact: "\(second.address):\(second.port)")
            second.send(late.response(180, "Ringing", to: other))
            _ = await caller.message(with: "SIP/2.0 180", of: call)
            let winner = try SIPDialog(invitedBy: one, contact: "\(first.address):\(first.port)")
            first.send(winner.response(200, "OK", to: one, body: SIPProbe.Call.sdp(first.address, port: 7_020)))
            let answer = try await caller.final(of: call)
            #expect(SIPProbe.status(of: answer) == 200)
            call.learn(from: answer)
            caller.send(call.request("ACK", number: 1))
            let cancel = try await second.request("CANCEL")
            #expect(cancel.contains("Reason: SIP;cause=200;text=\"Call completed elsewhere\""), "\(cancel)")
            second.send(SIPProbe.ok(to: cancel))
            second.send(late.response(487, "Request Terminated", to: other))
            caller.send(call.request("BYE", number: 2))
            #expect(try await caller.finalStatus("BYE", of: call) == 200)
            first.send(SIPProbe.ok(to: try await first.request("BYE")))
            #expect(try await first.register("bob", expires: 0) == 200)
            #expect(try await second.register("bob", expires: 0) == 200)
        }

        @Test("a phone behind NAT is called over the way that it registered by, which is kept open")
        func behindNAT() async throws {
            let stage = try Stage.running
            let (phone, caller) = (try SIPProbe(stage), try SIPProbe(stage))
            #expect(try await phone.register("bob", contact: "sip:bob@192.168.77.7:5060") == 200)
            let keepalive = try await phone.request("OPTIONS")
            #expect(keepalive.hasPrefix("OPTIONS sip:bob@192.168.77.7:5060 SIP/2.0"))
            phone.send(SIPProbe.ok(to: keepalive))
            let call = SIPProbe.Call(to: "bob", from: caller)
            caller.send(call.invite())
            let invite = try await phone.request("INVITE")
            #expect(invite.hasPrefix("INVITE sip:bob@192.168.77.7:5060 SIP/2.0") && !invite.contains("\r\nRoute:"))
            phone.send(SIPProbe.response(486, "Busy Here", to: invite))
            #expect(try await caller.finalStatus(of: call) == 486)
            caller.send(call.acknowledgement(of: "INVITE"))
            #expect(try await phone.register("bob", expires: 0, contact: "sip:bob@192.168.77.7:5060") == 200)
        }

        @Test("a phone that calls its own user is not rung by itself")
        func ownCall() async throws {
            let stage = try Stage.running
            let phone = try SIPProbe(stage)
            #expect(try await phone.register("alice") == 200)
            let call = try await IntegrationTests.Trunks.authenticated("alice", from: phone, at: stage.gateway)
            #expect(try await phone.finalStatus(of: call, within: .patience) == 480)
            phone.send(call.acknowledgement(of: "INVITE"))
            #expect(await phone.message(within: .zero) { $0.hasPrefix("INVITE ") } == nil)
            #expect(try await phone.register("alice", expires: 0) == 200)
        }

        @Test("a wrong password registers nobody, nor does somebody else's")
        func refused() async throws {
            let probe = try SIPProbe(try Stage.running)
            #expect(try await probe.register("bob", password: "wrong") == 401)
            #expect(try await probe.register("bob", as: "alice") == 403)
            #expect(try await probe.register("nobody", password: "any") == 401)
            #expect(try await probe.register("bob", domain: "elsewhere.example") == 404)
            let call = SIPProbe.Call(to: "bob", from: probe)
            probe.send(call.invite())
            #expect(try await probe.finalStatus(of: call) == 480)
            probe.send(call.acknowledgement(of: "INVITE"))
        }

        @Test("strangers have half of the lines at most, and leave the rest to those who are known")
        func strangersShare() async throws {
            let gateway = try await GatewayProcess(
                in: try Stage.running.environment, name: "half", routes: "routes: [{match: echo, to: echo}]", sip: ["maximum_calls: 2"])
            let probe = try SIPProbe(at: gateway)
            func end(_ call: SIPProbe.Call, _ answer: String) async throws {
                var call = call
                call.learn(from: answer)
                probe.send(call.request("ACK", number: 1))
                probe.send(call.request("BYE", number: 2))
                #expect(try await probe.finalStatus("BYE", of: call) == 200)
            }
            let first = SIPProbe.Call(to: "echo", from: probe)
            probe.send(first.invite())
            let answer = try await probe.final(of: first)
            #expect(SIPProbe.status(of: answer) == 200)
            let second = SIPProbe.Call(to: "echo", from: probe)
            probe.send(second.invite())
            // Whoever has a password may prove it.
            #expect(try await probe.finalStatus(of: second) == 401)
            probe.send(second.acknowledgement(of: "INVITE"))
            let known = try await IntegrationTests.Trunks.authenticated("echo", from: probe, at: gateway)
            let welcome = try await probe.final(of: known)
            #expect(SIPProbe.status(of: welcome) == 200)
            try await end(known, welcome)
            try await end(first, answer)
            await gateway.end()
        }

        @Test("whoever says that it is one of our users has to prove it")
        func borrowedName() async throws {
            let stage = try Stage.running
            let probe = try SIPProbe(stage)
            let call = SIPProbe.Call(to: "echo", from: probe)
            let from = "\"Alice\" <sip:alice@\(stage.gateway.address)>"
            probe.send(call.invite(from: from))
            let challenge = try await probe.final(of: call)
            #expect(SIPProbe.status(of: challenge) == 401)
            probe.send(call.acknowledgement(of: "INVITE"))
            let uri = "sip:echo@\(probe.registrar)"
            let wrong = try probe.answer(to: challenge, user: "alice", password: "wrong", method: "INVITE", uri: uri)
            let second = SIPProbe.Call(to: "echo", from: probe)
            probe.send(second.invite(headers: "Authorization: \(wrong)\r\n", from: from))
            let refusal = try await probe.final(of: second)
            #expect(SIPProbe.status(of: refusal) == 401)
            probe.send(second.acknowledgement(of: "INVITE"))
            let right = try probe.answer(
                to: refusal, user: "alice", password: GatewayProcess.password, method: "INVITE", uri: uri)
            var third = SIPProbe.Call(to: "echo", from: probe)
            probe.send(third.invite(headers: "Authorization: \(right)\r\n", from: from))
            let answer = try await probe.final(of: third)
            #expect(SIPProbe.status(of: answer) == 200)
            third.learn(from: answer)
            probe.send(third.request("ACK", number: 1))
            probe.send(third.request("BYE", number: 2))
            #expect(try await probe.finalStatus("BYE", of: third) == 200)
        }

        @Test("a strange caller with a user's name is shown with its own domain")
        func strangeNamesake() async throws {
            let stage = try Stage.running
            let (probe, browser) = (try SIPProbe(stage), try await APIClient.user("bob", at: stage.gateway))
            let call = SIPProbe.Call(to: "bob", from: probe)
            probe.send(call.invite(from: "\"Älice 🎷\" <sip:alice@elsewhere.example>"))
            let invitation = try await browser.serve("call_invite")
            #expect(invitation["caller_id"] == "alice@elsewhere.example")
            #expect(invitation["caller_name"] == "Älice 🎷")
            let id = try #require(invitation["call_id"]?.stringValue)
            try await browser.request("media", "reject_call", ["call_id": .string(id), "code": 486])
            #expect(try await probe.finalStatus(of: call) == 486)
            probe.send(call.acknowledgement(of: "INVITE"))
            await browser.leave()
        }
    }
}
