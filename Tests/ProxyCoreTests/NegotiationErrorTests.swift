import SDP
import Testing

@testable import ProxyCore

/// Descriptions of a few lines for the tests of negotiation.
enum Sample {
    static func phone(_ media: String..., connection: String = "IN IP4 10.9.0.2") -> String {
        lines(["v=0", "o=- 1 1 IN IP4 10.9.0.2", "s=-", "c=\(connection)", "t=0 0"] + media)
    }

    /// The other side's offer or answer, which has c= under each medium.
    static func generated(_ media: String...) -> String {
        lines(["v=0", "o=- 1 1 IN IP4 1.1.1.1", "s=-", "t=0 0"] + media.flatMap { $0.hasPrefix("m=") ? [$0, "c=IN IP4 10.9.0.1"] : [$0] })
    }

    static func lines(_ lines: [String]) -> String { lines.map { $0 + "\r\n" }.joined() }

    static let pcmu = "m=audio 4000 RTP/AVP 0"
    static let video = "m=video 4002 RTP/AVP 96"
    static let vp8 = "a=rtpmap:96 VP8/90000"

    /// A dialog of a leg with ports.
    static func sip(_ profile: SIPProfile = .standard, audio: UInt16 = 30_000) -> SIPNegotiation {
        var sip = SIPNegotiation(sessionID: 4711, addresses: LegAddresses("10.9.0.1"), profile: profile)
        sip.open([.audio: LegPort(port: audio, key: key), .video: LegPort(port: audio + 2, key: key)])
        return sip
    }

    /// The bytes of the leg's keys; those of the shorter suites are ``inlineKey``.
    static let key = Array("wDfvg&T+)xG7@fb5jU,RaA}\\|p0%*#".utf8) + [UInt8](repeating: 0, count: 16)
    static let inlineKey = "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"

    /// A dialog in which our offer of Opus, PCMU and telephone events, and of VP8, waits for its answer.
    static func offering() throws -> SIPNegotiation {
        var sip = sip()
        _ = try sip.makeOffer(
            generated("m=audio 30000 RTP/AVP 111 0 110", "a=rtpmap:111 opus/48000/2", "a=rtpmap:110 telephone-event/48000", "m=video 30002 RTP/AVP 96", vp8))
        return sip
    }
}

struct NegotiationErrorTests {
    static let offers: [(String, NegotiationError)] = [
        (Sample.phone("m=audio 0 RTP/AVP 0"), .noUsableMedia),
        (Sample.phone("m=audio 0 RTP/AVP 0", "m=video 0 RTP/AVP 96"), .noUsableMedia),
        (Sample.phone("m=image 4000 udptl t38"), .noUsableMedia),
        (Sample.phone(), .noUsableMedia),
        (Sample.phone("m=audio 4000 UDP/TLS/RTP/SAVPF 0"), .noUsableMedia),
        (Sample.phone("m=audio 4000 TCP/RTP/AVP 0"), .noUsableMedia),
        (Sample.phone("m=audio 4000 RTP/AVP 18"), .noCommonCodec),
        (Sample.phone("m=audio 4000 RTP/AVP 96"), .noCommonCodec),
        (Sample.phone("m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), .noCommonCodec),
        (Sample.phone("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus/8000"), .noCommonCodec),
        (Sample.phone("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus/48000/6"), .noCommonCodec),
        (Sample.phone("m=audio 4000 RTP/AVP 72", "a=rtpmap:72 opus/48000/2"), .noCommonCodec),
        (Sample.phone(Sample.pcmu, connection: "IN IP6 2001:db8::1"), .unsupportedAddress("IPv6 address 2001:db8::1")),
        (Sample.phone(Sample.pcmu, connection: "IN IP4 phone.example"), .unsupportedAddress("host name phone.example")),
        (Sample.phone(Sample.pcmu, connection: "IN IP4 233.252.0.1/127"), .unsupportedAddress("multicast address 233.252.0.1")),
        (Sample.phone("m=audio 4000 RTP/SAVP 0"), .unsupportedEncryption),
        (Sample.phone("m=audio 4000 RTP/SAVP 0", "a=crypto:1 F8_128_HMAC_SHA1_80 inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm"), .unsupportedEncryption),
    ]

    @Test("an offer that cannot be carried is refused with what is most telling", arguments: offers)
    func offer(_ text: String, _ error: NegotiationError) {
        var sip = Sample.sip()
        #expect(throws: error) { try sip.acceptOffer(text) }
        #expect(error.sipStatus == 488)
        // Nothing is left behind: the next offer is taken.
        #expect(throws: Never.self) { try sip.acceptOffer(Sample.phone(Sample.pcmu)) }
    }

    static let answers: [(String, NegotiationError)] = [
        (Sample.phone(Sample.video, Sample.vp8, Sample.pcmu), .wrongMedia(line: 1)),
        (Sample.phone("m=audio 4000 RTP/SAVP 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm", Sample.video, Sample.vp8), .wrongMedia(line: 1)),
        (Sample.phone("m=audio 4000 RTP/AVP 8", Sample.video, Sample.vp8), .codecNotOffered(line: 1)),
        (Sample.phone("m=audio 4000 RTP/AVP 18", Sample.video, Sample.vp8), .codecNotOffered(line: 1)),
        (Sample.phone("m=audio 0 RTP/AVP 0", "m=video 0 RTP/AVP 96"), .noUsableMedia),
        (Sample.phone(Sample.pcmu, Sample.video, Sample.vp8, connection: "IN IP6 ::1"), .unsupportedAddress("IPv6 address ::1")),
    ]

    @Test("an answer that does not fit the offer is refused, and a fitting one may follow", arguments: answers)
    func answer(_ text: String, _ error: NegotiationError) throws {
        var sip = try Sample.offering()
        #expect(throws: error) { try sip.acceptAnswer(text) }
        #expect(throws: Never.self) { try sip.acceptAnswer(Sample.phone(Sample.pcmu, "m=video 0 RTP/AVP 96")) }
    }

    @Test("what is not SDP is 400 with the line")
    func malformed() {
        var sip = Sample.sip()
        let error = NegotiationError.malformed(SDPError(line: 1, reason: .notALine))
        #expect(throws: error) { try sip.acceptOffer("hello") }
        #expect(error.sipStatus == 400)
        #expect(error.reason == "SDP line 1: not of the form <letter>=<value>")
    }

    @Test("an answer without an offer, and an offer over an offer, are refused")
    func states() throws {
        var sip = Sample.sip()
        #expect(throws: NegotiationError.wrongState) { try sip.acceptAnswer(Sample.phone(Sample.pcmu)) }
        #expect(throws: NegotiationError.wrongState) { try sip.makeAnswer(Sample.generated(Sample.pcmu)) }
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu))
        #expect(throws: NegotiationError.wrongState) { try sip.acceptOffer(Sample.phone(Sample.pcmu)) }
        #expect(throws: NegotiationError.wrongState) { try sip.makeOffer(Sample.generated(Sample.pcmu)) }
        #expect(throws: NegotiationError.wrongState) { try sip.acceptAnswer(Sample.phone(Sample.pcmu)) }
    }

    @Test("an answer of the other side with another number of lines is refused")
    func janus() throws {
        var sip = Sample.sip()
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu))
        #expect(throws: NegotiationError.wrongMediaCount(expected: 1, found: 2)) {
            try sip.makeAnswer(Sample.generated(Sample.pcmu, Sample.video))
        }
    }
}
