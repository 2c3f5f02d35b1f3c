import EventLoop
import Events
import Testing

@testable import SIP

extension SIPTests {
    @Suite("Messages as they are shown", .serialized)
    struct ShownMessageTests {}
}

extension SIPTests.ShownMessageTests {
    private final class Shown {
        weak var endpoint: SIPEndpoint?
        var messages: [SIPMessage] = []
        var received: [String] { messages.filter { !$0.isSent }.map(\.text) }
        var sent: [String] { messages.filter(\.isSent).map(\.text) }
    }

    /// An endpoint that refuses calls, a peer, and what is shown.
    @LoopActor
    private func play(tcp: Bool = false, _ body: (_ port: Int, RawPeer, Shown) async throws -> Void) async throws {
        let shown = Shown()
        let endpoint = SIPEndpoint(configuration: SIPEndpointConfiguration(
            listen: [.init(transport: tcp ? .tcp : .udp, address: "127.0.0.1", port: 0)], domain: "tern.test")) { event in
                if case .incoming(let leg, _) = event { shown.endpoint?.reject(leg, SIPResponse(status: 480)) }
            }
        shown.endpoint = endpoint
        try endpoint.start()
        let port = try #require(endpoint.listening.first?.port)
        let listening = EventStream.shared.listen(to: .sip) { event in
            if case .sip(let message) = event.content, message.local?.port == port { shown.messages.append(message) }
        }
        try await body(port, RawPeer(talkingTo: port, tcp: tcp), shown)
        withExtendedLifetime(listening) {}
        await endpoint.stop()
    }

    /// As nobody's library writes it.
    private func odd(_ port: Int, _ own: Int, _ transport: String) -> String {
        "OPTIONS sip:127.0.0.1:\(port) SIP/2.0\r\nv:  SIP/2.0/\(transport) 127.0.0.1:\(own) ;branch=z9hG4bK-odd;rport\r\nf : <sip:a@127.0.0.1>;tag=1\r\n"
            + "TO:<sip:b@127.0.0.1>\r\ni:odd-1\r\nCSEQ:\t1   OPTIONS\r\nX-Odd:  a,\r\n\t b\r\nMax-Forwards: 70\r\nl: 0\r\n\r\n"
    }

    @Test("a datagram is shown as it came, without the line ends before it; the response as it went out")
    @LoopActor func datagram() async throws {
        try await play { port, raw, shown in
            let text = odd(port, raw.port, "UDP")
            raw.send("\r\n\r\n" + text)
            let answer = try #require(await raw.receive("SIP/2.0 200"))
            #expect(shown.received == [text])
            #expect(shown.sent == [answer])
        }
    }

    @Test("of datagrams that come at once each is shown with its own text, also an INVITE that has to wait for the others")
    @LoopActor func several() async throws {
        try await play { port, raw, shown in
            let invites = (0..<5).map { number in
                var invite = RawRequest(to: port, from: raw.port, user: "nobody-\(number)")
                // No library would write that.
                invite.headers = ["Supported:timer ,  replaces"]
                return invite.text
            }
            var options: [String] = []
            for invite in invites {
                options.append(RawRequest("OPTIONS", to: port, from: raw.port).text)
                raw.send(invite)
                raw.send(options[options.count - 1])
            }
            for _ in 0..<5 { #expect(await raw.receive("SIP/2.0 480") != nil) }
            try await eventually(within: .seconds(5), "all responses") { shown.sent.count { $0.hasPrefix("SIP/2.0 200") } == 5 }
            #expect(shown.received.filter { $0.hasPrefix("OPTIONS") } == options)
            #expect(shown.received.filter { $0.hasPrefix("INVITE") } == invites)
        }
    }

    @Test("what comes over a connection is shown with all its fields")
    @LoopActor func connection() async throws {
        try await play(tcp: true) { port, raw, shown in
            raw.send(odd(port, raw.port, "TCP"))
            let answer = try #require(await raw.receive("SIP/2.0 200"))
            let text = try #require(shown.received.first)
            #expect(text.hasPrefix("OPTIONS sip:127.0.0.1:\(port) SIP/2.0\r\n") && text.contains("odd-1") && text.contains("X-Odd:"))
            #expect(shown.received.count == 1 && shown.sent == [answer])
        }
    }
}
