import EventLoop
import SIP
import TestRandom
import Testing

extension SIPTests {
    /// Messages that are wrong, in the manner of RFC 4475: each gets an error or silence, and the next call works.
    @Suite("Hostile and malformed input")
    struct HostileTests {}
}

/// A message, and how the answer to it begins; nil is silence.
struct Torture: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let answer: String?
    let make: @Sendable (RawRequest) -> [UInt8]

    init(_ name: String, _ answer: String?, _ make: @escaping @Sendable (RawRequest) -> String) {
        testDescription = name
        self.answer = answer
        self.make = { Array(make($0).utf8) }
    }

    init(_ name: String, bytes answer: String?, _ make: @escaping @Sendable (RawRequest) -> [UInt8]) {
        testDescription = name
        self.answer = answer
        self.make = make
    }
}

private func without(_ name: String, _ request: RawRequest) -> String {
    request.text.split(separator: "\r\n", omittingEmptySubsequences: false)
        .filter { !$0.hasPrefix(name + ":") }.joined(separator: "\r\n")
}

private func replacing(_ name: String, _ value: String, _ request: RawRequest) -> String {
    request.text.split(separator: "\r\n", omittingEmptySubsequences: false)
        .map { $0.hasPrefix(name + ":") ? "\(name): \(value)" : String($0) }.joined(separator: "\r\n")
}

let tortures: [Torture] = [
    Torture("nothing but line ends", nil) { _ in "\r\n\r\n" },
    Torture("no SIP at all", nil) { _ in "GET / HTTP/1.1\r\nHost: x\r\n\r\n" },
    Torture("random bytes", bytes: nil) { _ in (0..<1_400).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 251) } },
    Torture("a NUL in the middle", bytes: "SIP/2.0 ") { Array($0.text.replacingOccurrence("Raw", with: "R\0w").utf8) },
    Torture("only a request line", nil) { "INVITE \($0.uri) SIP/2.0\r\n\r\n" },
    Torture("no Via", nil) { without("Via", $0) },
    Torture("no From", "SIP/2.0 400 ") { without("From", $0) },
    Torture("no To", "SIP/2.0 400 ") { without("To", $0) },
    Torture("no Call-ID", "SIP/2.0 400 ") { without("Call-ID", $0) },
    Torture("no CSeq", "SIP/2.0 400 ") { without("CSeq", $0) },
    Torture("no Contact", "SIP/2.0 400 ") { without("Contact", $0) },
    Torture("CSeq of another method", "SIP/2.0 400 ") { replacing("CSeq", "1 BYE", $0) },
    Torture("CSeq too big", "SIP/2.0 400 ") { replacing("CSeq", "36893488147419103232 INVITE", $0) },
    Torture("From that is no address", "SIP/2.0 400 ") { replacing("From", "\"unterminated <sip:x@y>;tag=1", $0) },
    Torture("another SIP version", "SIP/2.0 505 ") { $0.text.replacingOccurrence(" SIP/2.0", with: " SIP/7.0") },
    Torture("unknown scheme", "SIP/2.0 416 ") { $0.text.replacingOccurrence("INVITE sip:", with: "INVITE nobody:") },
    Torture("a URI in brackets", "SIP/2.0 400 ") { $0.text.replacingOccurrence("INVITE \($0.uri)", with: "INVITE <\($0.uri)>") },
    Torture("Content-Length beyond the datagram", "SIP/2.0 400 ") { replacing("Content-Length", "9999", $0) },
    Torture("negative Content-Length", "SIP/2.0 400 ") { replacing("Content-Length", "-999", $0) },
    Torture("two Content-Lengths that differ", "SIP/2.0 400 ") { $0.text.replacingOccurrence("Content-Length", with: "Content-Length: 3\r\nContent-Length") },
    Torture("a bad Session-Expires behind a thousand Via headers", "SIP/2.0 400 ") {
        replacing("Max-Forwards", "70\r\n" + String(repeating: "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx\r\n", count: 1_200) + "X: y", $0)
    },
    Torture("a response to nothing", nil) { rawResponse(200, "OK", to: $0.text, port: $0.port) },
    Torture("a response with a status out of range", nil) { rawResponse(4_294_967, "?", to: $0.text, port: $0.port) },
    Torture("an ACK to nothing", nil) { $0.then("ACK", sequence: 1, toTag: "x").text },
]

extension String {
    func replacingOccurrence(_ needle: String, with other: String) -> String {
        guard let found = firstRange(of: needle) else { return self }
        return replacingCharacters(found, other)
    }

    private func replacingCharacters(_ range: Range<String.Index>, _ other: String) -> String {
        self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}

extension SIPTests.HostileTests {
    @Test("gets an error or silence, and the next request is answered", arguments: tortures)
    @LoopActor func torture(_ torture: Torture) async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.body = sdp("offer")
        raw.send(torture.make(request))
        // Two OPTIONS behind it: an INVITE is read after what comes with it, and answered before what is sent next.
        var answers: [String] = []
        for _ in 0..<2 {
            let options = RawRequest("OPTIONS", to: callee.port, from: raw.port)
            raw.send(options.text)
            while let answer = await raw.receive(), answer.header("Call-ID") != options.callID {
                if !answer.hasPrefix("SIP/2.0 100") { answers.append(answer) }
            }
        }
        if let expected = torture.answer {
            #expect(answers.count == 1 && answers[0].hasPrefix(expected), "\(answers)")
        } else {
            #expect(answers.isEmpty, "\(answers)")
        }
        for event in callee.unread { callee.endpoint.reject(event.leg, SIPResponse(status: 486)) }
        #expect(callee.unread.isEmpty, "\(callee.unread)")
        #expect(callee.endpoint.openLegs == 0)
        await callee.endpoint.stop()
    }

    @Test("a request of another version gets back where it came from in its topmost Via alone", arguments: ["\r\nVia:", ","])
    @LoopActor func otherVersionBehindProxies(separator: String) async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port)
        let request = RawRequest("OPTIONS", to: callee.port, from: raw.port)
        let others = "SIP/2.0/UDP up.test;rport;branch=z9hG4bKup\(separator) SIP/2.0/UDP top.test;rport;branch=z9hG4bKtop"
        raw.send(
            request.text.replacingOccurrence(" SIP/2.0", with: " SIP/7.0")
                .replacingOccurrence("branch=\(request.branch)", with: "rport;branch=\(request.branch)\(separator) \(others)"))
        let answer = try #require(await raw.receive("SIP/2.0 505"))
        #expect(answer.contains("rport=\(raw.port);branch=\(request.branch);received=127.0.0.1"), "\(answer)")
        #expect(answer.contains("SIP/2.0/UDP up.test;rport;branch=z9hG4bKup\r\n"), "\(answer)")
        #expect(answer.contains("SIP/2.0/UDP top.test;rport;branch=z9hG4bKtop\r\n"), "\(answer)")
        await callee.endpoint.stop()
    }

    @Test("request lines of random pieces get an error or silence, over UDP and TCP", arguments: [false, true])
    @LoopActor func requestLines(tcp: Bool) async throws {
        let callee = try RecordedEndpoint()
        var numbers = SeededRandom("random request lines, \(tcp ? "TCP" : "UDP")")
        let pieces = [
            "OPTIONS", "INVITE", "REFER", "A,B", "%+`'", " ", "  ", "\t", "sip:", "sip:a@b", "sip:a@2001:db8::1", "sip:[::1", "<sip:x>", "tel:1", "*",
            "SIP/2.0", "SIP/7.0", "SIP/", "sip/2.0", "/", "é", "\u{0}", ":", "@", ";", "?", "SIP/2.0 ",
        ]
        for _ in 0..<300 {
            let raw = try RawPeer(talkingTo: callee.port, tcp: tcp)
            var request = RawRequest("OPTIONS", to: callee.port, from: raw.port)
            request.transport = tcp ? "TCP" : "UDP"
            let line = (0..<Int.random(in: 1...6, using: &numbers)).map { _ in pieces.randomElement(using: &numbers) ?? "" }.joined()
            raw.send(line + request.text.drop { $0 != "\r\n" })
            var options = RawRequest("OPTIONS", to: callee.port, from: raw.port)
            options.transport = request.transport
            // What is no SIP closes its connection.
            let next = tcp ? try RawPeer(talkingTo: callee.port, tcp: true) : raw
            next.send(options.text)
            var isAnswered = false
            while !isAnswered, let answer = await next.receive(within: .seconds(5)) { isAnswered = answer.header("Call-ID") == options.callID }
            #expect(isAnswered, "\(line)")
        }
        for event in callee.unread { callee.endpoint.reject(event.leg, SIPResponse(status: 486)) }
        try await callee.noLegs()
        await callee.endpoint.stop()
    }

    @Test("texts that are no UTF-8, long or full of control characters arrive harmless")
    @LoopActor func texts() async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port)
        var request = RawRequest(to: callee.port, from: raw.port, user: String(repeating: "u", count: 3_000))
        request.body = sdp("offer") + "a=name:Z\u{1}\u{0}\r\n"
        request.headers = ["User-Agent: \(String(repeating: "x", count: 5_000))", "X-Bad: \u{7}\u{8}"]
        var bytes = Array(request.text.utf8)
        if let place = request.text.utf8.firstRange(of: Array("\"Raw\"".utf8)) {
            let offset = request.text.utf8.distance(from: request.text.utf8.startIndex, to: place.lowerBound)
            bytes.replaceSubrange(offset..<offset + 5, with: [0x22, 0xFF, 0xFE, 0xC3, 0x22])
        }
        raw.send(bytes)
        let (leg, invite) = try await callee.incoming()
        #expect(invite.requestUser.utf8.count <= 256)
        #expect(invite.userAgent?.utf8.count == 128)
        #expect(invite.from.displayName == "\u{FFFD}\u{FFFD}\u{FFFD}")
        #expect(invite.sdp?.hasSuffix("Z\u{1}\u{0}\r\n") == true)
        callee.endpoint.reject(leg, SIPResponse(status: 404))
        #expect(await raw.receive("SIP/2.0 404") != nil)
        await callee.endpoint.stop()
    }

    @Test("over TCP, garbage closes that connection and no other")
    @LoopActor func streamGarbage() async throws {
        let callee = try RecordedEndpoint()
        let bad = try RawPeer(talkingTo: callee.port, tcp: true)
        let good = try RawPeer(talkingTo: callee.port, tcp: true)
        bad.send((0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try await eventually(within: .seconds(20), "the connection to close") { bad.isClosed }
        var options = RawRequest("OPTIONS", to: callee.port, from: good.port)
        options.transport = "TCP"
        good.send(options.text)
        #expect(await good.receive("SIP/2.0 200") != nil)
        await callee.endpoint.stop()
    }

    @Test("line ends and blanks before a message are passed over", arguments: ["\r\n", "\r\n\r\n", " "], [false, true])
    @LoopActor func before(text: String, tcp: Bool) async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port, tcp: tcp)
        for _ in 0..<2 {
            var options = RawRequest("OPTIONS", to: callee.port, from: raw.port)
            if tcp { options.transport = "TCP" }
            raw.send(text + options.text)
            // Two line ends over a connection are a keepalive, which is answered by one (RFC 5626 section 4.4.1).
            var response = await raw.receive()
            if response == "\r\n" { response = await raw.receive() }
            let message = String(response?.drop { $0.isNewline } ?? "")
            #expect(message.hasPrefix("SIP/2.0 200") && message.header("Call-ID") == options.callID, "\(message)")
        }
        await callee.endpoint.stop()
    }

    @Test("over TCP, a message in pieces, two messages in one piece, and line ends between them")
    @LoopActor func streamPieces() async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port, tcp: true)
        var options = RawRequest("OPTIONS", to: callee.port, from: raw.port)
        options.transport = "TCP"
        var other = RawRequest("OPTIONS", to: callee.port, from: raw.port)
        other.transport = "TCP"
        let text = options.text
        raw.send(String(text.prefix(100)))
        #expect(await raw.receive(within: .milliseconds(50)) == nil)
        raw.send(String(text.dropFirst(100)) + "\r\n\r\n" + other.text)
        #expect(await raw.receive("SIP/2.0 200")?.header("Call-ID") == options.callID)
        #expect(await raw.receive("SIP/2.0 200")?.header("Call-ID") == other.callID)
        await callee.endpoint.stop()
    }

    @Test("over TCP, a body of 10 MB is refused and costs nothing")
    @LoopActor func streamFlood() async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port, tcp: true)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.transport = "TCP"
        request.body = String(repeating: "a=flood\r\n", count: 1_200_000)
        raw.send(request.text)
        let answer = await raw.receive()
        #expect(answer?.hasPrefix("SIP/2.0 413 ") == true || raw.isClosed, "\(answer ?? "nothing")")
        #expect(callee.unread.isEmpty)
        #expect(callee.endpoint.openLegs == 0)
        await callee.endpoint.stop()
    }

    @Test("a peer that goes away in the middle of a call over TCP: its BYE is not needed to end the call")
    @LoopActor func streamGone() async throws {
        let callee = try RecordedEndpoint { $0.t1x64 = .milliseconds(500) }
        var raw: RawPeer? = try RawPeer(talkingTo: callee.port, tcp: true)
        var request = RawRequest(to: callee.port, from: raw?.port ?? 0)
        request.transport = "TCP"
        request.body = sdp("offer")
        raw?.send(request.text)
        let leg = try await callee.incoming().leg
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw?.receive("SIP/2.0 200"))
        raw?.send(request.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await callee.event() == .established(leg))
        raw = nil
        callee.endpoint.end(leg, status: 0, reason: nil)
        try await callee.noLegs()
        await callee.endpoint.stop()
    }

    @Test("BYE in the middle of set-up ends the call with 487")
    @LoopActor func byeDuringSetUp() async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.body = sdp("offer")
        raw.send(request.text)
        let leg = try await callee.incoming().leg
        callee.endpoint.ring(leg, status: 180, sdp: nil)
        let ringing = try #require(await raw.receive("SIP/2.0 180"))
        raw.send(request.then("BYE", sequence: 2, toTag: ringing.tag(of: "To")).text)
        var seen: [String] = []
        while seen.count < 2, let answer = await raw.receive() { seen.append("\(answer.prefix(11)) \(answer.header("CSeq") ?? "")") }
        #expect(seen.sorted() == ["SIP/2.0 200 2 BYE", "SIP/2.0 487 1 INVITE"])
        #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        try await callee.noLegs()
        await callee.endpoint.stop()
    }

    @Test("answers that contradict each other: 200 after 486, 486 after 200, a 200 of another tag")
    @LoopActor func contradictions() async throws {
        let raw = try RawPeer()
        let caller = try RecordedEndpoint { $0.t1x64 = .milliseconds(500) }
        let request = SIPInviteRequest(target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: sdp("offer"))
        let first = caller.endpoint.invite(request)
        var invite = try #require(await raw.receive("INVITE"))
        raw.send(rawResponse(486, "Busy Here", to: invite, port: raw.port))
        raw.send(rawResponse(200, "OK", to: invite, port: raw.port, body: sdp("answer")))
        #expect(try await caller.event() == .rejected(first, status: 486, phrase: "Busy Here", reason: nil))
        #expect(await raw.receive("ACK") != nil)
        try await caller.noLegs()
        let second = caller.endpoint.invite(request)
        invite = try #require(await raw.receive("INVITE"))
        raw.send(rawResponse(200, "OK", to: invite, port: raw.port, body: sdp("answer")))
        raw.send(rawResponse(486, "Busy Here", to: invite, port: raw.port))
        raw.send(rawResponse(200, "OK", to: invite, port: raw.port, tag: "other", body: sdp("other")))
        #expect(try await caller.event() == .answered(second, sdp: sdp("answer")))
        #expect(await raw.receive("ACK") != nil)
        caller.endpoint.end(second, status: 0, reason: nil)
        let bye = try #require(await raw.receive("BYE"))
        raw.send(rawResponse(200, "OK", to: bye, port: raw.port))
        try await caller.noLegs()
        #expect(caller.unread.isEmpty)
        await caller.endpoint.stop()
    }
}
