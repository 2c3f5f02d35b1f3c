import EventLoop
import Foundation
import SIP
import SIPNames
import TestCertificates
import Testing
@testable import TLS

extension SIPTests {
    /// One authority for all: each certificate costs 50 ms.
    @Suite("SIP over TLS")
    struct TLSTests {
        static let authority = Result { try TestAuthority() }
        static let pair = Result { try authority.get().issue("host", names: "DNS:tern.test,DNS:*.wild.test,IP:127.0.0.1") }

        static func settings(
            _ pair: (certificate: String, key: String)? = nil, limit: Duration = .seconds(10)
        ) throws -> TLSEndpointContext.Settings {
            let (certificate, key) = try pair ?? Self.pair.get()
            return TLSEndpointContext.Settings(
                identity: try TLSIdentity(TLSFiles(certificate: certificate, key: key)),
                authorities: try authority.get().certificate, handshakeLimit: limit)
        }

        @LoopActor
        static func endpoint(
            _ transports: [ListenAddress.Transport] = [.tls], _ settings: TLSEndpointContext.Settings? = nil
        ) throws -> RecordedEndpoint {
            let settings = try settings ?? Self.settings()
            return try RecordedEndpoint(transports) { $0.tls = settings }
        }

        /// A peer with a verified connection of its own; the tunnel is to be kept.
        @LoopActor
        static func raw(
            _ port: Int, name: String = "tern.test", arguments: [String] = []
        ) throws -> (tunnel: TLSTunnel, peer: RawPeer) {
            let tunnel = try TLSTunnel(
                port: port, authority: try authority.get().certificate, name: name, arguments: arguments)
            return (tunnel, RawPeer(tunnel: tunnel.descriptor, port: 5_061))
        }

        static func options(to port: Int) -> String {
            var request = RawRequest("OPTIONS", to: port, from: 5_061)
            request.transport = "TLS"
            return request.text
        }
    }
}

extension SIPTests.TLSTests {
    @Test("a call goes over TLS to who has the name, and to who has the address", arguments: ["tern.test", "a.wild.test", nil])
    @LoopActor func call(name: String?) async throws {
        let (caller, callee) = (try Self.endpoint(), try Self.endpoint())
        var request = SIPInviteRequest(target: callee.uri("bob", .tls), fromUser: "alice", sdp: sdp("offer"))
        if let name { request.hop = SIPHop(transport: .tls, address: "127.0.0.1", port: callee.port, serverName: name) }
        let out = caller.endpoint.invite(request)
        let (leg, invite) = try await callee.incoming()
        #expect(invite.transport == .tls)
        #expect(invite.flow?.transport == .tls)
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        #expect(try await caller.event() == .answered(out, sdp: sdp("answer")))
        #expect(try await callee.event() == .established(leg))
        callee.endpoint.offer(leg, sdp: sdp("again"))
        #expect(try await caller.event() == .offer(out, sdp: sdp("again")))
        caller.endpoint.acceptOffer(out, sdp: sdp("so be it"))
        #expect(try await callee.event() == .offerAccepted(leg, sdp: sdp("so be it")))
        callee.endpoint.end(leg, status: 0, reason: nil)
        #expect(try await caller.event() == .ended(out, SIPEnd(.hungUp)))
        try await caller.noLegs()
        try await callee.noLegs()
        await caller.endpoint.stop()
        await callee.endpoint.stop()
        #expect(TLSEndpointContext.count == 0)
    }

    @Test("a chain is sent whole, and believed by who knows its authority alone")
    @LoopActor func chain() async throws {
        let pair = try Self.authority.get().issueChain("chained", names: "DNS:chained.test,IP:127.0.0.1")
        let (caller, callee) = (try Self.endpoint(), try Self.endpoint([.tls], Self.settings(pair)))
        let (out, leg) = try await establish(caller, callee, .tls)
        let (tunnel, raw) = try Self.raw(callee.port, name: "chained.test")
        raw.send(Self.options(to: callee.port))
        #expect(await raw.receive("SIP/2.0 200") != nil)
        tunnel.close()
        caller.endpoint.end(out, status: 0, reason: nil)
        #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        for endpoint in [caller, callee] {
            try await endpoint.noLegs()
            await endpoint.endpoint.stop()
        }
    }

    @Test("a certificate that expired, names somebody else or comes from elsewhere is not believed", arguments: [
        ("expired", "tern.test", "certificate has expired"), ("other", "tern.test", "hostname mismatch"),
        ("other", "127.0.0.1", "IP address mismatch"), ("foreign", "tern.test", "unable to get local issuer certificate"),
    ])
    @LoopActor func disbelief(kind: String, name: String, reason: String) async throws {
        let authority = try Self.authority.get()
        let foreign = try TestAuthority(name: "Foreign CA")
        let pair = switch kind {
        case "expired": try authority.issue("expired", names: "DNS:tern.test", days: -1)
        case "other": try authority.issue("other", names: "DNS:other.test,IP:192.0.2.1")
        default: try foreign.issue("foreign", names: "DNS:tern.test")
        }
        let (caller, callee) = (try Self.endpoint(), try Self.endpoint([.tls], Self.settings(pair)))
        var request = SIPInviteRequest(target: callee.uri("bob", .tls), fromUser: "alice", sdp: sdp("offer"))
        request.hop = SIPHop(transport: .tls, address: "127.0.0.1", port: callee.port, serverName: name)
        let out = caller.endpoint.invite(request)
        let event = try await caller.event()
        guard case .rejected(out, status: 503, phrase: let phrase, reason: nil) = event else {
            Issue.record("\(event)")
            return
        }
        #expect(phrase == "\(name): \(reason)")
        try await caller.noLegs()
        #expect(callee.unread.isEmpty)
        await caller.endpoint.stop()
        await callee.endpoint.stop()
    }

    @Test("a connection that stands is not used for another name than the one its peer has")
    @LoopActor func otherName() async throws {
        let (caller, callee) = (try Self.endpoint(), try Self.endpoint())
        func call(_ name: String) -> SIPLegID {
            var request = SIPInviteRequest(target: callee.uri("bob", .tls), fromUser: "alice", sdp: sdp("offer"))
            request.hop = SIPHop(transport: .tls, address: "127.0.0.1", port: callee.port, serverName: name)
            return caller.endpoint.invite(request)
        }
        for name in ["tern.test", "b.wild.test"] {
            let out = call(name)
            let leg = try await callee.incoming().leg
            callee.endpoint.reject(leg, SIPResponse(status: 486))
            #expect(try await caller.event() == .rejected(out, status: 486, phrase: "Busy Here", reason: nil))
        }
        let out = call("evil.test")
        let event = try await caller.event()
        guard case .rejected(out, status: 503, phrase: _, reason: nil) = event else {
            Issue.record("\(event)")
            return
        }
        try await caller.noLegs()
        try await callee.noLegs()
        #expect(callee.unread.isEmpty)
        await caller.endpoint.stop()
        await callee.endpoint.stop()
    }

    @Test("a sips: URI goes over TLS, with sips: Contacts, or not at all")
    @LoopActor func sips() async throws {
        let (caller, callee) = (try Self.endpoint([.udp, .tls]), try Self.endpoint([.udp, .tls]))
        let port = try #require(callee.endpoint.listening.first { $0.transport == .tls }?.port)
        let out = caller.endpoint.invite(SIPInviteRequest(target: "sips:bob@127.0.0.1:\(port)", fromUser: "alice", sdp: sdp("offer")))
        let (leg, invite) = try await callee.incoming()
        #expect(invite.transport == .tls)
        #expect(invite.requestURI == "sips:bob@127.0.0.1:\(port)")
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        #expect(try await caller.event() == .answered(out, sdp: sdp("answer")))
        #expect(try await callee.event() == .established(leg))
        caller.endpoint.end(out, status: 0, reason: nil)
        #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))

        let without = try RecordedEndpoint([.udp, .tcp])
        var request = SIPInviteRequest(target: "sips:bob@127.0.0.1:\(callee.port)", fromUser: "alice", sdp: sdp("offer"))
        for hop in [nil, SIPHop(transport: .udp, address: "127.0.0.1", port: callee.port)] {
            request.hop = hop
            let out = without.endpoint.invite(request)
            let event = try await without.event()
            guard case .rejected(out, status: 480, phrase: _, reason: nil) = event else {
                Issue.record("\(event)")
                return
            }
        }
        #expect(callee.unread.isEmpty)
        for endpoint in [caller, callee, without] {
            try await endpoint.noLegs()
            await endpoint.endpoint.stop()
        }
    }

    @Test("a phone behind NAT is answered and called back over its own connection; Via and Contact say TLS")
    @LoopActor func nat() async throws {
        let callee = try Self.endpoint()
        let (tunnel, raw) = try Self.raw(callee.port)
        var request = RawRequest(to: callee.port, from: 5_061)
        request.transport = "TLS"
        request.body = sdp("offer")
        let text = request.text.replacing("<sip:raw@127.0.0.1:5061;transport=tls>", with: "<sip:raw@192.168.7.7:5061;transport=tls>")
        raw.send(text)
        let (leg, invite) = try await callee.incoming()
        #expect(invite.transport == .tls)
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw.receive("SIP/2.0 200"))
        #expect(answer.header("Contact") == "<sip:127.0.0.1:\(callee.port);transport=tls>")
        raw.send(request.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await callee.event() == .established(leg))
        callee.endpoint.end(leg, status: 0, reason: nil)
        let bye = try #require(await raw.receive("BYE"))
        #expect(bye.header("Via")?.hasPrefix("SIP/2.0/TLS ") == true)
        raw.send(rawResponse(200, "OK", to: bye, port: 5_061))
        try await callee.noLegs()
        await callee.endpoint.stop()
        tunnel.close()
    }

    @Test("TLS below 1.2 and weak ciphers are refused; without a certificate of its own a phone is served", arguments: [
        (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], false), (["-tls1_2", "-cipher", "AES128-SHA"], false), (["-tls1_2"], true),
        (["-tls1_3"], true),
    ])
    @LoopActor func versions(arguments: [String], isServed: Bool) async throws {
        let endpoint = try Self.endpoint()
        let (tunnel, raw) = try Self.raw(endpoint.port, arguments: arguments)
        raw.send(Self.options(to: endpoint.port))
        let answer = await raw.receive("SIP/2.0", within: .seconds(isServed ? 5 : 1))
        #expect((answer != nil) == isServed)
        await endpoint.endpoint.stop()
        tunnel.close()
    }
}
