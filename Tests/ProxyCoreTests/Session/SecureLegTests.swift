import SDP
import Testing

@testable import ProxyCore

@Suite("A phone's leg with SRTP, and its ports")
struct SecureLegTests {
    private static let mixed = SessionKind.proxy(caller: .rtp, callee: .webrtc)
    private static let suite = "AES_CM_128_HMAC_SHA1_80"

    private func own(_ side: SessionSide, _ suite: String = suite) throws -> String {
        try #require(Crypto(suite: suite, material: StandInEngine.port(side, .audio).key)).bareKey
    }

    private func secure(_ letter: Character, version: Int = 1, port: Int = 4000) -> String {
        Fixture.secure(Fixture.version(version, of: Fixture.phoneOffer).replacing("m=audio 4000", with: "m=audio \(port)"), Fixture.key(letter))
    }

    /// A phone with SRTP that talks with a browser.
    private func talking() -> DrivenSession { .talking(Self.mixed, caller: secure("B")) }

    @Test("the keys of the phone's offer and of our answer reach its leg")
    func keys() throws {
        let driven = talking()
        #expect(driven.medium(.caller)?.keys == LegKeys(suite: Self.suite, local: try own(.caller), remote: Fixture.key("B")))
        #expect(driven.answers[.caller]?.contains("m=audio 20000 RTP/SAVP 0") == true)
        #expect(driven.answers[.caller]?.contains("a=crypto:1 \(Self.suite) inline:\(try own(.caller))\r\n") == true)
        #expect(driven.medium(.callee)?.keys == nil && driven.session.agreedMedia(of: .caller).first?.isEncrypted == true)
        for case .give(_, let description) in driven.steps { #expect(!description.sdp.text.contains("crypto") && description.sdp.text.contains("RTP/AVP")) }
    }

    @Test("a new key of the phone, in a re-INVITE, in an answer or in an early UPDATE, reaches its leg; ours stays")
    func newKeys() throws {
        var driven = talking()
        let ours = try own(.caller)
        func expect(_ letter: Character, _ what: String) {
            #expect(driven.medium(.caller)?.keys == LegKeys(suite: Self.suite, local: ours, remote: Fixture.key(letter)), "\(what)")
        }
        let early = driven.send(.offeredEarly(.caller, .said(secure("C", version: 2))))
        #expect(early.answers(to: .caller).first?.contains(ours) == true)
        expect("C", "UPDATE")
        driven.send(.offered(.caller, .said(secure("D", version: 3))))
        driven.answer(Fixture.browserAnswer)
        #expect(driven.answers[.caller]?.contains(ours) == true)
        expect("D", "re-INVITE")
        driven.send(.offerWanted(.caller))
        #expect(driven.offers[.caller]?.contains(ours) == true)
        driven.answer(secure("E", version: 4))
        expect("E", "the answer to an offer that it asked for")
        driven.send(.offered(.callee, .said(Fixture.browserOffer.replacing("a=sendrecv", with: "a=sendonly"))))
        #expect(driven.offers[.caller]?.contains(ours) == true)
        driven.answer(secure("F", version: 5).replacing("sendrecv", with: "recvonly"))
        expect("F", "the answer to the browser's offer")
        driven.send(.refreshed(.caller, .said(secure("G", version: 6).replacing("sendrecv", with: "recvonly"))))
        expect("G", "a refresh")
    }

    @Test("a key that came with an offer that was declined does not")
    func declinedKey() throws {
        var driven = talking()
        driven.send(.offered(.caller, .said(secure("C", version: 2, port: 4100))))
        driven.decline(.refused("no"))
        driven.send(.update(number: 1, SessionOptionsChange(useVideo: false)))
        #expect(driven.medium(.caller)?.keys?.remote == Fixture.key("B") && driven.medium(.caller)?.phone?.port == 4000)
    }

    @Test("after the phone has declined a browser's offer, a mute and a hold act")
    func declinedByPhone() {
        var driven = talking()
        let before = driven.settings
        driven.send(.offered(.callee, .said(Fixture.browserOffer.replacing("a=sendrecv", with: "a=sendonly"))))
        driven.decline(.refused("488"))
        #expect(driven.settings == before)
        driven.send(.update(number: 1, SessionOptionsChange(useAudio: false)))
        #expect(driven.audio == ["--", "--"] && driven.medium(.caller)?.keys == before[.caller]?.media.first?.keys)
        driven.send(.update(number: 2, SessionOptionsChange(useAudio: true)))
        #expect(driven.settings == before)
        #expect(driven.send(.hold(number: 3, .callee, true)).offers(to: .caller).count == 1)
        driven.answer(secure("B", version: 2).replacing("sendrecv", with: "recvonly"))
        #expect(driven.audio == ["--", "--"] && driven.session.holders == [.callee])
        driven.send(.hold(number: 4, .callee, false))
        driven.answer(secure("B", version: 3))
        #expect(driven.audio == ["++", "++"] && driven.medium(.caller)?.keys == before[.caller]?.media.first?.keys)
    }

    @Test("our key has the length of the suite", arguments: [
        ("AES_CM_128_HMAC_SHA1_80", 30), ("AES_CM_128_HMAC_SHA1_32", 30), ("AES_256_CM_HMAC_SHA1_80", 46), ("AES_256_CM_HMAC_SHA1_32", 46),
        ("AEAD_AES_128_GCM", 28), ("AEAD_AES_256_GCM", 44),
    ])
    func lengths(_ suite: String, _ bytes: Int) throws {
        let key = Fixture.key("B", bytes: bytes)
        let driven = DrivenSession.talking(Self.mixed, caller: Fixture.secure(Fixture.phoneOffer, key, suite: suite, tag: 3))
        let keys = try #require(driven.medium(.caller)?.keys)
        let ours = try own(.caller, suite)
        #expect(keys.suite == suite && keys.remote == key && keys.local == ours)
        #expect(keys.local.filter { $0 != "=" }.count == (bytes * 4 + 2) / 3 && keys.local.count % 4 == 0)
        #expect(driven.answers[.caller]?.contains("a=crypto:3 \(suite) inline:\(keys.local)\r\n") == true)
    }

    @Test("our key is the engine's random bytes in base64 (RFC 4648, section 10)", arguments: [
        (Array("Tern's random bytes for SRTP..".utf8), "AES_CM_128_HMAC_SHA1_80", "VGVybidzIHJhbmRvbSBieXRlcyBmb3IgU1JUUC4u"),
        (Array("28 bytes have two paddings.!".utf8) + [1, 2, 3], "AEAD_AES_128_GCM", "MjggYnl0ZXMgaGF2ZSB0d28gcGFkZGluZ3MuIQ=="),
        ([UInt8](repeating: 0xff, count: 46), "AES_256_CM_HMAC_SHA1_80", String(repeating: "/", count: 61) + "w=="),
    ])
    func base64(_ material: [UInt8], _ suite: String, _ text: String) throws {
        #expect(try #require(Crypto(suite: suite, material: material)).key == "inline:\(text)")
        #expect(Crypto(suite: suite, material: Array(material.prefix(20))) == nil && Crypto(suite: "F8_128_HMAC_SHA1_80", material: material) == nil)
    }

    @Test("between two phones each has keys of its own, and neither hears the other's")
    func twoPhones() throws {
        let driven = DrivenSession.talking(
            .proxy(caller: .rtp, callee: .rtp), caller: secure("B"), callee: Fixture.secure(Fixture.phoneAnswer, Fixture.key("C")),
            profiles: [.callee: SIPProfile(srtp: .required)])
        #expect(driven.medium(.caller)?.keys == LegKeys(suite: Self.suite, local: try own(.caller), remote: Fixture.key("B")))
        #expect(driven.medium(.callee)?.keys == LegKeys(suite: Self.suite, local: try own(.callee), remote: Fixture.key("C")))
        #expect(driven.offers[.callee]?.contains(Fixture.key("B")) == false && driven.answers[.caller]?.contains(Fixture.key("C")) == false)
    }

    // MARK: RTCP

    private func phone(_ lines: String) -> PhoneAddress? { DrivenSession.talking(Self.mixed, caller: Fixture.phoneOffer + lines).medium(.caller)?.phone }

    @Test("RTCP goes to the next port, to the one that the phone names, or to that of RTP where both agree on it (RFC 3605, RFC 5761)")
    func rtcp() {
        #expect(phone("") == PhoneAddress(host: "192.0.2.20", port: 4000, rtcpPort: 4001, isMultiplexed: false))
        #expect(phone("a=rtcp:5005\r\n") == PhoneAddress(host: "192.0.2.20", port: 4000, rtcpPort: 5005, isMultiplexed: false))
        #expect(phone("a=rtcp-mux\r\n") == PhoneAddress(host: "192.0.2.20", port: 4000, rtcpPort: 4000, isMultiplexed: true))
        #expect(phone("a=rtcp:5005\r\na=rtcp-mux\r\n")?.rtcpPort == 4000)
        for case .give(_, let description) in DrivenSession.talking(Self.mixed, caller: Fixture.phoneOffer + "a=rtcp:5005\r\na=rtcp-mux\r\n").steps {
            #expect(!description.sdp.text.contains("a=rtcp"), "it is the leg's business")
        }
        let last = DrivenSession.talking(Self.mixed, caller: Fixture.phoneOffer.replacing("m=audio 4000", with: "m=audio 65535"))
        #expect(last.medium(.caller)?.phone?.rtcpPort == 65_535)
    }

    @Test("one port for RTP and RTCP is answered where it was offered, and offered by nobody else")
    func multiplexed() {
        #expect(DrivenSession.talking(Self.mixed, caller: Fixture.phoneOffer + "a=rtcp-mux\r\n").answers[.caller]?.contains("a=rtcp-mux\r\n") == true)
        #expect(DrivenSession.talking(Self.mixed).answers[.caller]?.contains("rtcp-mux") == false)
        let called = DrivenSession.talking(.proxy(caller: .webrtc, callee: .rtp), callee: Fixture.phoneAnswer + "a=rtcp-mux\r\n")
        #expect(called.offers[.callee]?.contains("rtcp-mux") == false)
        #expect(called.medium(.callee)?.phone?.isMultiplexed == false, "what was not offered cannot be answered")
    }

    @Test("the feedback that the phone understands reaches its leg (RFC 4585, RFC 5104)")
    func feedback() {
        let video = "m=video 4200 RTP/AVPF 96\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:* ccm fir\r\na=rtcp-fb:96 nack\r\n"
        let driven = DrivenSession.talking(Self.mixed, caller: Fixture.phoneOffer + video, callee: Fixture.browserAnswer + Fixture.browserVideo)
        #expect(driven.medium(.caller, .video)?.feedback == ["nack", "pli", "fir"] && driven.medium(.caller)?.feedback == [])
    }

    // MARK: Ports

    @Test("a leg that gets no ports for a medium refuses it")
    func noPort() {
        var session = DrivenSession(.echo(.rtp)).session
        _ = session.handle(.offered(.caller, .said(Fixture.phoneOffer + "m=video 4200 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n")))
        _ = session.handle(.stepDone(number: 1, .done))
        let said = session.handle(.stepDone(number: 2, .opened([.audio: StandInEngine.port(.caller, .audio)])))
        #expect(said.answers(to: .caller).first?.contains("m=video 0 ") == true && said.answers(to: .caller).first?.contains("m=audio 20000 ") == true)
    }
}
