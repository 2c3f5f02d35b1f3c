import EventLoop
import SIP
import Testing

extension SIPTests {
    @Suite("Who calls")
    struct IdentityTests {}
}

extension SIPTests.IdentityTests {
    /// What the core hears of an INVITE with these header fields.
    @LoopActor
    static func invite(_ headers: [String], edit: (String) -> String = { $0 }) async throws -> SIPIncomingInvite {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.headers = headers
        request.body = sdp("offer")
        raw.send(edit(request.text))
        let (leg, invite) = try await callee.incoming()
        callee.endpoint.reject(leg, SIPResponse(status: 486))
        #expect(await raw.receive("SIP/2.0 486") != nil)
        await callee.endpoint.stop()
        return invite
    }

    @Test("asserted and preferred identities, Privacy, Diversion and History-Info are read")
    @LoopActor func headers() async throws {
        let invite = try await Self.invite([
            #"P-Asserted-Identity: "Alice \"A\" <x>, Å" <sip:alice%20a@pbx.example;user=phone>, <tel:+15550100;ext=3>"#,
            "P-Asserted-Identity: sip:third@pbx.example", "P-Preferred-Identity: Bob <sips:bob@[2001:db8::1]:5061>",
            "Privacy: id;User; critical", "Diversion: <sip:+15550101@pbx.example>;reason=unconditional;counter=1",
            "Diversion: \"x\" <sip:y@z>", "History-Info: <sip:a@b>;index=1, <sip:c@d>;index=1.1",
        ])
        #expect(invite.assertedIdentities == [
            SIPParty(
                uri: "sip:alice%20a@pbx.example;user=phone", user: "alice a", host: "pbx.example",
                displayName: #"Alice "A" <x>, Å"#),
            SIPParty(uri: "tel:+15550100;ext=3", user: "+15550100", host: "", displayName: nil),
        ])
        #expect(invite.preferredIdentities == [
            SIPParty(uri: "sips:bob@[2001:db8::1]:5061", user: "bob", host: "2001:db8::1", displayName: "Bob"),
        ])
        #expect(invite.privacy == ["id", "user", "critical"])
        #expect(invite.diversion == [
            "<sip:+15550101@pbx.example>;reason=unconditional;counter=1", "\"x\" <sip:y@z>",
        ])
        #expect(invite.historyInfo == ["<sip:a@b>;index=1, <sip:c@d>;index=1.1"])
        #expect(invite.authorizations.isEmpty)
    }

    @Test("identities that are none, or are endless, are left out and harm nobody", arguments: [
        "", ",,,", "<", ">", "<sip:a@b", "\"a <sip:a@b>", "a@b", "<mailto:a@b>", "<sip:>", "<tel:>", "\\\"<sip:a b@c>", "<sip:@b:0>",
        "\"\\", "<sip:" + String(repeating: "a", count: 1_500) + "@b>", String(repeating: "<", count: 4_000),
        "<sip:a@b>" + String(repeating: ",", count: 5_000),
    ])
    @LoopActor func noIdentity(value: String) async throws {
        let invite = try await Self.invite(["P-Asserted-Identity: \(value)", "Privacy: \(value.prefix(300))"])
        #expect(invite.assertedIdentities.isEmpty)
    }

    @Test("more Diversions and credentials than 8 are not read, longer ones neither")
    @LoopActor func many() async throws {
        let long = String(repeating: "x", count: 5_000)
        let invite = try await Self.invite(
            ["Diversion: <sip:\(long)@b>"] + (0..<20).map { "Diversion: <sip:\($0)@b>" }
                + ["Authorization: Digest username=\"\(long)\""] + (0..<20).map { "Authorization: Digest username=\"\($0)\"" })
        #expect(invite.diversion == (0..<8).map { "<sip:\($0)@b>" })
        #expect(invite.authorizations == (0..<8).map { "Digest username=\"\($0)\"" })
    }

    @Test("display names are UTF-8, in quotes or without, and what is none is replaced", arguments: [
        (Array("\"Grüße \\\"aus\\\" \\\\ 東京\"".utf8), "Grüße \"aus\" \\ 東京"), (Array("Bob Smith".utf8), "Bob Smith"),
        (Array("\"".utf8) + [0x41, 0xFF, 0x42] + Array("\"".utf8), "A\u{FFFD}B"), (Array("\"\u{301}e\"".utf8), "\u{301}e"),
    ] as [([UInt8], String)])
    @LoopActor func displayNames(bytes: [UInt8], expected: String) async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.body = sdp("offer")
        let parts = request.text.split(separator: "\"Raw\"", maxSplits: 1)
        raw.send(Array(parts[0].utf8) + bytes + Array(parts[1].utf8))
        let (leg, invite) = try await callee.incoming()
        #expect(invite.from.displayName == expected)
        // The same name goes out again as it came.
        callee.endpoint.reject(leg, SIPResponse(status: 486))
        let out = callee.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "a", displayName: invite.from.displayName, sdp: sdp("o")))
        let again = try #require(await raw.receive("INVITE"))
        #expect(again.header("From")?.hasPrefix(
            "\"" + expected.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\" <sip:a@tern.test>") == true, "\(again)")
        raw.send(rawResponse(603, "Decline", to: again, port: raw.port))
        #expect(try await callee.event() == .rejected(out, status: 603, phrase: "Decline", reason: nil))
        await callee.endpoint.stop()
    }

    @Test("a challenged INVITE leaves nothing behind, and the one with credentials is a call of its own", arguments: [401, 407], [false, true])
    @LoopActor func challenge(status: Int, tcp: Bool) async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port, tcp: tcp)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.transport = tcp ? "TCP" : "UDP"
        request.body = sdp("offer")
        raw.send(request.text)
        let first = try await callee.incoming()
        let header = status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate"
        let challenges = [#"Digest realm="tern.test", nonce="1", algorithm=SHA-256"#, #"Digest realm="tern.test", nonce="2""#]
        callee.endpoint.reject(first.leg, SIPResponse(status: status, headers: challenges.map { (header, $0) }))
        #expect(callee.endpoint.openLegs == 0)
        let answer = try #require(await raw.receive("SIP/2.0 \(status) "))
        #expect(answer.headers(header) == challenges)
        raw.send(request.then("ACK", sequence: 1, toTag: answer.tag(of: "To"), branch: request.branch).text)
        request.branch += "-2"
        request.sequence = 2
        request.headers = [(status == 401 ? "Authorization" : "Proxy-Authorization") + #": Digest username="a", nonce="1""#]
        raw.send(request.text)
        let second = try await callee.incoming()
        #expect(second.leg != first.leg)
        #expect(second.invite.callID == first.invite.callID)
        #expect(second.invite.authorizations == [#"Digest username="a", nonce="1""#])
        callee.endpoint.answer(second.leg, sdp: sdp("answer"))
        let accepted = try #require(await raw.receive("SIP/2.0 200"))
        raw.send(request.then("ACK", sequence: 2, toTag: accepted.tag(of: "To")).text)
        #expect(try await callee.event() == .established(second.leg))
        raw.send(request.then("BYE", sequence: 3, toTag: accepted.tag(of: "To")).text)
        #expect(try await callee.event() == .ended(second.leg, SIPEnd(.hungUp)))
        #expect(callee.unread.isEmpty)
        await callee.endpoint.stop()
    }

    @Test("a preloaded Route set: to the first of it, or to the hop, and the Request-URI stays (RFC 3327)", arguments: [false, true])
    @LoopActor func path(hop: Bool) async throws {
        let (edge, elsewhere) = (try RawPeer(), try RawPeer())
        let endpoint = try RecordedEndpoint()
        let first = "sip:token@127.0.0.1:\(hop ? elsewhere.port : edge.port);lr;ob"
        var request = SIPInviteRequest(target: "sip:phone@10.20.30.40:5066", fromUser: "alice", sdp: sdp("offer"))
        request.routes = [first, "sip:192.0.2.8;lr"]
        if hop { request.hop = SIPHop(transport: .udp, address: "127.0.0.1", port: edge.port) }
        let leg = endpoint.endpoint.invite(request)
        let invite = try #require(await edge.receive("INVITE"))
        #expect(invite.hasPrefix("INVITE sip:phone@10.20.30.40:5066 SIP/2.0"))
        #expect(invite.headers("Route").joined(separator: ",").filter { $0 != " " } == "<\(first)>,<sip:192.0.2.8;lr>")
        edge.send(rawResponse(486, "Busy Here", to: invite, port: edge.port))
        #expect(try await endpoint.event() == .rejected(leg, status: 486, phrase: "Busy Here", reason: nil))
        for routes in [["sip:a b;lr"], ["nonsense"], Array(repeating: first, count: 17)] {
            request.routes = routes
            let refused = endpoint.endpoint.invite(request)
            #expect(try await endpoint.event() == .rejected(refused, status: 416, phrase: "Unsupported route URI", reason: nil))
        }
        await endpoint.endpoint.stop()
    }
}
