import EventLoop
import Testing

@testable import SIP

extension SIPTests {
    @Suite("Connections of flows")
    struct FlowSocketsTests {}
}

extension SIPTests.FlowSocketsTests {
    @Test("a connection is open until either end has hung up, and is given up after 10 s without acknowledgement")
    @LoopActor func life() throws {
        let listener = try RawListener()
        let phone = try RawPeer(talkingTo: listener.port, tcp: true)
        let ours = try #require(RawPeer(acceptedBy: listener))
        let sockets = FlowSockets()
        let flow = try #require(SIPFlow("tcp/127.0.0.1:\(phone.port)/127.0.0.1:\(listener.port)"))
        #expect(sockets.isOpen(flow))
        #expect(sockets.isOpen(flow))
        #expect(ours.userTimeout == 10_000)
        #expect(phone.userTimeout == 0)
        for other in ["tcp/127.0.0.2:\(phone.port)/127.0.0.1:\(listener.port)", "tcp/127.0.0.1:\(phone.port)/127.0.0.1:1"] {
            #expect(!sockets.isOpen(try #require(SIPFlow(other))))
        }
        #expect(sockets.isOpen(try #require(SIPFlow("udp/192.0.2.1:9/127.0.0.1:1"))))
        phone.hangUpConnection()
        #expect(!sockets.isOpen(flow))
    }
}
