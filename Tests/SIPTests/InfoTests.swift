import EventLoop
import Testing

@testable import SIP

@Suite("INFO", .serialized, .timeLimit(.minutes(1)))
struct InfoTests {
    @Test("a key is read in both forms, however it is written", arguments: [
        ("Signal=5\r\nDuration=160\r\n", "5", 160), ("signal= 10 \nduration = 250\n", "*", 250), ("Signal=11", "#", nil),
        ("SIGNAL=b\r\nDURATION=0\r\n", "B", 0), ("Signal=16\r\n", "!", nil), ("Signal=*\r\nDuration=99999999\r\n", "*", 10_000),
        ("Signal=#\r\nX-Vendor=1\r\n", "#", nil), ("7", "7", nil), (" # \r\n", "#", nil), ("12", "A", nil), ("!", "!", nil),
        ("Duration=80\r\nSignal=0\r\n", "0", 80), ("Signal=5\r\nDuration=long\r\n", "5", 100), ("Signal=5\r\nDuration=-1\r\n", "5", 100),
        ("Signal=5\r\nDuration=\r\n", "5", 100), ("Signal=5\r\nDuration=0x10\r\n", "5", 100), ("Signal=5\r\nDuration=99999999999999999999", "5", 10_000),
    ] as [(String, String, Int?)])
    func keys(body: String, key: String, duration: Int?) {
        for form in [SIPDigit.Form.relay, .plain] {
            let wanted = SIPDigit(Character(key), duration: duration)
            #expect(SIPInfo.read(contentType: form.rawValue, body: body) == .understood(.digit(wanted, form)))
        }
    }

    @Test("a body without a digit is malformed", arguments: [
        "", "\r\n", "Signal=\r\n", "Signal=17", "Signal=E", "Signal=55", "Signal=5\r\nSignal=6\r\n",
        "Duration=100\r\n", "\u{FFFD}", "5 6", String(repeating: "5", count: 2_000),
        "Signal=5\r\n" + String(repeating: "x=y\r\n", count: 1_000), "Signal=é", "99999999999999999999",
    ])
    func malformed(body: String) {
        for form in [SIPDigit.Form.relay, .plain] { #expect(SIPInfo.read(contentType: form.rawValue, body: body) == .malformed) }
    }

    @Test("a keyframe request is found in its XML; another one of the kind asks for nothing; other bodies are unknown")
    func keyframeRequests() {
        let request = SIPInfo.pictureFastUpdate
        #expect(SIPInfo.read(contentType: request.contentType, body: request.body) == .understood(request))
        #expect(SIPInfo.read(contentType: request.contentType, body: "<media_control><general_error>no</general_error></media_control>") == .idle)
        #expect(SIPInfo.read(contentType: request.contentType, body: "nonsense") == .malformed)
        #expect(SIPInfo.read(contentType: "text/plain", body: "5") == .unknown)
    }

    @Test("what is written is read again", arguments: [SIPDigit.Form.relay, .plain])
    func written(form: SIPDigit.Form) {
        for key in "0123456789*#ABCD!" {
            let info = SIPInfo.digit(SIPDigit(key, duration: form == .relay ? 120 : nil), form)
            #expect(SIPInfo.read(contentType: info.contentType, body: info.body) == .understood(info))
        }
    }

    @Test("INFOs are taken as fast as fingers are, and no faster")
    func rate() {
        var rate = InfoRate()
        let now = ContinuousClock.now
        var taken = 0
        for _ in 0..<InfoRate.most where rate.admits(now) { taken += 1 }
        #expect(taken == InfoRate.most)
        let (tooMany, later) = (rate.admits(now + .milliseconds(999)), rate.admits(now + .seconds(1)))
        #expect(!tooMany && later)
    }

    // MARK: On the wire

    @Test("a key is answered 200 and reported; a malformed body gets 400, an unknown one 415, too many 500")
    @LoopActor func answers() async throws {
        let call = try await RawCall()
        call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
        let tag = await call.raw.receive("SIP/2.0 200")?.tag(of: "To")
        call.raw.send(call.invite.then("ACK", sequence: 1, toTag: tag).text)
        #expect(try await call.callee.event() == .established(call.leg))
        var sequence = 1
        func status(_ type: String, _ body: String) async -> String? {
            sequence += 1
            var request = call.invite.then("INFO", sequence: sequence, toTag: tag)
            request.contentType = type
            request.body = body
            call.raw.send(request.text)
            return await call.raw.receive("SIP/2.0").map { String($0.dropFirst(8).prefix(3)) }
        }
        #expect(await status("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n") == "200")
        #expect(try await call.callee.event() == .info(call.leg, .digit(SIPDigit("5", duration: 160), .relay)))
        #expect(await status("application/media_control+xml", SIPInfo.pictureFastUpdate.body) == "200")
        #expect(try await call.callee.event() == .info(call.leg, .pictureFastUpdate))
        #expect(await status("application/dtmf", "?") == "400")
        #expect(await status("application/x-unknown", "?") == "415")
        var last: String?
        for _ in 0...InfoRate.most where last != "500" { last = await status("application/dtmf", "1") }
        #expect(last == "500")
        call.raw.send(call.invite.then("BYE", sequence: 90, toTag: tag).text)
        #expect(await call.raw.receive("SIP/2.0 200") != nil)
        while try await call.callee.event() != .ended(call.leg, SIPEnd(.hungUp)) {}
        try await call.stop()
    }

    @Test("each INFO of ours has its outcome; the peer's Allow says whether it takes any", arguments: [
        ("Allow: INVITE, ACK, BYE, INFO", true), ("Allow: INVITE, ACK, BYE", false), ("X-None: 1", nil),
    ] as [(String, Bool?)])
    @LoopActor func ours(header: String, lists: Bool?) async throws {
        let call = try await RawCallee()
        call.respond(200, headers: [header], body: sdp("answer"))
        #expect(await call.raw.receive("ACK") != nil)
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
        #expect(call.caller.endpoint.listsInfo(call.leg) == lists)
        call.caller.endpoint.info(call.leg, .digit(SIPDigit("#", duration: 90), .relay))
        let info = try #require(await call.raw.receive("INFO"))
        #expect(info.header("Content-Type") == "application/dtmf-relay" && info.hasSuffix("Signal=#\r\nDuration=90\r\n"))
        call.accept(info)
        #expect(try await call.caller.event() == .infoAnswered(call.leg, status: 200))
        call.caller.endpoint.info(call.leg, .pictureFastUpdate)
        let second = try #require(await call.raw.receive("INFO"))
        call.raw.send(rawResponse(415, "Unsupported Media Type", to: second, port: call.raw.port))
        #expect(try await call.caller.event() == .infoAnswered(call.leg, status: 415))
        try await call.finish()
    }
}
