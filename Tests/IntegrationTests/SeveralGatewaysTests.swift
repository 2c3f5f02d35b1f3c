import Cryptography
import Foundation
import JSON
import SDP
import TestRedis
import Testing

/// Gateways that know each other by a Redis: a call that arrives anywhere reaches whoever is registered or logged in elsewhere.
extension IntegrationTests {
    @Suite("Several gateways")
    struct SeveralGateways {
        @Test("a call reaches a phone at another gateway: early media, DTMF, hold from both sides, and the end; the caller is shown as it is")
        func phone() async throws {
            try await ClusterStage.with { cluster in
                let caller = try SIPPhone(at: cluster.a, frequency: 500), called = try SIPPhone(at: cluster.b, frequency: 700)
                (caller.media.hasKeys, called.media.hasKeys) = (true, true)
                try await called.probe.register("bob")
                try await cluster.has("b", "bindings", 1)
                caller.call("bob", visitor: "+49301234")
                try await called.called()
                #expect(called.invite?.text.contains("sip:+49301234@") == true, "\(called.invite?.text ?? "")")
                #expect(called.invite?.text.contains("Tern-Node") == false)
                try called.ring(early: true)
                try caller.speak(to: try await caller.provisional(183))
                #expect(await caller.audio.hears(700))
                try await called.accept()
                try await caller.answered()
                #expect(await caller.audio.hears(700))
                #expect(await called.audio.hears(500))
                called.audio.press(5)
                #expect(await eventually(within: .patience) { caller.audio.keys == "5" }, "\(caller.audio.keys)")
                for (one, other) in [(caller, called), (called, caller)] {
                    one.media.direction = .sendonly
                    async let answer = one.offers()
                    #expect(try await other.offered().audioDirection == .sendonly)
                    other.media.direction = .recvonly
                    try await other.accept()
                    #expect(try await answer.audioDirection == .recvonly)
                    one.media.direction = .sendrecv
                    async let again = one.offers()
                    try await other.offered()
                    other.media.direction = .sendrecv
                    try await other.accept()
                    #expect(try await again.audioDirection == .sendrecv)
                }
                #expect(await caller.audio.hears(700))
                #expect(await called.audio.hears(500))
                try await caller.hangUp()
                try await called.hungUp()
                try await called.probe.register("bob", expires: 0)
                for phone in [caller, called] { phone.stop() }
                #expect(cluster.b.log.contains("call from another node"))
            }
        }

        @Test("a browser at another gateway rings, answers and is heard; and a browser calls a phone at another gateway")
        func browsers() async throws {
            try await ClusterStage.with { cluster in
                let caller = try SIPPhone(at: cluster.a, frequency: 500)
                try await cluster.page(of: cluster.b).with("bob") { page in
                    try await cluster.has("b", "browsers", 1)
                    caller.call("bob")
                    try await page.answer()
                    try await caller.answered()
                    #expect(try await page.missing(500, in: Page.remote) == nil)
                    #expect(await caller.audio.hears(Chromium.frequency))
                    try await page.click("hangup-button")
                    try await caller.hungUp()
                    try await page.wait(for: "ready")
                }
                try await cluster.has("b", "browsers", 0)
                try await caller.probe.register("bob")
                try await cluster.has("a", "bindings", 1)
                try await cluster.page(of: cluster.b).with("alice") { page in
                    try await page.dial("bob")
                    try await caller.called()
                    #expect(caller.invite?.text.contains("\"Alice\" <sip:alice@") == true, "\(caller.invite?.text ?? "")")
                    try await caller.accept()
                    try await page.wait(for: "in-call")
                    #expect(try await page.missing(500, in: Page.remote) == nil)
                    #expect(await caller.audio.hears(Chromium.frequency))
                    try await caller.hangUp()
                    _ = try await page.endOfCall()
                }
                try await caller.probe.register("bob", expires: 0)
                caller.stop()
            }
        }

        @Test("all that a user has rings, here and there; who answers has the call, the others stop")
        func rings() async throws {
            try await ClusterStage.with { cluster in
                let caller = try SIPPhone(at: cluster.a, frequency: 500)
                let here = try SIPPhone(at: cluster.a, frequency: 700), there = try SIPPhone(at: cluster.b, frequency: 900)
                let browser = try await APIClient.user("bob", at: cluster.b)
                try await here.probe.register("bob")
                try await there.probe.register("bob")
                try await cluster.has("b", "bindings", 1)
                try await cluster.has("b", "browsers", 1)
                for answers in [here, there] {
                    caller.call("bob")
                    let invitation = try await browser.serve("call_invite")
                    // Who has said nothing gets no CANCEL (RFC 3261 section 9.1).
                    for phone in [here, there] {
                        try await phone.called()
                        try phone.ring()
                    }
                    _ = try await caller.provisional(180)
                    try await answers.accept()
                    try await caller.answered()
                    #expect(await caller.audio.hears(answers === here ? 700 : 900))
                    let late = answers === here ? there : here
                    let cancel = try await late.probe.request("CANCEL")
                    #expect(cancel.contains("Reason: SIP;cause=200"), "\(cancel)")
                    late.probe.send(SIPProbe.ok(to: cancel))
                    try await late.refuse(487)
                    _ = try await browser.event("answered_elsewhere", of: try #require(invitation["call_id"]?.stringValue))
                    try await caller.hangUp()
                    try await answers.hungUp()
                }
                // The caller gives up.
                caller.call("bob")
                let invitation = try await browser.serve("call_invite")
                for phone in [here, there] {
                    try await phone.called()
                    try phone.ring()
                }
                _ = try await caller.provisional(180)
                caller.send { $0.cancellation() }
                for phone in [here, there] {
                    phone.probe.send(SIPProbe.ok(to: try await phone.probe.request("CANCEL")))
                    try await phone.refuse(487)
                }
                let end = try await caller.final("INVITE", within: .patience)
                #expect(end.status == 487)
                caller.send { $0.acknowledgement(of: end) }
                _ = try await browser.event("hangup", of: try #require(invitation["call_id"]?.stringValue))
                for phone in [here, there] { try await phone.probe.register("bob", expires: 0) }
                await browser.leave()
                for phone in [caller, here, there] { phone.stop() }
            }
        }

        @Test("a phone that moves to another gateway rings once, and one that forwards its calls there does so from anywhere")
        func moves() async throws {
            try await ClusterStage.with { cluster in
                let caller = try SIPPhone(at: cluster.a, frequency: 500), phone = try SIPProbe(at: cluster.a)
                let contact = "sip:bob@\(phone.authority)"
                #expect(try await phone.register("bob", contact: contact) == 200)
                try await cluster.has("a", "bindings", 1)
                let other = try SIPPhone(at: cluster.b, frequency: 700)
                #expect(try await other.probe.register("bob", contact: contact) == 200)
                try await cluster.has("b", "bindings", 1)
                try await cluster.has("a", "bindings", 0)
                let target = try SIPPhone(at: cluster.b, frequency: 900)
                #expect(try await target.probe.register("alice") == 200)
                try await cluster.has("b", "bindings", 2)
                caller.call("bob")
                // Over the way that it registered by last, and no second time.
                try await other.redirects(to: "alice")
                try await target.called()
                #expect(target.invite?.text.contains("Diversion: ") == true, "\(target.invite?.text ?? "")")
                try await target.accept()
                try await caller.answered()
                #expect(await caller.audio.hears(900))
                #expect(await phone.message(within: .milliseconds(100)) { $0.hasPrefix("INVITE ") } == nil)
                try await caller.hangUp()
                try await target.hungUp()
                try await other.probe.register("bob", expires: 0, contact: contact)
                try await target.probe.register("alice", expires: 0)
                for phone in [caller, other, target] { phone.stop() }
            }
        }

        @Test("Redis is gone for a while: calls within a gateway and to the others go on, phones register; what was missed is known when it is back")
        func withoutRedis() async throws {
            try await ClusterStage.with { cluster in
                let caller = try SIPPhone(at: cluster.a, frequency: 500), called = try SIPPhone(at: cluster.b, frequency: 700)
                let own = try SIPPhone(at: cluster.a, frequency: 900)
                try await called.probe.register("bob")
                try await cluster.has("b", "bindings", 1)
                cluster.redis.stop()
                let isSaid = await eventually(within: .patience) { cluster.a.log.contains("the cluster is not reached") && cluster.b.log.contains("the cluster is not reached") }
                #expect(isSaid)
                try await own.probe.register("alice")
                for (name, phone) in [("bob", called), ("alice", own)] {
                    caller.call(name)
                    try await phone.called()
                    try await phone.accept()
                    try await caller.answered()
                    #expect(await caller.audio.hears(phone === called ? 700 : 900))
                    try await caller.hangUp()
                    try await phone.hungUp()
                }
                try cluster.redis.start()
                try await cluster.knows(cluster.a, others: 1, within: .seconds(30))
                try await cluster.knows(cluster.b, others: 1, within: .seconds(30))
                try await cluster.has("a", "bindings", 1)
                let other = try SIPPhone(at: cluster.b, frequency: 440)
                other.call("alice")
                try await own.called()
                try await own.accept()
                try await other.answered()
                try await other.hangUp()
                try await own.hungUp()
                try await called.probe.register("bob", expires: 0)
                try await own.probe.register("alice", expires: 0)
                for phone in [caller, called, own, other] { phone.stop() }
            }
        }

        @Test("the master of Redis dies, and sentinels name another: calls go on meanwhile and afterwards, and what registers is known everywhere; metrics say how it is")
        func sentinels() async throws {
            let group = try await Task.detached { try RedisSentinels() }.value
            try await ClusterStage.with(sentinels: group) { cluster in
                let caller = try SIPPhone(at: cluster.a, frequency: 500), called = try SIPPhone(at: cluster.b, frequency: 700)
                let later = try SIPPhone(at: cluster.b, frequency: 900)
                func calls(_ user: String, _ phone: SIPPhone, _ frequency: Double) async throws {
                    caller.call(user)
                    try await phone.called()
                    try await phone.accept()
                    try await caller.answered()
                    #expect(await caller.audio.hears(frequency))
                }
                func metric(_ name: String) -> Double? { try? cluster.a.metric(name) }
                try await called.probe.register("bob")
                try await cluster.has("b", "bindings", 1)
                #expect(await eventually(within: .patience) { metric(#"tern_cluster_entries{of="phones"}"#) == 1 })
                #expect(metric("tern_cluster_up") == 1 && metric(#"tern_cluster_nodes{state="up"}"#) == 1 && metric("tern_cluster_loads_total") == 1)
                #expect((metric(#"tern_cluster_age_seconds{of="write"}"#) ?? .infinity) < 10 && (metric(#"tern_cluster_age_seconds{of="read"}"#) ?? .infinity) < 5)
                try await calls("bob", called, 700)
                group.servers[0].stop()
                try await later.probe.register("alice")
                #expect(await caller.audio.hears(700))
                try await caller.hangUp()
                try await called.hungUp()
                try await calls("bob", called, 700)
                try await caller.hangUp()
                try await called.hungUp()
                let port = group.servers[1].port
                let status = try await LongOutput(
                    cluster.stage.environment.tern, ["status", "--socket", cluster.a.controlSocket], in: cluster.stage.environment.directory)
                #expect(status.text.contains("this is a; Redis at ") && status.text.contains("b at "), "\(status.text)")
                for gateway in cluster.gateways {
                    #expect(await eventually(within: .seconds(60)) { (try? cluster.view(of: gateway))?["server"]?.stringValue?.hasSuffix(":\(port)") == true })
                    try await cluster.knows(gateway, others: 1, within: .seconds(30))
                }
                #expect(await eventually(within: .patience) { metric(#"tern_cluster_entries{of="phones"}"#) == 2 && metric("tern_cluster_up") == 1 })
                #expect((metric(#"tern_cluster_errors_total{of="read"}"#) ?? 0) > 0 && (metric("tern_cluster_loads_total") ?? 0) > 1)
                try await calls("alice", later, 900)
                try await caller.hangUp()
                try await later.hungUp()
                try await called.probe.register("bob", expires: 0)
                try await later.probe.register("alice", expires: 0)
                for phone in [caller, called, later] { phone.stop() }
            }
        }

        @Test("a phone that has registered at two gateways rings once, where it registered last; when that one is gone it rings by the other")
        func flows() async throws {
            try await ClusterStage.with(["a", "b", "c"]) { cluster in
                let caller = try SIPPhone(at: cluster.a, frequency: 500)
                let early = try SIPPhone(at: cluster.b, frequency: 700), late = try SIPPhone(at: cluster.gateways[2], frequency: 900)
                let other = try SIPPhone(at: cluster.b, frequency: 600)
                for (number, phone) in [early, late].enumerated() {
                    try await phone.probe.register("bob", parameters: ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\";reg-id=\(number + 1)")
                }
                try await other.probe.register("bob")
                try await cluster.has("b", "bindings", 2)
                try await cluster.has("c", "bindings", 1)
                #expect(try await eventually(within: .patience) { try cluster.a.metric(#"tern_cluster_entries{of="phones"}"#) == 3 })
                caller.call("bob")
                try await late.called()
                try await other.called()
                try late.ring()
                try other.ring()
                #expect(await early.probe.message(within: .milliseconds(200)) { $0.hasPrefix("INVITE ") } == nil)
                try await late.accept()
                try await caller.answered()
                other.probe.send(SIPProbe.ok(to: try await other.probe.request("CANCEL")))
                try await other.refuse(487)
                try await caller.hangUp()
                try await late.hungUp()
                await cluster.gateways[2].kill()
                try await cluster.knows(cluster.a, others: 1)
                caller.call("bob")
                try await early.called()
                try await other.called()
                try other.ring()
                try await early.accept()
                try await caller.answered()
                other.probe.send(SIPProbe.ok(to: try await other.probe.request("CANCEL")))
                try await other.refuse(487)
                try await caller.hangUp()
                try await early.hungUp()
                for phone in [caller, early, late, other] { phone.stop() }
            }
        }

        @Test("who is no node is none, whatever it sends; a node's call is handed on no further")
        func strangers() async throws {
            try await ClusterStage.with { cluster in
                let there = try SIPPhone(at: cluster.b, frequency: 700), probe = try SIPProbe(at: cluster.a)
                try await there.probe.register("bob")
                try await cluster.has("b", "bindings", 1)
                // A stranger who claims to be alice is asked for her password.
                let forged = "Authorization: Tern-Node from=\"b\", to=\"a\", user=\"bob\", source=\"user:alice\", time=\"\(Int(Date().timeIntervalSince1970))\", nonce=\"1\", except=\"\", code=\"00\"\r\n"
                    + "P-Asserted-Identity: <sip:alice@\(cluster.a.address)>\r\n"
                let call = SIPProbe.Call(to: "bob", from: probe)
                probe.send(call.invite(headers: forged, from: "<sip:alice@\(cluster.a.address)>"))
                #expect(try await probe.finalStatus(of: call) == 401)
                probe.send(call.acknowledgement(of: "INVITE"))
                #expect(cluster.a.log.contains("wrong credentials of a node"))
                // What a real node says rings what is here alone.
                let credentials = try nodeCredentials(from: "b", to: "a", user: "bob")
                let handed = SIPProbe.Call(to: "bob", from: probe)
                probe.send(handed.invite(headers: "Authorization: \(credentials)\r\n"))
                #expect(try await probe.finalStatus(of: handed) == 480)
                probe.send(handed.acknowledgement(of: "INVITE"))
                // And is good once.
                let again = SIPProbe.Call(to: "bob", from: probe)
                probe.send(again.invite(headers: "Authorization: \(credentials)\r\n"))
                try await there.called()
                try await there.refuse(486)
                #expect(try await probe.finalStatus(of: again) == 486)
                probe.send(again.acknowledgement(of: "INVITE"))
                try await there.probe.register("bob", expires: 0)
                there.stop()
            }
        }

        /// As a node makes them.
        private func nodeCredentials(from: String, to: String, user: String) throws -> String {
            let time = "\(Int(Date().timeIntervalSince1970))", nonce = UUID().uuidString, source = "anonymous"
            let text = ["tern-node-2", from, to, user, source, time, nonce, ""].joined(separator: "\n")
            let code = HashFunction.sha256.authenticationCode(of: Array(text.utf8), key: Array(GatewayProcess.clusterSecret.utf8)).map {
                String(UInt16($0) + 256, radix: 16).dropFirst()
            }.joined()
            return "Tern-Node from=\"\(from)\", to=\"\(to)\", user=\"\(user)\", source=\"\(source)\", time=\"\(time)\", nonce=\"\(nonce)\", except=\"\", code=\"\(code)\""
        }

        @Test("a gateway is killed: its calls are lost and no others; it comes back with its phones")
        func killed() async throws {
            try await ClusterStage.with { cluster in
                let caller = try SIPPhone(at: cluster.a, frequency: 500), called = try SIPPhone(at: cluster.b, frequency: 700)
                try await called.probe.register("bob")
                try await cluster.has("b", "bindings", 1)
                caller.call("bob")
                try await called.called()
                try await called.accept()
                try await caller.answered()
                let other = try SIPPhone(at: cluster.a, frequency: 440)
                other.call("echo")
                try await other.answered()
                await cluster.b.kill()
                try await cluster.knows(cluster.a, others: 0)
                #expect(await other.audio.hears(440))
                try await other.hangUp()
                other.call("bob")
                let response = try await other.final("INVITE", within: .patience)
                #expect(response.status == 480)
                other.send { $0.acknowledgement(of: response) }
                let again = try await GatewayProcess(again: cluster.b, in: cluster.stage.environment)
                try await cluster.knows(cluster.a, others: 1)
                other.call("bob")
                try await called.called()
                try await called.accept()
                try await other.answered()
                try await other.hangUp()
                try await called.hungUp()
                try await called.probe.register("bob", expires: 0)
                try? await caller.hangUp()
                for phone in [caller, called, other] { phone.stop() }
                await again.end()
            }
        }

        @Test("the gateway of a page is killed in a call: the page goes on with the phone at another gateway, whoever had called", arguments: [true, false])
        func recovers(phoneCalls: Bool) async throws {
            let server = try await ForeignServer.start(), origin = "http://127.0.0.1:\(await server.port)"
            try await ClusterStage.with(http: ["allowed_origins: [\(origin)]"]) { cluster in
                let phone = try SIPPhone(at: cluster.a, frequency: 500)
                phone.knowsReplaces = true
                let page = try await SeveralGateways.pageOfAlice(at: [cluster.a, cluster.b], of: origin, cluster)
                if phoneCalls {
                    phone.call("alice")
                    try await phone.answered()
                } else {
                    try await phone.probe.register("bob")
                    _ = try await page.run("follow(await alice.call('bob', { stream })); return call.callId")
                    try await phone.called()
                    try await phone.accept()
                }
                #expect(await phone.audio.hears(1_600))
                #expect(try await page.missing(500, in: "call.remoteStream") == nil)
                _ = try await page.run("window.told = []; for (const type of ['recovering', 'recovered', 'ended', 'hold']) call.on(type, () => told.push(type))")
                let former = try #require(phone.dialog?.replaces), id = try await page.run("return call.callId")
                phone.probe.move(to: cluster.b)
                await cluster.a.kill()
                try await phone.called()
                #expect(phone.invite?["replaces"] == SeveralGateways.turned(former) && phone.invite?["require"] == "replaces", "\(phone.invite?.text ?? "")")
                #expect(phone.invite?["from"]?.contains("sip:alice@") == true)
                try await phone.accept()
                #expect(await phone.audio.hears(1_600))
                #expect(try await page.missing(500, in: "call.remoteStream") == nil)
                #expect(try await page.run("return [call.state, told, call.callId !== args[0], alice.sessions.length]", id) == ["active", ["recovering", "recovered"], true, 1])
                #expect(cluster.b.log.contains("call in the place of a node that is gone"))
                // Once more: what it was given at the second gateway is for that.
                let again = try await GatewayProcess(again: cluster.a, in: cluster.stage.environment)
                try await cluster.knows(cluster.b, others: 1)
                phone.probe.move(to: again)
                await cluster.b.kill()
                try await phone.called()
                try await phone.accept()
                #expect(await phone.audio.hears(1_600))
                #expect(try await page.missing(500, in: "call.remoteStream") == nil)
                async let end: Void = phone.hungUp()
                _ = try await page.run("await call.hangup()")
                try await end
                try await page.close()
                phone.stop()
                await again.end()
            }
            await server.stop()
        }

        @Test("a phone that does not know Replaces is not called again: the page's call ends with its gateway")
        func cannotRecover() async throws {
            let server = try await ForeignServer.start(), origin = "http://127.0.0.1:\(await server.port)"
            try await ClusterStage.with(http: ["allowed_origins: [\(origin)]"]) { cluster in
                let phone = try SIPPhone(at: cluster.a, frequency: 500)
                let page = try await SeveralGateways.pageOfAlice(at: [cluster.a, cluster.b], of: origin, cluster)
                phone.call("alice")
                try await phone.answered()
                _ = try await page.run("window.ended = new Promise(resolve => call.on('ended', resolve))")
                await cluster.a.kill()
                let end = try await page.run("const { code, reason } = await ended; return [code, reason]")
                #expect(end == ["connection", "the gateway that had it is gone"])
                #expect(await !phone.wasOfferedAgain())
                try await page.close()
                phone.stop()
            }
            await server.stop()
        }

        @Test("the gateway of a page that calls a phone of another gateway is killed: that one goes on with the phone, and a third one does", arguments: [1, 2])
        func recoversAcross(next: Int) async throws {
            let server = try await ForeignServer.start(), origin = "http://127.0.0.1:\(await server.port)"
            try await ClusterStage.with(["a", "b", "c"], http: ["allowed_origins: [\(origin)]"]) { cluster in
                let phone = try SIPPhone(at: cluster.b, frequency: 500)
                try await phone.probe.register("bob")
                try await cluster.has("b", "bindings", 1)
                let page = try await SeveralGateways.pageOfAlice(at: [cluster.a, cluster.gateways[next]], of: origin, cluster)
                _ = try await page.run("follow(await alice.call('bob', { stream })); return call.callId")
                try await phone.called()
                try await phone.accept()
                #expect(await phone.audio.hears(1_600))
                await cluster.a.kill()
                try await phone.offered()
                if let invite = phone.invite { try phone.speak(to: invite) }
                try await phone.accept()
                #expect(await phone.audio.hears(1_600))
                #expect(try await page.missing(500, in: "call.remoteStream") == nil)
                async let end: Void = phone.hungUp()
                _ = try await page.run("await call.hangup()")
                try await end
                try await page.close()
                phone.stop()
            }
            await server.stop()
        }

        @Test("a call that the page holds is held at the next gateway as well, until it is resumed")
        func recoversHeld() async throws {
            let server = try await ForeignServer.start(), origin = "http://127.0.0.1:\(await server.port)"
            try await ClusterStage.with(http: ["allowed_origins: [\(origin)]"]) { cluster in
                let phone = try SIPPhone(at: cluster.a, frequency: 500)
                phone.knowsReplaces = true
                let page = try await SeveralGateways.pageOfAlice(at: [cluster.a, cluster.b], of: origin, cluster)
                phone.call("alice")
                try await phone.answered()
                func change(_ body: String, to offered: Direction, answer: Direction) async throws {
                    async let done = page.run(body)
                    #expect(try await phone.offered().audioDirection == offered)
                    phone.media.direction = answer
                    try await phone.accept()
                    _ = try await done
                }
                try await change("await call.hold()", to: .sendonly, answer: .recvonly)
                phone.probe.move(to: cluster.b)
                await cluster.a.kill()
                try await phone.called()
                phone.media.direction = .sendrecv
                try await phone.accept()
                try await change("while (call.recovering) await new Promise(resolve => setTimeout(resolve, 20))", to: .sendonly, answer: .recvonly)
                #expect(try await page.run("return [call.holding, stream.getAudioTracks()[0].enabled]") == [true, false])
                try await change("await call.resume()", to: .sendrecv, answer: .sendrecv)
                #expect(await phone.audio.hears(1_600))
                #expect(try await page.run("return [call.holding, stream.getAudioTracks()[0].enabled]") == [false, true])
                async let end: Void = phone.hungUp()
                _ = try await page.run("await call.hangup()")
                try await end
                try await page.close()
                phone.stop()
            }
            await server.stop()
        }

        /// A Replaces with the tags as the other side has them.
        private static func turned(_ replaces: String) -> String {
            let parts = replaces.components(separatedBy: ";"), tags = parts.dropFirst().map { $0.components(separatedBy: "=").last ?? "" }
            return "\(parts[0]);to-tag=\(tags.last ?? "");from-tag=\(tags.first ?? "")"
        }

        /// A page of an application's, where alice is logged in at the first of the gateways, and takes calls as `call`; she says a tone of 1,600 Hz.
        static func pageOfAlice(at gateways: [GatewayProcess], of origin: String, _ cluster: ClusterStage) async throws -> Page {
            let urls = gateways.map { JSONValue.string("ws://\($0.httpAddress):\($0.httpPort)/api") }, library = gateways[0].page + "tern.js"
            // Chromium has failed to fetch the module, in one of nine runs, and nobody knows why; a page does not ask again for a module that it has failed to get.
            var page = try await cluster.stage.chromium.open(origin + "/")
            for _ in 0..<2 {
                guard try await page.run("return import(args[0]).then(() => null, error => `${error}`)", .string(library)) != .null else { break }
                try await page.close()
                page = try await cluster.stage.chromium.open(origin + "/")
            }
            _ = try await page.run(SeveralGateways.beginCalls, .string(library), .array(urls), .string(GatewayProcess.password))
            return page
        }

        private static let beginCalls = """
            const { TernClient } = await import(args[0]);
            const alice = new TernClient({ url: args[1] });
            const context = new AudioContext(), tone = new OscillatorNode(context, { frequency: 1600 });
            const { stream } = tone.connect(new MediaStreamAudioDestinationNode(context));
            tone.start();
            Object.assign(window, { alice, stream, tone });
            // Chromium gives what comes to nobody unless something plays it.
            window.follow = call => {
              const player = new Audio();
              const play = () => { player.srcObject = call.remoteStream; player.play(); };
              call.on('stream', play);
              Object.assign(window, { call, player });
              return call;
            };
            alice.on('incoming', call => follow(call).answer({ stream }));
            await alice.login('alice', args[2]);
            """

        @Test("a gateway that drains is called no longer by the others")
        func drains() async throws {
            try await ClusterStage.with { cluster in
                let caller = try SIPPhone(at: cluster.a, frequency: 500), called = try SIPPhone(at: cluster.b, frequency: 700)
                try await called.probe.register("bob")
                try await cluster.has("b", "bindings", 1)
                let admin = try await APIClient.user("admin", at: cluster.b)
                _ = try await admin.request("admin", "drain", ["on": true])
                try await cluster.knows(cluster.a, others: 0)
                caller.call("bob")
                let response = try await caller.final("INVITE", within: .patience)
                #expect(response.status == 480)
                caller.send { $0.acknowledgement(of: response) }
                _ = try await admin.request("admin", "drain", ["on": false])
                try await cluster.knows(cluster.a, others: 1)
                caller.call("bob")
                try await called.called()
                try await called.refuse(486)
                let busy = try await caller.final("INVITE", within: .patience)
                #expect(busy.status == 486)
                caller.send { $0.acknowledgement(of: busy) }
                try await called.probe.register("bob", expires: 0)
                await admin.leave()
                for phone in [caller, called] { phone.stop() }
            }
        }

        @Test("a page that knows several gateways leaves one that drains when its last session has ended, is called at the next one, and begins at none that drains")
        func pageLeaves() async throws {
            let server = try await ForeignServer.start(), origin = "http://127.0.0.1:\(await server.port)"
            try await ClusterStage.with(http: ["allowed_origins: [\(origin)]"]) { cluster in
                let admin = try await APIClient.user("admin", at: cluster.a)
                let page = try await cluster.stage.chromium.open(origin + "/")
                let urls = [cluster.a, cluster.b].map { JSONValue.string("ws://\($0.httpAddress):\($0.httpPort)/api") }
                let begun = try await page.run(SeveralGateways.begin, .string(cluster.a.page + "tern.js"), .array(urls), .string(GatewayProcess.password))
                #expect(begun == false)
                #expect(await eventually(within: .patience) { (try? cluster.redis.command("HEXISTS", "tern:browsers:a", "bob")) == "1" })
                _ = try await admin.request("admin", "drain", ["on": true])
                // Its session goes on.
                #expect(try await page.run("while (!bob.isDraining) await new Promise(resolve => setTimeout(resolve, 20)); return bob.sessions.length") == 1)
                try await cluster.knows(cluster.b, others: 0)
                #expect(try cluster.redis.command("HEXISTS", "tern:browsers:a", "bob") == "1")
                _ = try await page.run("await echo.stop()")
                try await cluster.has("b", "browsers", 1)
                #expect(await eventually(within: .patience) { (try? cluster.redis.command("HEXISTS", "tern:browsers:a", "bob")) == "0" })
                let caller = try SIPPhone(at: cluster.b, frequency: 500)
                caller.call("bob")
                let response = try await caller.final("INVITE", within: .patience)
                #expect(response.status == 486)
                caller.send { $0.acknowledgement(of: response) }
                #expect(try await page.run("await alice.login('alice', args[0]); return [bob.isDraining, alice.isDraining]", .string(GatewayProcess.password)) == [false, false])
                try await cluster.has("b", "browsers", 2)
                _ = try await page.run("await Promise.all([bob.logout(), alice.logout()])")
                try await cluster.has("b", "browsers", 0)
                _ = try await admin.request("admin", "drain", ["on": false])
                try await page.close()
                await admin.leave()
                caller.stop()
            }
            await server.stop()
        }

        /// bob logs in at the first of the gateways, has a session, and is busy for whoever calls.
        private static let begin = """
            const { TernClient } = await import(args[0]);
            const [bob, alice] = [0, 1].map(() => new TernClient({ url: args[1] }));
            bob.on('incoming', call => call.reject(486, 'busy'));
            await bob.login('bob', args[2]);
            const echo = await bob.echo();
            Object.assign(window, { bob, alice, echo });
            return bob.isDraining;
            """
    }
}
