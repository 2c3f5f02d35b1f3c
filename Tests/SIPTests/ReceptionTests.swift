import EventLoop
import Foundation
import Glibc
import Testing

@testable import SIP

extension SIPTests {
    @Suite("Requests before transactions")
    struct ReceptionTests {}
}

/// Bytes that are allocated, in all arenas (malloc_info(3)). What the process has of the system says nothing once other tests have left free memory.
private var memory: Int {
    var text: UnsafeMutablePointer<CChar>?, length = 0
    guard let file = open_memstream(&text, &length) else { return 0 }
    // Of <malloc.h>, which the module Glibc leaves out.
    typealias Info = @convention(c) (CInt, UnsafeMutablePointer<FILE>) -> CInt
    _ = dlsym(nil, "malloc_info").map { unsafeBitCast($0, to: Info.self)(0, file) }
    fclose(file)
    defer { free(text) }
    // The sums are behind the arenas: what there is, less what is free.
    let sums = text.map { String(cString: $0) }?.components(separatedBy: "</heap>").last ?? ""
    func size(_ element: String) -> Int {
        let line = sums.split(separator: "\n").first { $0.hasPrefix("<\(element)") }
        return line?.components(separatedBy: "size=\"").last.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
    }
    return size("system type=\"current\"") + size("total type=\"mmap\"") - size("total type=\"fast\"") - size("total type=\"rest\"")
}

extension SIPTests.ReceptionTests {
    // MARK: Memory

    /// What a request leaves in memory, in bytes, after it was answered; of two thousand, after as many others.
    @LoopActor
    private func cost(of method: String, at endpoint: SIPEndpoint, _ raw: RawPeer) async throws -> Int {
        let port = endpoint.listening.first?.port ?? 0
        var before = 0
        for round in 0..<2 {
            if round == 1 { before = memory }
            for _ in 0..<100 {
                for _ in 0..<20 { raw.send(RawRequest(method, to: port, from: raw.port).text) }
                for _ in 0..<20 { #expect(await raw.receive() != nil) }
            }
        }
        return (memory - before) / 2_000
    }

    @Test("an OPTIONS, a REGISTER without credentials and what is not served leave nothing once they are answered")
    @LoopActor func leavesNothing() async throws {
        let endpoint = SIPEndpoint(configuration: SIPEndpointConfiguration(
            listen: [.init(transport: .udp, address: "127.0.0.1", port: 0)], domain: "tern.test")) { _ in }
        endpoint.onRegister = { _, reply in reply.respond(SIPResponse(status: 401, headers: [("WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\"")])) }
        try endpoint.start()
        let raw = try RawPeer(talkingTo: endpoint.listening.first?.port)
        // With credentials it has a transaction, which keeps it for half a minute: the measure of what is saved.
        let kept = try await cost(of: "REGISTER", at: endpoint, raw)
        endpoint.mayAuthenticate = { _ in false }
        for method in ["OPTIONS", "REGISTER", "MESSAGE", "SUBSCRIBE", "INFO"] {
            let cost = try await cost(of: method, at: endpoint, raw)
            #expect(cost * 10 < kept, "\(method) leaves \(cost) bytes, one with a transaction \(kept)")
        }
        await endpoint.stop()
    }

    // MARK: New calls

    private func invite(to endpoint: RecordedEndpoint, from raw: RawPeer) async -> RawRequest {
        var request = await RawRequest(to: endpoint.port, from: raw.port)
        request.body = sdp("offer")
        return request
    }

    @Test("an INVITE beyond the calls in set-up is refused 503 with Retry-After; when it comes again it gets the same, and its ACK no answer")
    @LoopActor func shed() async throws {
        let callee = try RecordedEndpoint([.udp]) { $0.overload.setUps = 1 }
        let raw = try RawPeer(talkingTo: callee.port)
        let first = await invite(to: callee, from: raw), second = await invite(to: callee, from: raw)
        raw.send(first.text)
        let leg = try await callee.incoming().leg
        raw.send(second.text)
        let refusal = try #require(await raw.receive("SIP/2.0 503"))
        let seconds = try #require(refusal.header("Retry-After").flatMap { Int($0) })
        #expect((1...60).contains(seconds))
        #expect(refusal.header("Call-ID") == second.callID && refusal.header("Via")?.contains("received=127.0.0.1") == true)
        #expect(callee.endpoint.openLegs == 1)
        // There is room now, but its caller may have got the refusal.
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw.receive("SIP/2.0 200"))
        raw.send(first.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await callee.event() == .established(leg))
        raw.send(second.text)
        let again = try #require(await raw.receive("SIP/2.0 "))
        #expect(again == refusal)
        raw.send(second.then("ACK", sequence: 1, toTag: refusal.tag(of: "To"), branch: second.branch).text)
        let third = await invite(to: callee, from: raw)
        raw.send(third.text)
        let another = try await callee.incoming().leg
        #expect(another != leg)
        callee.endpoint.reject(another, SIPResponse(status: 486))
        #expect(await raw.receive("SIP/2.0 486") != nil)
        raw.send(first.then("BYE", sequence: 2, toTag: answer.tag(of: "To")).text)
        #expect(await raw.receive("SIP/2.0 200") != nil)
        #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        #expect(callee.unread.isEmpty && callee.endpoint.load.refusedInLastMinute == 1)
        await callee.endpoint.stop()
    }

    @Test("a call that rings, or goes on to others, is no longer in set-up", arguments: [true, false])
    @LoopActor func ringing(rings: Bool) async throws {
        let callee = try RecordedEndpoint([.udp]) { $0.overload.setUps = 1 }
        let raw = try RawPeer(talkingTo: callee.port)
        let request = await invite(to: callee, from: raw)
        raw.send(request.text)
        let leg = try await callee.incoming().leg
        #expect(callee.endpoint.load.setUps == 1)
        if rings { callee.endpoint.ring(leg, status: 180, sdp: nil) } else { callee.endpoint.proceed(leg) }
        #expect(callee.endpoint.load.setUps == 0)
        let second = await invite(to: callee, from: raw)
        raw.send(second.text)
        let other = try await callee.incoming().leg
        for leg in [leg, other] { callee.endpoint.reject(leg, SIPResponse(status: 486)) }
        #expect(callee.endpoint.load.setUps == 0)
        await callee.endpoint.stop()
    }

    @Test("what belongs to calls is dealt with before new calls that came first")
    @LoopActor func order() async throws {
        let callee = try RecordedEndpoint([.udp])
        let raw = try RawPeer(talkingTo: callee.port)
        let call = await invite(to: callee, from: raw)
        raw.send(call.text)
        let leg = try await callee.incoming().leg
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw.receive("SIP/2.0 200"))
        let others = (0..<20).map { _ in
            var request = RawRequest(to: callee.port, from: raw.port)
            request.body = sdp("offer")
            return request.text
        }
        // Nothing is read while this runs: it is on the loop.
        for text in others { raw.send(text) }
        raw.send(call.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        raw.send(call.then("BYE", sequence: 2, toTag: answer.tag(of: "To")).text)
        #expect(try await callee.event() == .established(leg))
        #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        for _ in 0..<20 {
            let leg = try await callee.incoming().leg
            callee.endpoint.reject(leg, SIPResponse(status: 486))
        }
        await callee.endpoint.stop()
    }

    // MARK: Remote targets

    @Test("an INVITE whose Contact is no SIP URI is refused: a BYE would find no way", arguments: ["tel:+123", "http://192.0.2.1/", "urn:service:sos"])
    @LoopActor func otherContact(uri: String) async throws {
        let callee = try RecordedEndpoint([.udp])
        let raw = try RawPeer(talkingTo: callee.port)
        let request = await invite(to: callee, from: raw)
        raw.send(request.text.replacingOccurrence("Contact: <sip:raw@127.0.0.1:\(raw.port)>", with: "Contact: <\(uri)>"))
        #expect(await raw.receive("SIP/2.0 400") != nil)
        #expect(callee.unread.isEmpty && callee.endpoint.openLegs == 0)
        await callee.endpoint.stop()
    }

    @Test("a 200 whose Contact is no SIP URI is no way to anywhere: its call can be hung up all the same")
    @LoopActor func otherContactInResponse() async throws {
        let call = try await RawCallee()
        call.raw.send(
            rawResponse(200, "OK", to: call.invite, port: call.raw.port, body: sdp("answer"))
                .replacingOccurrence("Contact: <sip:raw@127.0.0.1:\(call.raw.port)>", with: "Contact: <tel:+123>"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
        try await call.finish()
    }

    // MARK: Strangers

    @Test("a stranger who is one too many is challenged without a transaction, each time; the ACK shows that it is there")
    @LoopActor func challenge() async throws {
        let callee = try RecordedEndpoint([.udp])
        SilentSources.forgetAll()
        var seen: [Bool] = []
        callee.endpoint.onNewCall = { call, wasChallenged in
            seen.append(call.isProven)
            guard call.authorizations.isEmpty else { return SIPNewCall.Screening(isKnown: true) }
            let challenge = SIPResponse(status: 401, headers: [("WWW-Authenticate", "Digest realm=\"r\", nonce=\"\(seen.count)\"")])
            return SIPNewCall.Screening(isKnown: false, challenge: challenge)
        }
        let raw = try RawPeer(talkingTo: callee.port)
        var request = await invite(to: callee, from: raw)
        raw.send(request.text)
        let first = try #require(await raw.receive("SIP/2.0 401"))
        raw.send(request.text)
        let second = try #require(await raw.receive("SIP/2.0 401"))
        #expect(first.tag(of: "To") == second.tag(of: "To"))
        raw.send(request.then("ACK", sequence: 1, toTag: first.tag(of: "To"), branch: request.branch).text)
        request.sequence = 2
        request.branch = "z9hG4bK-with-credentials"
        request.headers = ["Authorization: Digest username=\"a\", realm=\"r\", nonce=\"1\", uri=\"sip:x\", response=\"0\""]
        raw.send(request.text)
        let leg = try await callee.incoming().leg
        callee.endpoint.reject(leg, SIPResponse(status: 486))
        #expect(seen.first == false && seen.last == true)
        await callee.endpoint.stop()
    }

    /// The 200s and BYEs that a caller gets who acknowledges nothing.
    @LoopActor
    private func unacknowledged(_ callee: RecordedEndpoint, _ raw: RawPeer) async throws -> (answers: Int, byes: Int) {
        let request = await invite(to: callee, from: raw)
        raw.send(request.text)
        let leg = try await callee.incoming().leg
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        #expect(try await callee.event() == .ended(leg, SIPEnd(.acknowledgementLost)))
        try await callee.noLegs()
        var counts = (answers: 0, byes: 0)
        while let message = raw.take() {
            if message.hasPrefix("SIP/2.0 200") { counts.answers += 1 }
            if message.hasPrefix("BYE ") { counts.byes += 1 }
        }
        return counts
    }

    @Test("who has never answered gets a 200 three times and a BYE twice; who has acknowledged a call before, as often as RFC 3261 says")
    @LoopActor func silentSources() async throws {
        let callee = try RecordedEndpoint([.udp]) { ($0.t1, $0.t1x64) = (.milliseconds(20), .milliseconds(1_280)) }
        SilentSources.forgetAll()
        let raw = try RawPeer(talkingTo: callee.port)
        let silent = try await unacknowledged(callee, raw)
        #expect(silent == (3, 2))
        let call = await invite(to: callee, from: raw)
        raw.send(call.text)
        let leg = try await callee.incoming().leg
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw.receive("SIP/2.0 200"))
        raw.send(call.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await callee.event() == .established(leg))
        raw.send(call.then("BYE", sequence: 2, toTag: answer.tag(of: "To")).text)
        #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        _ = await raw.receive("SIP/2.0 200")
        let known = try await unacknowledged(callee, raw)
        #expect(known.answers > 4 && known.byes > 4, "\(known)")
        await callee.endpoint.stop()
    }

    /// Sends an INVITE from an address that answers nothing, and another one from an address that has acknowledged a call; `respond` answers both. When the second
    /// has got `message` five times, the first would have as well.
    ///
    /// - Returns: How often the first has got it.
    @LoopActor
    private func repetitions(
        of message: String, supported: Bool = false, _ respond: @LoopActor (RecordedEndpoint, SIPLegID) async throws -> Void
    ) async throws -> Int {
        let callee = try RecordedEndpoint([.udp]) { ($0.t1, $0.t1x64) = (.milliseconds(20), .milliseconds(1_280)) }
        SilentSources.forgetAll()
        SilentSources.prove("127.0.0.3", at: .now)
        let silent = try RawPeer(talkingTo: callee.port, host: 2), proven = try RawPeer(talkingTo: callee.port, host: 3)
        for peer in [silent, proven] {
            var request = await invite(to: callee, from: peer)
            if supported { request.headers = ["Require: 100rel"] }
            peer.send(request.text)
            try await respond(callee, try await callee.incoming().leg)
        }
        for _ in 0..<5 { #expect(await proven.receive(message) != nil) }
        var count = 0
        while let text = silent.take() { count += text.hasPrefix(message) ? 1 : 0 }
        await callee.endpoint.stop()
        return count
    }

    @Test("a refusal goes three times to an address that has never answered", arguments: [302, 404, 486, 603])
    @LoopActor func refusals(status: Int) async throws {
        let count = try await repetitions(of: "SIP/2.0 \(status)") { callee, leg in callee.endpoint.reject(leg, SIPResponse(status: status)) }
        #expect(count == 3)
    }

    @Test("so does a response that waits for a PRACK")
    @LoopActor func reliableResponses() async throws {
        let count = try await repetitions(of: "SIP/2.0 183", supported: true) { callee, leg in callee.endpoint.ring(leg, status: 183, sdp: sdp("early")) }
        #expect(count == 3)
    }

    @Test("an INVITE that comes again gets its response once more, as often as a client repeats it, and the timers' copies are as many as without it", arguments: [200, 486])
    @LoopActor func askedAgain(status: Int) async throws {
        let callee = try RecordedEndpoint([.udp]) { ($0.t1, $0.t1x64) = (.milliseconds(100), .milliseconds(6_400)) }
        SilentSources.forgetAll()
        let raw = try RawPeer(talkingTo: callee.port, host: 2)
        let request = await invite(to: callee, from: raw), message = "SIP/2.0 \(status)"
        raw.send(request.text)
        let leg = try await callee.incoming().leg
        if status == 200 { callee.endpoint.answer(leg, sdp: sdp("answer")) } else { callee.endpoint.reject(leg, SIPResponse(status: status)) }
        // Nothing but these goes out while this runs: the timers' first repetition comes later.
        for _ in 0..<4 { raw.send(request.text) }
        for _ in 0..<5 { #expect(await raw.receive(message) != nil) }
        // The timers' second and third.
        for _ in 0..<2 { #expect(await raw.receive(message) != nil) }
        #expect(await raw.receive(message, within: .milliseconds(1_000)) == nil)
        // Of seven for requests three are left.
        for _ in 0..<20 { raw.send(request.text) }
        for _ in 0..<3 { #expect(await raw.receive(message) != nil) }
        #expect(await raw.receive(message, within: .milliseconds(500)) == nil)
        await callee.endpoint.stop()
    }

    @Test("a refusal without a transaction goes once for each INVITE, as often as a client repeats it")
    @LoopActor func askedWithoutTransaction() async throws {
        let callee = try RecordedEndpoint([.udp])
        SilentSources.forgetAll()
        callee.endpoint.onNewCall = { _, _ in
            SIPNewCall.Screening(isKnown: false, challenge: SIPResponse(status: 401, headers: [("WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\"")]))
        }
        let raw = try RawPeer(talkingTo: callee.port, host: 2)
        let request = await invite(to: callee, from: raw)
        for _ in 0..<20 { raw.send(request.text) }
        for _ in 0..<7 { #expect(await raw.receive("SIP/2.0 401") != nil) }
        #expect(await raw.receive(within: .milliseconds(500)) == nil)
        await callee.endpoint.stop()
    }

    @Test("and a refusal before there is a leg")
    @LoopActor func refusalsOfTheEndpoint() async throws {
        let callee = try RecordedEndpoint([.udp]) { ($0.t1, $0.t1x64) = (.milliseconds(20), .milliseconds(1_280)) }
        SilentSources.forgetAll()
        SilentSources.prove("127.0.0.3", at: .now)
        let silent = try RawPeer(talkingTo: callee.port, host: 2), proven = try RawPeer(talkingTo: callee.port, host: 3)
        for peer in [silent, proven] {
            var request = await invite(to: callee, from: peer)
            request.maxForwards = "0"
            peer.send(request.text)
        }
        for _ in 0..<5 { #expect(await proven.receive("SIP/2.0 483") != nil) }
        var count = 0
        while let text = silent.take() { count += text.hasPrefix("SIP/2.0 483") ? 1 : 0 }
        #expect(count == 3)
        await callee.endpoint.stop()
    }

    @Test("the tag of a response cannot be known from former ones: 128 bits by chance")
    @LoopActor func tags() async throws {
        let callee = try RecordedEndpoint([.udp])
        let raw = try RawPeer(talkingTo: callee.port)
        var tags: Set<String> = []
        for _ in 0..<4 {
            raw.send(await invite(to: callee, from: raw).text)
            let leg = try await callee.incoming().leg
            callee.endpoint.reject(leg, SIPResponse(status: 486))
            let tag = try #require(await raw.receive("SIP/2.0 486")?.tag(of: "To"))
            #expect(tag.count == 32 && tag.allSatisfy(\.isHexDigit), "\(tag)")
            tags.insert(tag)
        }
        let numbers = tags.compactMap { UInt64($0.prefix(16), radix: 16) }.sorted()
        #expect(Set(zip(numbers, numbers.dropFirst()).map { $1 - $0 }).count == 3)
        await callee.endpoint.stop()
    }

    @Test("an address that brings a nonce which was made for it has answered")
    @LoopActor func nonces() async throws {
        let callee = try RecordedEndpoint([.udp]) { ($0.t1, $0.t1x64) = (.milliseconds(20), .milliseconds(1_280)) }
        SilentSources.forgetAll()
        callee.endpoint.onNewCall = { call, _ in SIPNewCall.Screening(isKnown: true, hasCredentials: !call.authorizations.isEmpty) }
        let raw = try RawPeer(talkingTo: callee.port, host: 2)
        var request = await invite(to: callee, from: raw)
        request.headers = ["Authorization: Digest username=\"a\", realm=\"r\", nonce=\"1\", uri=\"sip:x\", response=\"0\""]
        raw.send(request.text)
        callee.endpoint.reject(try await callee.incoming().leg, SIPResponse(status: 404))
        for _ in 0..<5 { #expect(await raw.receive("SIP/2.0 404") != nil) }
        await callee.endpoint.stop()
    }
}
