import EventLoop
import Foundation
import SIP
import SIPNames
import Testing

/// How many file descriptors this process has open.
func openDescriptors() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1
}

extension SIPTests {
    @Suite("Starting and stopping")
    struct LifeTests {}
}

extension SIPTests.LifeTests {
    @Test("an endpoint starts and stops many times, with calls in every state, and gives every descriptor back")
    @LoopActor func manyTimes() async throws {
        // The first round makes what the process keeps.
        var before = 0
        for round in 0..<12 {
            if round == 2 { before = openDescriptors() }
            let caller = try RecordedEndpoint { $0.stopLimit = .milliseconds(500) }
            let callee = try RecordedEndpoint { $0.stopLimit = .milliseconds(500) }
            let (out, leg) = try await establish(caller, callee, round % 2 == 0 ? .udp : .tcp)
            // One that only rings, one that nobody has decided about, one with an offer under way.
            let request = SIPInviteRequest(target: callee.uri("x"), fromUser: "a", sdp: sdp("offer"))
            _ = caller.endpoint.invite(request)
            let ringing = try await callee.incoming().leg
            callee.endpoint.ring(ringing, status: 180, sdp: nil)
            _ = try await caller.event()
            _ = caller.endpoint.invite(request)
            _ = try await callee.incoming()
            callee.endpoint.offer(leg, sdp: sdp("more"))
            #expect(try await caller.event() == .offer(out, sdp: sdp("more")))
            await callee.endpoint.stop()
            #expect(callee.endpoint.openLegs == 0)
            #expect(callee.endpoint.listening.isEmpty)
            await caller.endpoint.stop()
            #expect(caller.endpoint.openLegs == 0)
        }
        #expect(openDescriptors() == before)
    }

    @Test("stopping tells the core of each call that was alive, and the peers hear it")
    @LoopActor func stopping() async throws {
        let caller = try RecordedEndpoint()
        let callee = try RecordedEndpoint()
        let (out, leg) = try await establish(caller, callee)
        let second = caller.endpoint.invite(SIPInviteRequest(
            target: callee.uri("x"), fromUser: "a", sdp: sdp("offer")))
        let ringing = try await callee.incoming().leg
        await callee.endpoint.stop()
        let stopped = [try await callee.event(), try await callee.event()]
        #expect(Set(stopped) == [.ended(leg, SIPEnd(.stopped)), .ended(ringing, SIPEnd(.stopped))])
        let heard = [try await caller.event(), try await caller.event()]
        #expect(Set(heard) == [
            .ended(out, SIPEnd(.hungUp)),
            .rejected(second, status: 480, phrase: "Temporarily Unavailable", reason: nil),
        ])
        try await caller.noLegs()
        await caller.endpoint.stop()
        await caller.endpoint.stop()
    }

    @Test("stopping with a peer that says nothing takes no longer than its limit")
    @LoopActor func stoppingInVain() async throws {
        let raw = try RawPeer()
        let caller = try RecordedEndpoint { $0.stopLimit = .milliseconds(200) }
        _ = caller.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: sdp("offer")))
        let begin = ContinuousClock.now
        await caller.endpoint.stop()
        #expect(ContinuousClock.now - begin < .seconds(2))
        #expect(caller.endpoint.openLegs == 0)
    }

    @Test("an endpoint that was stopped starts again and takes calls")
    @LoopActor func startedAgain() async throws {
        let callee = try RecordedEndpoint()
        await callee.endpoint.stop()
        try callee.endpoint.start()
        #expect(throws: SIPError.alreadyStarted) { try callee.endpoint.start() }
        let caller = try RecordedEndpoint()
        let (out, leg) = try await establish(caller, callee)
        caller.endpoint.end(out, status: 0, reason: nil)
        #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        try await caller.noLegs()
        await caller.endpoint.stop()
        await callee.endpoint.stop()
        let late = caller.endpoint.invite(SIPInviteRequest(target: "sip:x@127.0.0.1", fromUser: "a", sdp: nil))
        guard case .rejected(late, 503, _, _) = try await caller.event() else {
            Issue.record("a stopped endpoint called")
            return
        }
    }

    @Test("a busy port is told by its address", arguments: [ListenAddress.Transport.udp, .tcp])
    @LoopActor func busyPort(transport: ListenAddress.Transport) async throws {
        let first = try RecordedEndpoint([transport])
        let before = openDescriptors()
        let address = ListenAddress(transport: transport, address: "127.0.0.1", port: first.port)
        let free = ListenAddress(transport: .udp, address: "127.0.0.1", port: 0)
        let second = SIPEndpoint(
            configuration: SIPEndpointConfiguration(listen: [free, address], domain: "x")) { _ in }
        #expect(throws: SIPError.cannotListen(address, reason: "Address already in use")) { try second.start() }
        #expect(second.listening.isEmpty)
        try await eventually(within: .seconds(20), "the sockets to close") { openDescriptors() == before }
        await first.endpoint.stop()
    }

    @Test("addresses that cannot be are refused", arguments: [
        ("999.1.1.1", 5_060), ("localhost", 5_060), ("127.0.0.1", 70_000), ("127.0.0.1", -1), ("", 5_060),
    ])
    @LoopActor func badAddress(address: String, port: Int) {
        let listen = ListenAddress(transport: .udp, address: address, port: port)
        let endpoint = SIPEndpoint(configuration: SIPEndpointConfiguration(listen: [listen], domain: "x")) { _ in }
        #expect(throws: SIPError.badAddress(listen)) { try endpoint.start() }
        let none = SIPEndpoint(configuration: SIPEndpointConfiguration(listen: [], domain: "x")) { _ in }
        #expect(throws: SIPError.nothingToListenOn) { try none.start() }
    }

    @Test("an address of another host is refused with the system's reason")
    @LoopActor func foreignAddress() {
        let listen = ListenAddress(transport: .tcp, address: "192.0.2.1", port: 5_060)
        let endpoint = SIPEndpoint(configuration: SIPEndpointConfiguration(listen: [listen], domain: "x")) { _ in }
        #expect(throws: SIPError.cannotListen(listen, reason: "Cannot assign requested address")) { try endpoint.start() }
    }

    @Test("several addresses, each with its own transports, all take calls")
    @LoopActor func severalAddresses() async throws {
        let callee = try RecordedEndpoint([]) {
            $0.listen = [
                ListenAddress(transport: .udp, address: "127.0.0.1", port: 0),
                ListenAddress(transport: .udp, address: "127.0.0.2", port: 0),
                ListenAddress(transport: .tcp, address: "127.0.0.3", port: 0),
                ListenAddress(transport: .udp, address: "0.0.0.0", port: 0),
            ]
        }
        #expect(callee.endpoint.listening.map(\.transport) == [.udp, .udp, .tcp, .udp])
        #expect(callee.endpoint.listening.allSatisfy { $0.port > 0 })
        let caller = try RecordedEndpoint()
        for listen in callee.endpoint.listening {
            let host = listen.address == "0.0.0.0" ? "127.0.0.1" : listen.address
            let out = caller.endpoint.invite(SIPInviteRequest(
                target: "sip:x@\(host):\(listen.port);transport=\(listen.transport.rawValue)", fromUser: "a",
                sdp: sdp("offer")))
            let leg = try await callee.incoming().leg
            callee.endpoint.answer(leg, sdp: sdp("answer"))
            #expect(try await caller.event() == .answered(out, sdp: sdp("answer")))
            #expect(try await callee.event() == .established(leg))
            // The caller's BYE finds the way by our Contact.
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
        try await caller.noLegs()
        await caller.endpoint.stop()
        await callee.endpoint.stop()
    }

    @Test("IPv6 works where the host has it", .enabled(if: hasIPv6))
    @LoopActor func ipv6() async throws {
        func endpoint() throws -> RecordedEndpoint {
            try RecordedEndpoint([]) {
                $0.listen = [
                    ListenAddress(transport: .udp, address: "::1", port: 0),
                    ListenAddress(transport: .tcp, address: "::1", port: 0),
                ]
            }
        }
        let caller = try endpoint()
        let callee = try endpoint()
        let out = caller.endpoint.invite(SIPInviteRequest(
            target: "sip:x@[::1]:\(callee.port)", fromUser: "a", sdp: sdp("offer")))
        let (leg, invite) = try await callee.incoming()
        #expect(invite.source == "[::1]:\(caller.port)")
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        #expect(try await caller.event() == .answered(out, sdp: sdp("answer")))
        #expect(try await callee.event() == .established(leg))
        callee.endpoint.end(leg, status: 0, reason: nil)
        #expect(try await caller.event() == .ended(out, SIPEnd(.hungUp)))
        try await callee.noLegs()
        await caller.endpoint.stop()
        await callee.endpoint.stop()
    }

    static var hasIPv6: Bool { FileManager.default.fileExists(atPath: "/proc/sys/net/ipv6/conf/lo") }
}
