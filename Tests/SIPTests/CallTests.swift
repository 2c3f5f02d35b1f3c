import EventLoop
import SIP
import Testing

let offerSDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
let answerSDP = "v=0\r\no=- 2 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n"

@Suite("Calls between two endpoints", .serialized)
struct CallTests {
    @Test("a call is offered, rings, is answered, established and hung up by the caller", arguments: [SIPListenAddress.Transport.udp, .tcp])
    @LoopActor func answered(transport: SIPListenAddress.Transport) async throws {
        let caller = try RecordedEndpoint()
        let callee = try RecordedEndpoint()
        let out = caller.endpoint.invite(SIPInviteRequest(
            target: callee.uri("bob", transport), fromUser: "alice", displayName: "Alice \"A\"", sdp: offerSDP,
            headers: [("X-Test", "one")]))
        guard case .incoming(let leg, let invite) = try await callee.event() else { Issue.record("no call"); return }
        #expect(invite.requestUser == "bob")
        #expect(invite.from.user == "alice")
        #expect(invite.from.displayName == "Alice \"A\"")
        #expect(invite.sdp == offerSDP)
        #expect(invite.transport == transport)
        #expect(invite.source.hasPrefix("127.0.0.1:"))
        callee.endpoint.ring(leg, status: 180, sdp: nil)
        #expect(try await caller.event() == .provisional(out, status: 180, phrase: "Ringing", sdp: nil))
        callee.endpoint.answer(leg, sdp: answerSDP)
        #expect(try await caller.event() == .answered(out, sdp: answerSDP))
        #expect(try await callee.event() == .established(leg))
        caller.endpoint.end(out, status: 0, reason: SIPReason(cause: 200, text: "bye"))
        #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp, reason: SIPReason(cause: 200, text: "bye"))))
        try await caller.noLegs()
        try await callee.noLegs()
        await caller.endpoint.stop()
        await callee.endpoint.stop()
    }
}
