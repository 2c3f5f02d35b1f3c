import JSON
import Testing

/// Who is rung, and what the end of a call says that somebody else than its parties brought about.
extension IntegrationTests {
    @Suite("The clients of a user")
    struct Parties {
        @Test("whoever calls its own user is not rung itself: the user's other clients are")
        func callsOneself() async throws {
            let stage = try Stage.running
            let (one, other) = (try await APIClient.user("bob", at: stage.gateway), try await APIClient.user("bob", at: stage.gateway))
            let start = try await one.request("media", "start_call", ["dest": "bob", "offer": ["sdp": .string(Parties.offer)]])
            let call = try #require(start["call_id"]?.stringValue)
            let invitation = try await other.serve("call_invite")
            #expect(invitation["call_id"]?.stringValue == call)
            try await one.request("media", "hangup_call", ["call_id": .string(call)])
            let end = try await other.event("hangup", of: call)
            #expect(end["by"] == "caller" && end["code"] == 487, "\(end.text)")
            await other.leave()
            let refusal = try await one.refusal(of: "media", "start_call", ["dest": "bob", "offer": ["sdp": .string(Parties.offer)]])
            #expect(refusal.text.contains("480"), "\(refusal)")
            await one.leave()
        }

        @Test("a client that came after the ringing rejects for its user: the phone gets 603, not 487")
        func lateClientRejects() async throws {
            let stage = try Stage.running
            let rung = try await APIClient.user("bob", at: stage.gateway)
            let probe = try SIPProbe(stage)
            let call = SIPProbe.Call(to: "bob", from: probe)
            probe.send(call.invite())
            let invitation = try await rung.serve("call_invite")
            let id = try #require(invitation["call_id"]?.stringValue)
            let late = try await APIClient.user("bob", at: stage.gateway)
            try await late.request("media", "hangup_call", ["call_id": .string(id)])
            #expect(try await probe.finalStatus(of: call) == 603)
            probe.send(call.acknowledgement(of: "INVITE"))
            let end = try await rung.event("hangup", of: id)
            #expect(end["by"] == "callee" && end["code"] == 603, "\(end.text)")
            await rung.leave()
            await late.leave()
        }

        @Test("a user has so many sessions and no more, and one that ends makes room for another")
        func sessionsOfAUser() async throws {
            let client = try await APIClient.user("bob", at: try Stage.running.gateway)
            let echo: [String: JSONValue] = ["type": "echo", "offer": ["sdp": .string(Parties.offer)]]
            var last: JSONValue?
            for _ in 0..<GatewayProcess.sessionsPerUser {
                last = try await client.request("media", "start_session", .object(echo))["session_id"]
            }
            #expect(try await client.refusal(of: "media", "start_session", .object(echo)).code == 3012)
            try await client.request("media", "stop_session", ["session_id": try #require(last)])
            try await client.request("media", "start_session", .object(echo))
            await client.leave()
        }

        @Test("an admin who subscribed hears of the end of a phone's call, and the client that was rung hears of it once")
        func adminHearsTheEnd() async throws {
            let stage = try Stage.running
            let (admin, rung) = (try await APIClient.user("admin", at: stage.gateway), try await APIClient.user("bob", at: stage.gateway))
            try await admin.request("core", "subscribe", [:])
            try await rung.request("core", "subscribe", [:])
            let probe = try SIPProbe(stage)
            let call = SIPProbe.Call(to: "bob", from: probe)
            probe.send(call.invite())
            let id = try #require(try await rung.serve("call_invite")["call_id"]?.stringValue)
            try await rung.request("media", "reject_call", ["call_id": .string(id), "code": 486])
            #expect(try await probe.finalStatus(of: call) == 486)
            probe.send(call.acknowledgement(of: "INVITE"))
            let end = try await admin.event("hangup", of: id)
            #expect(end["by"] == "callee" && end["code"] == 486, "\(end.text)")
            _ = try await rung.event("hangup", of: id)
            // What was sent before this answer has arrived with it.
            try await rung.request("core", "ping", [:])
            #expect(rung.waitingEvents("hangup", of: id) == 0)
            await rung.leave()
            await admin.leave()
        }

        /// What a browser without candidates offers.
        static let offer = [
            "v=0", "o=- 4611 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "m=audio 9 UDP/TLS/RTP/SAVPF 0",
            "c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx",
            "a=fingerprint:sha-256 " + Array(repeating: "AB", count: 32).joined(separator: ":"), "a=setup:actpass", "a=mid:0",
            "a=sendrecv", "a=rtcp-mux", "a=rtpmap:0 PCMU/8000", "",
        ].joined(separator: "\r\n")
    }
}
