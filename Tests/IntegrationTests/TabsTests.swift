import Foundation
import JSON
import Testing

/// A user with several clients: what becomes of one changes nothing in a call that another has.
extension IntegrationTests {
    @Suite("Several clients of a user")
    struct Tabs {
        enum Leaving: String, CaseIterable, Sendable {
            case logsOut = "logs out", closes = "is closed", losesItsNetwork = "loses its network for longer than the grace time"
        }

        @Test("two tabs ring, one answers, the other leaves: the call goes on, and ends when its own tab hangs up", arguments: Leaving.allCases)
        func otherLeaves(how: Leaving) async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            try await stage.with("alice") { page in
                let other = try await stage.signedInWithSwitch("alice")
                phone.call("alice")
                try await other.wait(for: "incoming")
                try await page.answer()
                try await phone.answered()
                try await other.wait(for: "ready")
                try await leave(other, how, stage)
                #expect(try stage.gateway.status().calls == 1)
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                try await page.click("hangup-button")
                try await phone.hungUp()
                _ = try await page.endOfCall()
            }
        }

        @Test("two tabs ring and one leaves: the other rings on and answers", arguments: Leaving.allCases)
        func oneLeavesRinging(how: Leaving) async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            try await stage.with("alice") { page in
                let other = try await stage.signedInWithSwitch("alice")
                phone.call("alice")
                try await other.wait(for: "incoming")
                try await page.wait(for: "incoming")
                try await leave(other, how, stage)
                try await page.answer()
                try await phone.answered()
                #expect(await phone.audio.hears(Chromium.frequency))
                try await phone.hangUp()
                _ = try await page.endOfCall()
            }
        }

        @Test("a tab that was away before the INVITE came, and never comes back, ends nothing")
        func awayBefore() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            try await stage.with("alice") { page in
                let other = try await stage.signedInWithSwitch("alice")
                let clients = try stage.gateway.status().clients
                try await other.run("isAway = true; sockets.at(-1).close()")
                phone.call("alice")
                try await page.answer()
                try await phone.answered()
                #expect(try await eventually(within: .patience) { try stage.gateway.status().clients == clients - 1 })
                #expect(try stage.gateway.status().calls == 1)
                #expect(await phone.audio.hears(Chromium.frequency))
                try await phone.hangUp()
                _ = try await page.endOfCall()
                try await other.close()
            }
        }

        @Test("a tab that was away for a moment when the INVITE came rings when it is back, and answers")
        func backInTime() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            let page = try await stage.signedInWithSwitch("alice")
            try await page.run("isAway = true; sockets.at(-1).close()")
            phone.call("alice")
            #expect(try await eventually(within: .patience) { try stage.gateway.status().calls == 1 })
            try await page.run("isAway = false")
            try await page.answer()
            // What is not known to the page would have been left by now.
            try await page.run("await new Promise(resolve => setTimeout(resolve, 1500))")
            try await phone.answered()
            #expect(await phone.audio.hears(Chromium.frequency))
            try await phone.hangUp()
            _ = try await page.endOfCall()
            try await page.close()
        }

        @Test("a client whose user has the call elsewhere watches it and hangs it up; it does not renegotiate, answer or reject it", arguments: [false, true])
        func watcher(isLate: Bool) async throws {
            let bench = try await Bench()
            let (one, phone, id, session) = (bench.one, bench.phone, bench.call, bench.session)
            var other = bench.other
            let answer = try await bench.answer()
            try await one.request("media", "answer_call", ["call_id": id, "answer": ["sdp": answer]])
            try await phone.answered()
            if isLate {
                await other.leave()
                other = try await APIClient.user("alice", at: Stage.running.gateway)
            } else {
                _ = try await other.event("answered_elsewhere", of: id.stringValue)
            }
            let offer: JSONValue = ["sdp": .string(Parties.offer)]
            for (command, data, code) in [
                ("update_session", ["session_id": session, "offer": offer], 2005),
                ("set_candidate_end", ["session_id": session], 2005),
                ("transfer_call", ["call_id": id, "dest": "bob"], 2005),
                ("answer_call", ["call_id": id, "answer": ["sdp": answer]], 3004),
                ("reject_call", ["call_id": id], 3004),
            ] as [(String, [String: JSONValue], Int)] {
                let refusal = try await other.refusal(of: "media", command, .object(data))
                #expect(refusal.code == code, "\(command): \(refusal)")
            }
            #expect(await phone.audio.hears(700))
            let info = try await other.request("media", "get_info", ["session_id": session])
            #expect(info["call_id"] == id)
            try await other.request("core", "subscribe", ["obj_id": session])
            try await other.request("media", "stop_session", ["session_id": session, "code": 4_711, "reason": "enough"])
            try await phone.hungUp()
            for client in [one, other] {
                let stop = try await client.event("stop", of: session.stringValue)
                #expect(stop["code"] == 4_711 && stop["reason"] == "enough", "\(stop.text)")
            }
            let end = try await one.event("hangup", of: id.stringValue)
            #expect(end["code"] == 4_711 && end["sip_status"] == 200 && end["by"] == "callee", "\(end.text)")
            let refusal = try await other.refusal(of: "media", "hangup_call", ["call_id": id])
            #expect(refusal.code == 3002)
            try await bench.close(other)
        }

        @Test("the candidates that a client sends before its answer are used when it answers; those of one that does not answer are kept to a bound")
        func earlyCandidates() async throws {
            let bench = try await Bench()
            let (one, other, session) = (bench.one, bench.other, bench.session)
            let far: JSONValue = [
                "session_id": session, "sdpMid": "0", "candidate": "candidate:1 1 udp 2122260223 127.0.0.1 9 typ host",
            ]
            for _ in 0..<64 { try await other.request("media", "set_candidate", far) }
            #expect(try await other.refusal(of: "media", "set_candidate", far).code == 3004)
            // The browser does not know where Janus is: only with its own candidates is there a way.
            let offer = try #require(bench.offer.stringValue).components(separatedBy: "\r\n")
                .filter { !$0.hasPrefix("a=candidate:") && $0 != "a=end-of-candidates" }.joined(separator: "\r\n")
            let answer = try await bench.peers.answer("callee", to: .string(offer), frequency: 700, video: false)
            let sdp = try #require(answer.stringValue)
            let lines = sdp.components(separatedBy: "\r\n")
            for line in lines where line.hasPrefix("a=candidate:") {
                try await one.request("media", "set_candidate", [
                    "session_id": session, "sdpMLineIndex": 0, "candidate": .string(String(line.dropFirst(2))),
                ])
            }
            let bare = lines.filter { !$0.hasPrefix("a=candidate:") && $0 != "a=end-of-candidates" }.joined(separator: "\r\n")
            try await one.request("media", "answer_call", ["call_id": bench.call, "answer": ["sdp": .string(bare), "trickle_ice": true]])
            try await one.request("media", "set_candidate_end", ["session_id": session])
            try await bench.phone.answered()
            try await bench.peers.connected("callee")
            #expect(await bench.phone.audio.hears(700))
            try await bench.phone.hangUp()
            try await bench.close()
        }

        @Test("a client that rings and stops the session leaves the call to the other: that one answers")
        func stopsRinging() async throws {
            let bench = try await Bench()
            try await bench.other.request("media", "stop_session", ["session_id": bench.session])
            let answer = try await bench.answer()
            try await bench.one.request("media", "answer_call", ["call_id": bench.call, "answer": ["sdp": answer]])
            try await bench.phone.answered()
            #expect(await bench.phone.audio.hears(700))
            try await bench.phone.hangUp()
            _ = try await bench.one.event("hangup", of: bench.call.stringValue)
            try await bench.close()
        }

        @Test("of a route's stages the first one's user has no part in the second one's call: it sees nothing, changes nothing and ends nothing")
        func stages() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "stages", routes: """
                routes:
                  - {match: "100", to: [user alice, user bob]}
                  - {match: "*", to: user}
                """)
            let peers = try await Peers(stage)
            let phone = try SIPPhone(at: gateway)
            defer { phone.stop() }
            let rung = try await APIClient.user("alice", at: gateway), watching = try await APIClient.user("alice", at: gateway)
            let bob = try await APIClient.user("bob", at: gateway)
            for client in [rung, watching] { try await client.request("core", "subscribe", [:]) }
            phone.call("100")
            let first = try await rung.serve("call_invite")
            let id = try #require(first["call_id"]), session = try #require(first["session_id"])
            try await watching.serve("call_invite")
            let early = try await bob.refusal(of: "media", "get_info", ["session_id": session])
            #expect(early.code == 2005, "bob is not rung yet: \(early)")
            for client in [rung, watching] { try await client.request("media", "reject_call", ["call_id": id, "code": 480]) }

            let invitation = try await bob.serve("call_invite")
            #expect(invitation["call_id"] == id)
            let over = try await rung.event("hangup", of: id.stringValue)
            #expect(over["sip_status"] == 480, "\(over.text)")
            let answer = try await peers.answer("callee", to: try #require(invitation["offer"]?["sdp"]), frequency: 700, video: false)
            try await bob.request("media", "answer_call", ["call_id": id, "answer": ["sdp": answer]])
            try await phone.answered()
            for (command, data) in [
                ("get_info", ["session_id": session]), ("update_session", ["session_id": session, "record": true]),
                ("update_session", ["session_id": session, "offer": ["sdp": .string(Parties.offer)]]),
                ("set_candidate_end", ["session_id": session]), ("stop_session", ["session_id": session]),
                ("hangup_call", ["call_id": id]), ("reject_call", ["call_id": id]), ("answer_call", ["call_id": id, "answer": ["sdp": answer]]),
                ("hold_call", ["call_id": id]), ("send_dtmf", ["call_id": id, "digits": "1"]), ("transfer_call", ["call_id": id, "dest": "bob"]),
            ] as [(String, [String: JSONValue])] {
                let refusal = try await rung.refusal(of: "media", command, .object(data))
                #expect(refusal.code == 2005, "\(command): \(refusal)")
            }
            let subscription = try await watching.refusal(of: "core", "subscribe", ["obj_id": session])
            #expect(subscription.code == 2005)
            #expect(try await rung.request("media", "get_list")["session_ids"] == [])
            #expect(try await phone.info("application/dtmf-relay", "Signal=5\r\nDuration=100\r\n") == 200)
            _ = try await bob.event("dtmf", of: id.stringValue)
            await rung.leave()
            // What was sent before this answer has arrived with it.
            try await watching.request("core", "ping", [:])
            for type in ["dtmf", "webrtc", "answer"] {
                #expect(watching.waitingEvents(type, of: id.stringValue ?? "") + watching.waitingEvents(type, of: session.stringValue ?? "") == 0, "\(type)")
            }
            #expect(await phone.audio.hears(700))
            try await bob.request("media", "hangup_call", ["call_id": id])
            try await phone.hungUp()
            await watching.leave()
            await bob.leave()
            try await peers.close()
            await gateway.end()
        }

        // MARK: Parts

        /// A phone that calls alice, and two clients of hers that ring.
        private struct Bench {
            let peers: Peers
            let phone: SIPPhone
            let one, other: APIClient
            let call, session, offer: JSONValue

            init() async throws {
                let stage = try Stage.running
                peers = try await Peers(stage)
                phone = try SIPPhone(stage)
                (one, other) = (try await APIClient.user("alice", at: stage.gateway), try await APIClient.user("alice", at: stage.gateway))
                phone.call("alice")
                let invitation = try await one.serve("call_invite")
                try await other.serve("call_invite")
                (call, session) = (try #require(invitation["call_id"]), try #require(invitation["session_id"]))
                offer = try #require(invitation["offer"]?["sdp"])
            }

            /// An answer to the invitation, with a tone of 700 Hz.
            func answer() async throws -> JSONValue { try await peers.answer("callee", to: offer, frequency: 700, video: false) }

            /// - Parameter last: The client in the place of `other`, which has left.
            func close(_ last: APIClient? = nil) async throws {
                await one.leave()
                await (last ?? other).leave()
                phone.stop()
                try await peers.close()
            }
        }

        /// Has a page made by ``Stage/signedInWithSwitch(_:)`` leave, and waits until the gateway has forgotten its client.
        private func leave(_ page: Page, _ how: Leaving, _ stage: Stage) async throws {
            let clients = try stage.gateway.status().clients
            switch how {
            case .logsOut: try await page.click("logout-button")
            case .closes: try await page.close()
            case .losesItsNetwork: try await page.run("isAway = true; sockets.at(-1).close()")
            }
            #expect(try await eventually(within: .patience) { try stage.gateway.status().clients == clients - 1 })
            if how != .closes { try await page.close() }
        }
    }
}

extension Stage {
    /// The page with somebody signed in whose network can be cut: `isAway = true; sockets.at(-1).close()`.
    func signedInWithSwitch(_ user: String) async throws -> Page {
        let page = try await openPage()
        try await page.run("""
            window.sockets = [];
            window.WebSocket = class extends WebSocket {
              constructor(url, protocols) {
                super(window.isAway ? `${url}-away` : url, protocols);
                sockets.push(this);
              }
            };
            """)
        try await page.type(user, into: "login-user")
        try await page.type(GatewayProcess.password, into: "login-password")
        try await page.click("login-button")
        try await page.wait(for: "ready")
        return page
    }
}
