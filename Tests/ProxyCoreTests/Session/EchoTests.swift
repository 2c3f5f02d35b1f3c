import SDP
import Testing

@testable import ProxyCore

@Suite("An echo")
struct EchoTests {
    private func answer(_ inner: String) throws -> SessionDescription { try SessionDescription(parsing: echoAnswer(to: inner)) }

    private func audio(_ lines: String...) -> String { Sample.phone(lines.joined(separator: "\r\n")) }

    private static let opus = "a=rtpmap:111 opus/48000/2", fast = "a=rtpmap:110 telephone-event/48000", slow = "a=rtpmap:101 telephone-event/8000"

    @Test("answers with the first codec of the offer, and the telephone events of its clock", arguments: [
        ("0 8 101", ["0", "101"]), ("8 0", ["8"]), ("111 0 110 101", ["111", "110"]), ("0 111 110 101", ["0", "101"]),
        ("101 0", ["0", "101"]), ("18 0", ["0"]),
        // Phones that know 8000 only.
        ("111 101", ["111", "101"]),
    ])
    func codecs(_ offered: String, _ answered: [String]) throws {
        let medium = try #require(try answer(audio("m=audio 4000 RTP/AVP \(offered)", Self.opus, Self.fast, Self.slow)).media.first)
        #expect(medium.formats == answered)
        let maps = medium.attributes.compactMap { if case .rtpmap(let map) = $0 { String(map.payloadType) } else { nil } }
        #expect(maps == answered)
    }

    @Test("reverses the direction, wherever it stands", arguments: [("sendrecv", Direction.sendrecv), ("sendonly", .recvonly), ("recvonly", .sendonly), ("inactive", .inactive)])
    func directions(_ offered: String, _ answered: Direction) throws {
        #expect(try answer(audio(Sample.pcmu, "a=\(offered)")).media.first?.direction == answered)
        let session = audio(Sample.pcmu).replacing("t=0 0\r\n", with: "t=0 0\r\na=\(offered)\r\n")
        #expect(try answer(session).media.first?.direction == answered)
    }

    @Test("refuses the lines that it cannot carry, in their places; without any other it answers nothing")
    func refuses() throws {
        let text = audio("m=audio 4000 RTP/AVP 18", Sample.video, Sample.vp8, "m=video 0 RTP/AVP 96")
        #expect(try answer(text).media.map(\.port) == [0, 4002, 0])
        #expect(throws: NegotiationError.noCommonCodec) { try echoAnswer(to: audio("m=audio 4000 RTP/AVP 18")) }
        #expect(throws: NegotiationError.noCommonCodec) { try echoAnswer(to: audio("m=audio 4000 RTP/AVP 101", Self.slow)) }
    }

    @Test("keeps of a browser's line what Janus makes use of, and nothing of its connection")
    func browser() throws {
        let lines = Fixture.browserOffer.replacing("a=group:BUNDLE 0\r\n", with: "a=group:BUNDLE 0\r\na=ice-options:trickle\r\n")
            + "a=extmap:3 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
            + "a=rtcp-fb:111 transport-cc\r\na=rtcp-fb:0 nack\r\na=ssrc:1 cname:x\r\n"
        let text = try answer(lines).text
        for kept in ["a=mid:0", "sdes:mid", "a=rtcp-fb:111 transport-cc", "a=rtpmap:111 opus/48000/2", "a=fmtp:111 "] { #expect(text.contains(kept), "\(kept)") }
        for gone in ["ice-", "fingerprint", "setup", "BUNDLE", "audio-level", "a=rtcp-fb:0", "ssrc", "candidate"] { #expect(!text.contains(gone), "\(gone)") }
    }

    @Test("sends a phone its own audio and video back: one leg, which receives and sends")
    func phone() throws {
        let video = "m=video 4200 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\na=sendrecv\r\n"
        var driven = DrivenSession.talking(.echo(.rtp), caller: Fixture.phoneOffer + video)
        let answer = try #require(driven.answers[.caller])
        #expect(answer.contains("m=audio 20000 RTP/AVP 0 101\r\n") && answer.contains("m=video 20002 RTP/AVP 96\r\n"))
        #expect(driven.settings[.caller]?.media.map(\.kind) == [.audio, .video] && driven.audio == ["++"])
        driven.send(.offered(.caller, .said(Fixture.version(2, of: (Fixture.phoneOffer + video).replacing("a=sendrecv", with: "a=sendonly")))))
        #expect(driven.audio == ["+-"] && driven.answers[.caller]?.contains("a=recvonly") == true)
    }
}
