import EventLoop
import Glibc
import SIP
import SIPNames
import Testing

extension SIPTests {
    @Suite("Datagrams and connections")
    struct TransportTests {}
}

extension SIPTests.TransportTests {
    /// More than a datagram of 1,300 bytes holds.
    static let long = sdp("long") + String(repeating: "a=x-padding:0123456789012345678901234567890123456789\r\n", count: 40)

    @Test("an INVITE over 1,300 bytes goes by TCP, by UDP to a peer that refuses that, and where we have no TCP", arguments: [
        ([ListenAddress.Transport.udp, .tcp], [ListenAddress.Transport.udp, .tcp], ListenAddress.Transport.tcp),
        ([.udp, .tcp], [.udp], .udp), ([.udp], [.udp, .tcp], .udp),
    ])
    @LoopActor func tooBigForUDP(
        ours: [ListenAddress.Transport], theirs: [ListenAddress.Transport], used: ListenAddress.Transport
    ) async throws {
        let (caller, callee) = (try RecordedEndpoint(ours), try RecordedEndpoint(theirs))
        let out = caller.endpoint.invite(SIPInviteRequest(target: callee.uri("bob"), fromUser: "alice", sdp: Self.long))
        let (leg, invite) = try await callee.incoming()
        #expect(invite.transport == used)
        #expect(invite.sdp == Self.long)
        callee.endpoint.answer(leg, sdp: Self.long)
        #expect(try await caller.event() == .answered(out, sdp: Self.long))
        #expect(try await callee.event() == .established(leg))
        caller.endpoint.offer(out, sdp: Self.long + "a=again\r\n")
        #expect(try await callee.event() == .offer(leg, sdp: Self.long + "a=again\r\n"))
        callee.endpoint.acceptOffer(leg, sdp: nil)
        #expect(try await caller.event() == .offerAccepted(out, sdp: Self.long))
        callee.endpoint.end(leg, status: 0, reason: nil)
        #expect(try await caller.event() == .ended(out, SIPEnd(.hungUp)))
        try await caller.noLegs()
        try await callee.noLegs()
        await caller.endpoint.stop()
        await callee.endpoint.stop()
    }

    @Test("an INVITE that a datagram holds goes by UDP")
    @LoopActor func small() async throws {
        try await withPair { caller, callee in
            let out = caller.endpoint.invite(SIPInviteRequest(target: callee.uri("bob"), fromUser: "a", sdp: sdp("small")))
            let (leg, invite) = try await callee.incoming()
            #expect(invite.transport == .udp)
            callee.endpoint.reject(leg, SIPResponse(status: 486))
            #expect(try await caller.event() == .rejected(out, status: 486, phrase: "Busy Here", reason: nil))
        }
    }

    @Test("an idle connection is closed; one with a call under way by its own bound as well, and the BYE opens a new one")
    @LoopActor func idle() async throws {
        let listener = try RawListener()
        let callee = try RecordedEndpoint { $0.idleConnectionLimit = .milliseconds(200) }
        let raw = try RawPeer(talkingTo: callee.port, tcp: true)
        var request = RawRequest(to: callee.port, from: listener.port)
        request.transport = "TCP"
        request.body = sdp("offer")
        raw.send(request.text)
        let leg = try await callee.incoming().leg
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw.receive("SIP/2.0 200"))
        raw.send(request.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await callee.event() == .established(leg))
        try await eventually(within: .seconds(20), "the connection to be closed") { raw.isClosed }
        #expect(callee.unread.isEmpty)
        callee.endpoint.end(leg, status: 0, reason: nil)
        let again = try await listener.connection()
        let bye = try #require(await again.receive("BYE"))
        again.send(rawResponse(200, "OK", to: bye, port: listener.port))
        try await callee.noLegs()
        await callee.endpoint.stop()
    }

    @Test("a peer that closes its connection during a call: our requests open a new one", arguments: [true, false])
    @LoopActor func closedByPeer(calling: Bool) async throws {
        let listener = try RawListener()
        let endpoint = try RecordedEndpoint()
        let leg: SIPLegID
        let raw: RawPeer
        if calling {
            leg = endpoint.endpoint.invite(SIPInviteRequest(
                target: "sip:bob@127.0.0.1:\(listener.port);transport=tcp", fromUser: "alice", sdp: sdp("offer")))
            raw = try await listener.connection()
            let invite = try #require(await raw.receive("INVITE"))
            raw.send(rawResponse(200, "OK", to: invite, port: listener.port, body: sdp("answer"), tcp: true))
            #expect(try await endpoint.event() == .answered(leg, sdp: sdp("answer")))
            #expect(await raw.receive("ACK") != nil)
        } else {
            raw = try RawPeer(talkingTo: endpoint.port, tcp: true)
            var request = RawRequest(to: endpoint.port, from: listener.port)
            request.transport = "TCP"
            request.body = sdp("offer")
            raw.send(request.text)
            leg = try await endpoint.incoming().leg
            endpoint.endpoint.answer(leg, sdp: sdp("answer"))
            let answer = try #require(await raw.receive("SIP/2.0 200"))
            raw.send(request.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
            #expect(try await endpoint.event() == .established(leg))
        }
        raw.hangUpConnection()
        // The endpoint has to have seen the end of it, or the request goes down the old connection.
        let probe = try RawPeer(talkingTo: endpoint.port)
        probe.send(RawRequest("OPTIONS", to: endpoint.port, from: probe.port).text)
        #expect(await probe.receive("SIP/2.0 200") != nil)
        endpoint.endpoint.offer(leg, sdp: sdp("more"))
        let again = try await listener.connection()
        let offer = try #require(await again.receive("INVITE"))
        again.send(rawResponse(200, "OK", to: offer, port: listener.port, body: sdp("fine"), tcp: true))
        #expect(try await endpoint.event() == .offerAccepted(leg, sdp: sdp("fine")))
        #expect(await again.receive("ACK") != nil)
        endpoint.endpoint.end(leg, status: 0, reason: nil)
        let bye = try #require(await again.receive("BYE"))
        again.send(rawResponse(200, "OK", to: bye, port: listener.port))
        try await endpoint.noLegs()
        #expect(endpoint.unread.isEmpty)
        await endpoint.endpoint.stop()
    }

    @Test("a keepalive over a connection gets its answer, in a datagram none, and both are alive afterwards (RFC 5626)")
    @LoopActor func keepalive() async throws {
        let endpoint = try RecordedEndpoint()
        for tcp in [true, false] {
            let raw = try RawPeer(talkingTo: endpoint.port, tcp: tcp)
            raw.send("\r\n\r\n")
            if tcp { try await eventually(within: .seconds(20), "a pong") { raw.takeLineEnd() } }
            var request = RawRequest("OPTIONS", to: endpoint.port, from: raw.port)
            request.transport = tcp ? "TCP" : "UDP"
            raw.send(request.text)
            #expect(await raw.receive()?.hasPrefix("SIP/2.0 200") == true)
        }
        await endpoint.endpoint.stop()
    }

    @Test("half a message: the connection is closed in bounded time", arguments: [
        "OPT", "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1\r\n",
        "INVITE sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\n"
            + "Call-ID: half\r\nCSeq: 1 INVITE\r\nContent-Length: 500\r\n\r\nv=0\r\n",
    ])
    @LoopActor func half(message: String) async throws {
        let callee = try RecordedEndpoint {
            $0.partialMessageLimit = .milliseconds(200)
            $0.idleConnectionLimit = .milliseconds(400)
        }
        let raw = try RawPeer(talkingTo: callee.port, tcp: true)
        raw.send(message)
        try await eventually(within: .seconds(20), "the connection to be closed") {
            while raw.takeAll() {}
            return raw.isClosed
        }
        #expect(callee.unread.isEmpty)
        #expect(callee.endpoint.openLegs == 0)
        await callee.endpoint.stop()
    }

    @Test("headers without an end: the connection is closed after a bounded number of bytes")
    @LoopActor func endless() async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port, tcp: true)
        raw.send("OPTIONS sip:x@127.0.0.1 SIP/2.0\r\n")
        let line = String(repeating: "X-Filler: 0123456789012345678901234567890123456789\r\n", count: 100)
        var sent = 0
        try await eventually(within: .seconds(10), "the connection to be closed") {
            raw.send(line)
            sent += line.utf8.count
            while raw.takeAll() {}
            return raw.isClosed || sent > 5_000_000
        }
        #expect(sent < 1_000_000)
        await callee.endpoint.stop()
    }
}

extension SIPTests {
    /// More than the system keeps for a socket by default, 212,992 bytes on most: a datagram of this size counts for more than 2 kB.
    @Suite("Bursts", .enabled(if: systemLimit >= 2_097_152, "the system's net.core.rmem_max is too small"))
    struct BurstTests {}
}

extension SIPTests.BurstTests {
    @Test("500 INVITEs that come in one instant are all heard")
    @LoopActor func invites() async throws {
        let count = 500
        let callee = try RecordedEndpoint([.udp]) { ($0.t1x64, $0.overload.setUps) = (.milliseconds(400), count) }
        let peer = try RawPeer(talkingTo: callee.port)
        // Nothing is read while this runs: it is on the loop.
        for number in 0..<count {
            var request = RawRequest(to: callee.port, from: peer.port)
            request.callID = "burst-\(number)"
            request.body = sdp("burst") + String(repeating: "a=x-padding:0123456789\r\n", count: 30)
            peer.send(request.text)
        }
        var legs: [SIPLegID] = []
        for _ in 0..<count { legs.append(try await callee.incoming().leg) }
        #expect(Set(legs).count == count)
        for leg in legs { callee.endpoint.reject(leg, SIPResponse(status: 486)) }
        try await callee.noLegs()
        await callee.endpoint.stop()
    }
}

/// The most that a socket's buffer may have, in bytes.
private let systemLimit: Int = {
    guard let file = fopen("/proc/sys/net/core/rmem_max", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 32)
    guard fgets(&line, 32, file) != nil else { return 0 }
    return strtol(line, nil, 10)
}()
