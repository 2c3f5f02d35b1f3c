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

        /// What a browser without candidates offers.
        static let offer = [
            "v=0", "o=- 4611 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "m=audio 9 UDP/TLS/RTP/SAVPF 0",
            "c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx",
            "a=fingerprint:sha-256 " + Array(repeating: "AB", count: 32).joined(separator: ":"), "a=setup:actpass", "a=mid:0",
            "a=sendrecv", "a=rtcp-mux", "a=rtpmap:0 PCMU/8000", "",
        ].joined(separator: "\r\n")
    }
}
