import EventLoop
import Foundation
import SIP
import TestCertificates
import Testing
@testable import TLS

extension SIPTests.TLSTests {
    /// A record that announces 512 bytes of a ClientHello, and has 6.
    private static let half: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]

    @Test("200 connections that say nothing, half a greeting or rubbish are cut off in time, and a call goes on beside them")
    @LoopActor func silent() async throws {
        let callee = try Self.endpoint([.tls], Self.settings(limit: .milliseconds(1_500)))
        var peers: [RawPeer] = []
        for index in 0..<200 {
            let peer = try RawPeer(talkingTo: callee.port, tcp: true)
            if index % 3 == 1 { peer.send(Self.half) }
            if index % 3 == 2 { peer.send("OPTIONS sip:x SIP/2.0\r\n\r\n") }
            peers.append(peer)
            // Sofia accepts one a turn.
            if index % 8 == 7 { await LoopTurns.next() }
        }
        let caller = try Self.endpoint()
        let (out, leg) = try await establish(caller, callee, .tls)
        try await eventually(within: .seconds(10), "all of them to be cut off") { peers.allSatisfy(\.isOver) }
        caller.endpoint.end(out, status: 0, reason: nil)
        #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        try await caller.noLegs()
        try await callee.noLegs()
        // Both ends of the call's connection.
        try await eventually(within: .seconds(20), "the others to be freed") { TLSEndpointContext.count == 2 }
        await caller.endpoint.stop()
        await callee.endpoint.stop()
        #expect(TLSEndpointContext.count == 0)
    }

    @Test("a server that says nothing ends the call in time")
    @LoopActor func silentServer() async throws {
        let listener = try RawListener()
        let caller = try Self.endpoint([.tls], Self.settings(limit: .milliseconds(500)))
        let out = caller.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(listener.port);transport=tls", fromUser: "alice", sdp: sdp("offer")))
        let event = try await caller.event(within: .seconds(20))
        guard case .rejected(out, status: 503, phrase: "the TLS handshake took too long", reason: nil) = event else {
            Issue.record("\(event)")
            return
        }
        try await caller.noLegs()
        await caller.endpoint.stop()
    }

    @Test("connections that fail beside it do not touch one that stands")
    @LoopActor func errorQueue() async throws {
        let endpoint = try Self.endpoint()
        let (tunnel, raw) = try Self.raw(endpoint.port)
        for _ in 0..<50 {
            // In one turn of the loop: rubbish in a handshake, an end in the middle of one, and a request over the good one.
            let bad = try (0..<4).map { _ in try RawPeer(talkingTo: endpoint.port, tcp: true) }
            bad[0].send("rubbish rubbish rubbish rubbish")
            bad[1].send(Self.half)
            bad[1].hangUpConnection()
            bad[2].send([0x16, 0x03, 0x01, 0x00, 0x04, 0xFF, 0x00, 0x00, 0x00])
            raw.send(Self.options(to: endpoint.port))
            #expect(await raw.receive("SIP/2.0 200") != nil)
        }
        await endpoint.endpoint.stop()
        tunnel.close()
    }

    @Test("half of a record is waited for, also when a handshake has failed just before")
    @LoopActor func halfRecord() async throws {
        let (endpoint, listener) = (try Self.endpoint(), try RawListener())
        let (tunnel, raw) = try Self.raw(listener.port)
        let (near, far) = (try await listener.connection(), try RawPeer(talkingTo: endpoint.port, tcp: true))
        var held: [UInt8] = []
        // From the phone a record comes in two parts, with the end of another's handshake in front of the first.
        for _ in 0..<20 {
            raw.send(Self.options(to: endpoint.port))
            var answer: String?
            try await eventually(within: .seconds(20), "the answer") {
                if !held.isEmpty {
                    far.send(held)
                    held = []
                }
                let bytes = near.takeBytes()
                if !bytes.isEmpty, let bad = try? RawPeer(talkingTo: endpoint.port, tcp: true) {
                    bad.send("OPTIONS sip:x SIP/2.0\r\n\r\n")
                    far.send(Array(bytes.dropLast(5)))
                    held = Array(bytes.suffix(5))
                }
                near.send(far.takeBytes())
                answer = raw.take()
                return answer != nil
            }
            #expect(answer?.hasPrefix("SIP/2.0 200") == true)
        }
        await endpoint.endpoint.stop()
        tunnel.close()
    }

    @Test("connections come and go a thousand times, and leave no descriptor and no memory behind")
    @LoopActor func churn() async throws {
        let endpoint = try Self.endpoint()
        func round(_ count: Int) async throws {
            for _ in 0..<count {
                let peer = try RawPeer(talkingTo: endpoint.port, tcp: true)
                peer.send("OPTIONS sip:x SIP/2.0\r\n\r\n")
                try await eventually(within: .seconds(20), "the end") { peer.isOver }
            }
            try await eventually(within: .seconds(20), "the last to be freed") { TLSEndpointContext.count == 0 }
        }
        try await round(200)
        let before = Self.residentKilobytes
        try await round(1_000)
        // An SSL that is not freed has 6 KiB at least.
        #expect(Self.residentKilobytes - before < 3_000)
        let (tunnel, raw) = try Self.raw(endpoint.port)
        raw.send(Self.options(to: endpoint.port))
        #expect(await raw.receive("SIP/2.0 200") != nil)
        tunnel.close()
        try await eventually(within: .seconds(20), "the connection to end") { TLSEndpointContext.count == 0 }
        await endpoint.endpoint.stop()
    }

    static var residentKilobytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }

    @Test("a peer that sends and does not read is waited for, and disturbs nobody")
    @LoopActor func deaf() async throws {
        let endpoint = try Self.endpoint()
        let (deafTunnel, deaf) = try Self.raw(endpoint.port)
        let text = (0..<200).map { _ in Self.options(to: endpoint.port) }.joined()
        // The tunnel's socket holds some 200 KiB; what it does not take is not sent.
        for _ in 0..<40 {
            deaf.send(text)
            let (tunnel, raw) = try Self.raw(endpoint.port)
            raw.send(Self.options(to: endpoint.port))
            #expect(await raw.receive("SIP/2.0 200") != nil)
            tunnel.close()
        }
        deafTunnel.close()
        await endpoint.endpoint.stop()
        #expect(TLSEndpointContext.count == 0)
    }

    @Test("a new certificate is shown from the next connection on, and a call that is up stays")
    @LoopActor func reload() async throws {
        let (caller, callee) = (try Self.endpoint(), try Self.endpoint())
        let (out, leg) = try await establish(caller, callee, .tls)
        let pair = try Self.authority.get().issue("renewed", names: "DNS:renewed.test")
        try callee.endpoint.use(TLSIdentity(TLSFiles(certificate: pair.certificate, key: pair.key)))
        for (name, isBelieved) in [("renewed.test", true), ("tern.test", false)] {
            let (tunnel, raw) = try Self.raw(callee.port, name: name)
            raw.send(Self.options(to: callee.port))
            #expect((await raw.receive("SIP/2.0 200", within: .seconds(isBelieved ? 5 : 1)) != nil) == isBelieved)
            tunnel.close()
        }
        callee.endpoint.end(leg, status: 0, reason: nil)
        #expect(try await caller.event() == .ended(out, SIPEnd(.hungUp)))
        try await caller.noLegs()
        try await callee.noLegs()
        await caller.endpoint.stop()
        await callee.endpoint.stop()
    }
}

/// Waiting for the loop to go around.
@LoopActor
enum LoopTurns {
    static func next() async {
        await withCheckedContinuation { done in _ = LoopTimer.schedule(after: .milliseconds(10)) { done.resume() } }
    }
}
