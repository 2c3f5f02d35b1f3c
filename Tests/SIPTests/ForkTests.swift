import EventLoop
import Testing

@testable import SIP

@Suite("PRACKs to several forks")
struct ReliableForksTests {
    @Test("Sofia has the first fork's early dialog; each other one gets a PRACK for each response that is the next one")
    func order() {
        var forks = ReliableForks()
        #expect(forks.accept(1, of: "b", invite: 10) == nil)
        forks.receive(from: "a")
        forks.receive(from: "b")
        #expect(forks.first == "a")
        #expect(forks.accept(1, of: "a", invite: 10) == nil)
        #expect(forks.accept(1, of: "", invite: 10) == nil)
        #expect(forks.accept(7, of: "b", invite: 10) == 11)
        #expect(forks.accept(7, of: "b", invite: 10) == nil)
        #expect(forks.accept(9, of: "b", invite: 10) == nil)
        #expect(forks.accept(8, of: "b", invite: 10) == 12)
        #expect(forks.accept(3, of: "c", invite: 10) == 11)
    }

    @Test("more forks than are told apart get none, and numbers wrap")
    func bounds() {
        var forks = ReliableForks()
        forks.receive(from: "a")
        for number in 0..<LegState.Forks.most { #expect(forks.accept(.max, of: "\(number)", invite: 1) == 2) }
        #expect(forks.accept(1, of: "one more", invite: 1) == nil)
        #expect(forks.accept(0, of: "0", invite: 1) == 3)
    }
}

extension SIPTests {
    /// A proxy has forked our INVITE: responses with several To tags (RFC 3261 sections 12.1 and 13.2.2.4).
    @Suite("Forked answers")
    struct ForkTests {}
}

extension SIPTests.ForkTests {
    @Test("each fork's early description arrives; the winner's counts, also when its 200 has none")
    @LoopActor func winner() async throws {
        let call = try await RawCallee()
        for tag in ["a", "b"] {
            call.respond(183, tag: tag, body: sdp(tag))
            #expect(try await call.caller.event() == .provisional(call.leg, status: 183, phrase: "Status", sdp: sdp(tag)))
        }
        call.respond(180, tag: "c")
        #expect(try await call.caller.event() == .provisional(call.leg, status: 180, phrase: "Status", sdp: nil))
        call.respond(200, tag: "a")
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("a")))
        let ack = try #require(await call.raw.receive("ACK"))
        #expect(ack.tag(of: "To") == "a")
        try await call.finish()
    }

    @Test("a later 200 of another fork is acknowledged and hung up, as often as it comes; the call goes on", arguments: [true, false])
    @LoopActor func loser(early: Bool) async throws {
        let call = try await RawCallee()
        if early {
            call.respond(183, tag: "b", body: sdp("b"))
            _ = try await call.caller.event()
        }
        call.respond(200, tag: "a", body: sdp("a"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("a")))
        #expect(await call.raw.receive("ACK")?.tag(of: "To") == "a")
        call.respond(200, tag: "b", body: sdp("b"))
        #expect(await call.raw.receive("ACK")?.tag(of: "To") == "b")
        let bye = try #require(await call.raw.receive("BYE"))
        #expect(bye.tag(of: "To") == "b")
        call.accept(bye)
        // Repeated: the ACK was lost. No second call, no event.
        call.respond(200, tag: "a", body: sdp("a"))
        #expect(await call.raw.receive("ACK")?.tag(of: "To") == "a")
        #expect(call.caller.unread.isEmpty)
        call.caller.endpoint.offer(call.leg, sdp: sdp("more"))
        let offer = try #require(await call.raw.receive("INVITE"))
        #expect(offer.tag(of: "To") == "a")
        call.accept(offer, body: sdp("fine"))
        #expect(try await call.caller.event() == .offerAccepted(call.leg, sdp: sdp("fine")))
        try await call.finish()
    }

    @Test("two forks that answer a call which was given up are both hung up")
    @LoopActor func givenUp() async throws {
        let call = try await RawCallee()
        call.respond(180, tag: "a")
        _ = try await call.caller.event()
        call.caller.endpoint.end(call.leg, status: 0, reason: nil)
        call.accept(await call.raw.receive("CANCEL"))
        for tag in ["a", "b"] { call.respond(200, tag: tag, body: sdp(tag)) }
        var ended: Set<String> = []
        while ended.count < 2, let bye = await call.raw.receive("BYE") {
            ended.insert(bye.tag(of: "To") ?? "")
            call.accept(bye)
        }
        #expect(ended == ["a", "b"])
        try await call.stop()
    }

    @Test("many forks are bounded")
    @LoopActor func many() async throws {
        let call = try await RawCallee()
        for number in 0..<100 {
            call.respond(183, tag: "fork\(number)", body: sdp("fork\(number)"))
            _ = try await call.caller.event()
        }
        call.respond(200, tag: "fork99", body: sdp("last"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("last")))
        #expect(await call.raw.receive("ACK") != nil)
        try await call.finish()
    }

    @Test("each fork's reliable responses get their PRACK in their own early dialog, once each")
    @LoopActor func pracks() async throws {
        let call = try await RawCallee()
        func prack(_ status: Int, _ number: Int, _ tag: String, headers: [String] = []) async throws -> String {
            call.respond(status, tag: tag, headers: ["Require: 100rel", "RSeq: \(number)"] + headers)
            let prack = try #require(await call.raw.receive("PRACK"))
            #expect(prack.tag(of: "To") == tag && prack.tag(of: "From") == call.invite.tag(of: "From"))
            #expect(prack.header("Call-ID") == call.invite.header("Call-ID"))
            #expect(prack.header("RAck") == "\(number) \(call.invite.sequence) INVITE")
            call.accept(prack)
            return prack
        }
        let first = try await prack(180, 1, "a")
        let route = "<sip:127.0.0.1:\(call.raw.port);lr;n=1>"
        let other = try await prack(180, 7, "b", headers: ["Record-Route: <sip:127.0.0.1:9;lr>", "Record-Route: \(route)"])
        #expect(other.headers("Route").joined(separator: ",").hasPrefix(route))
        #expect(first.sequence == call.invite.sequence + 1 && other.sequence == call.invite.sequence + 1)
        // The response again: its PRACK is on its way, or was answered.
        call.reliable(180, 7, tag: "b")
        // Nor has one that is not the next (RFC 3262 section 4), or in which the call is not named by our tag.
        for number in [9, 6, 4_294_967_295] { call.reliable(180, number, tag: "b") }
        let tag = call.invite.tag(of: "From") ?? ""
        call.raw.send(
            rawResponse(180, "Status", to: call.invite, port: call.raw.port, tag: "c", headers: ["Require: 100rel", "RSeq: 1"])
                .replacing(tag, with: "foreign"))
        #expect(try await prack(180, 8, "b").sequence == other.sequence + 1)
        #expect(try await prack(180, 2, "a").sequence == first.sequence + 1)
        call.respond(200, tag: "a", body: sdp("a"))
        #expect(await call.raw.receive("ACK") != nil)
        for _ in 0..<2 { guard case .provisional = try await call.caller.event() else { return #expect(Bool(false)) } }
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("a")))
        try await call.finish()
    }

    @Test("a reliable response binds the call to its fork: a 200 of another is hung up")
    @LoopActor func reliable() async throws {
        let call = try await RawCallee()
        call.reliable(183, 1, tag: "a", body: sdp("a"))
        _ = try await call.caller.event()
        call.accept(await call.raw.receive("PRACK"))
        call.respond(200, tag: "b", body: sdp("b"))
        #expect(await call.raw.receive("ACK")?.tag(of: "To") == "b")
        let bye = try #require(await call.raw.receive("BYE"))
        #expect(bye.tag(of: "To") == "b")
        call.accept(bye)
        call.respond(200, tag: "a", body: sdp("a"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("a")))
        #expect(await call.raw.receive("ACK")?.tag(of: "To") == "a")
        try await call.finish()
    }
}
