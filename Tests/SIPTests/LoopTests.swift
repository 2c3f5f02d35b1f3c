import EventLoop
import SIP
import SIPNames
import Testing

extension SIPTests {
    @Suite("Loops")
    struct LoopTests {}
}

extension SIPTests.LoopTests {
    /// The INVITE as a proxy hands it on: a Via on top, one hop less, the Request-URI of the next domain.
    @LoopActor
    static func forwarded(_ invite: String, by proxy: RawPeer, to port: Int, tcp: Bool) -> String {
        var lines = invite.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        lines[0] = "INVITE sip:bob@127.0.0.1:\(port) SIP/2.0"
        let via = "Via: SIP/2.0/\(tcp ? "TCP" : "UDP") 127.0.0.1:\(proxy.port);branch=z9hG4bK-\(UInt64.random(in: 0 ... .max))"
        lines.insert(via, at: 1)
        return lines.joined(separator: "\r\n").replacing("Max-Forwards: 70", with: "Max-Forwards: 69")
    }

    @Test("our INVITE that comes back through a proxy gets 482, over UDP and TCP, and the call's other end is heard", arguments: [false, true])
    @LoopActor func proxy(tcp: Bool) async throws {
        let endpoint = try RecordedEndpoint()
        let outside = try RawPeer()
        let proxy = try RawPeer(talkingTo: endpoint.port, tcp: tcp)
        let leg = endpoint.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(outside.port)", fromUser: "alice", sdp: sdp("offer")))
        let invite = try #require(await outside.receive("INVITE"))
        proxy.send(Self.forwarded(invite, by: proxy, to: endpoint.port, tcp: tcp))
        #expect(await proxy.receive("SIP/2.0 482 Loop Detected") != nil)
        #expect(endpoint.unread.isEmpty)
        #expect(endpoint.endpoint.openLegs == 1)
        outside.send(rawResponse(482, "Loop Detected", to: invite, port: outside.port))
        #expect(try await endpoint.event() == .rejected(leg, status: 482, phrase: "Loop Detected", reason: nil))
        // Once the leg is gone the same names mean nothing any more.
        let again = try RawPeer(talkingTo: endpoint.port)
        var request = RawRequest(to: endpoint.port, from: again.port)
        (request.callID, request.fromTag) = (invite.header("Call-ID") ?? "", invite.tag(of: "From") ?? "")
        request.sequence = 99
        request.body = sdp("offer")
        again.send(request.text)
        let late = try await endpoint.incoming().leg
        endpoint.endpoint.reject(late, SIPResponse(status: 486))
        await endpoint.endpoint.stop()
    }

    @Test("an INVITE to our own address gets 482 at once", arguments: [ListenAddress.Transport.udp, .tcp])
    @LoopActor func own(transport: ListenAddress.Transport) async throws {
        let endpoint = try RecordedEndpoint()
        let leg = endpoint.endpoint.invite(SIPInviteRequest(
            target: endpoint.uri("bob", transport), fromUser: "alice", sdp: sdp("offer")))
        guard case .rejected(leg, 482, _, nil) = try await endpoint.event() else { throw TimedOut(description: "no 482") }
        try await endpoint.noLegs()
        #expect(endpoint.unread.isEmpty)
        await endpoint.endpoint.stop()
    }

    @Test("another call with our Call-ID, or our From tag, is no loop")
    @LoopActor func others() async throws {
        let endpoint = try RecordedEndpoint()
        let outside = try RawPeer()
        let leg = endpoint.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(outside.port)", fromUser: "alice", sdp: sdp("offer")))
        let invite = try #require(await outside.receive("INVITE"))
        for keepsCallID in [true, false] {
            var request = RawRequest(to: endpoint.port, from: outside.port)
            request.body = sdp("other")
            if keepsCallID {
                request.callID = try #require(invite.header("Call-ID"))
            } else {
                request.fromTag = try #require(invite.tag(of: "From"))
            }
            outside.send(request.text)
            let other = try await endpoint.incoming().leg
            endpoint.endpoint.reject(other, SIPResponse(status: 486))
            #expect(await outside.receive("SIP/2.0 486") != nil)
        }
        outside.send(rawResponse(603, "Decline", to: invite, port: outside.port))
        #expect(try await endpoint.event() == .rejected(leg, status: 603, phrase: "Decline", reason: nil))
        await endpoint.endpoint.stop()
    }
}
