import SDP
import Testing

@testable import ProxyCore

@Suite("SRTP with a phone")
struct NegotiationEncryptionTests {
    private static let keyOne = "inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm"
    private static let keyTwo = "inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj"
    private static let own = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 \(Sample.inlineKey)"
    private static let secure = "m=audio 4000 RTP/SAVP 0"

    private func sip(_ policy: SRTPPolicy) -> SIPNegotiation {
        Sample.sip(SIPProfile(srtp: policy))
    }

    private func crypto(_ tag: Int, _ suite: String = "AES_CM_128_HMAC_SHA1_80", _ key: String = keyOne) -> String {
        "a=crypto:\(tag) \(suite) \(key)"
    }

    /// The phone's keys that its leg has.
    private func remotes(_ sip: SIPNegotiation) -> [String] { sip.legMedia.compactMap { $0.keys.map { "inline:\($0.remote)" } } }

    private func media(_ text: String) throws -> [MediaDescription] { try SessionDescription(parsing: text).media }

    /// A dialog of an encrypted offer and its answer.
    private func agreed(_ lines: String...) throws -> SIPNegotiation {
        var sip = sip(.optional)
        _ = try sip.acceptOffer(Sample.lines(["v=0", "o=- 1 1 IN IP4 10.9.0.2", "s=-", "c=IN IP4 10.9.0.2", "t=0 0"] + lines))
        _ = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        return sip
    }

    @Test("switched off, an encrypted offer is refused and a plain one is not")
    func off() throws {
        var sip = sip(.off)
        #expect(throws: NegotiationError.encryptionRefused) { try sip.acceptOffer(Sample.phone(Self.secure, crypto(1))) }
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu))
        #expect(sip.suite == nil)
    }

    @Test("required, a plain offer is refused and an encrypted one is not")
    func required() throws {
        var sip = sip(.required)
        #expect(throws: NegotiationError.encryptionRequired) { try sip.acceptOffer(Sample.phone(Sample.pcmu)) }
        _ = try sip.acceptOffer(Sample.phone(Self.secure, crypto(1)))
        #expect(sip.suite == "AES_CM_128_HMAC_SHA1_80")
    }

    @Test("of a line with SRTP and one without, the policy decides which is taken")
    func either() throws {
        let offer = Sample.phone(Sample.pcmu, "m=audio 4002 RTP/SAVP 0", crypto(1))
        for (policy, ports) in [(SRTPPolicy.off, [30000, 0]), (.optional, [30000, 0]), (.required, [0, 30000])] {
            var sip = sip(policy)
            _ = try sip.acceptOffer(offer)
            let answer = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0"))
            #expect(try media(answer).map { Int($0.port) } == ports, "\(policy)")
        }
    }

    @Test("optional, the answer is of the transport that was offered", arguments: ["RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF"])
    func inKind(_ transport: String) throws {
        var sip = sip(.optional)
        let secure = transport.contains("SAVP")
        let plain = try sip.acceptOffer(Sample.phone("m=audio 4000 \(transport) 0", secure ? crypto(1) : "a=sendrecv"))
        #expect(try media(plain).first?.transport == .avp && !plain.contains("crypto"), "the other side hears nothing of it")
        #expect((sip.suite != nil) == secure)
        let answer = try media(sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0")))
        #expect(answer.first?.transport.description == transport)
        #expect(answer.first?.attributes.contains { $0.name == "crypto" } == secure)
        #expect(sip.agreedMedia.first?.isEncrypted == secure)
    }

    @Test("our key is one of the suite that the phone has, and answers under the phone's tag")
    func suite() throws {
        var sip = sip(.optional)
        _ = try sip.acceptOffer(
            Sample.phone(Self.secure, crypto(1, "F8_128_HMAC_SHA1_80"), crypto(7, "AES_CM_128_HMAC_SHA1_32", Self.keyTwo)))
        #expect(sip.suite == "AES_CM_128_HMAC_SHA1_32")
        let answer = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        #expect(answer.contains("a=crypto:7 AES_CM_128_HMAC_SHA1_32 \(Sample.inlineKey)\r\n"))
    }

    @Test("a key with a legal lifetime is taken, in any case of its words, and the leg gets it bare", arguments: [
        "|2^20", "|2^0", "|2^48", "|1", "|1048576", "|281474976710656", "==", "==|2^31", "",
    ])
    func lifetimes(_ end: String) throws {
        var sip = sip(.optional)
        // 28 bytes have two characters of padding, 30 bytes none.
        let isPadded = end.hasPrefix("=="), key = isPadded ? String(Self.keyOne.dropLast(2)) : Self.keyOne
        let suite = isPadded ? "aead_aes_128_gcm" : "Aes_CM_128_hmac_SHA1_80"
        _ = try sip.acceptOffer(Sample.phone(Self.secure, crypto(3, suite, key.replacing("inline", with: "INLINE") + end)))
        _ = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        #expect(sip.legMedia.first?.keys?.remote == key.dropFirst("inline:".count) + (isPadded ? "==" : ""))
        #expect(sip.suite == suite.uppercased())
    }

    @Test("an a=crypto that is not legal, or of a kind that the engine does not know, costs itself only", arguments: [
        "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|monkeys", "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|2^64", "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|2^49",
        "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|0", "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|-1", "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|+1",
        "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|2^+4", "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|2^", "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|",
        "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|281474976710657", "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|99999999999999999999999",
        "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|2^20|2^20", "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|2^20|monkeys:4",
        "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|2^20|1:4", "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)|1:4", "1 AES_CM_128_HMAC_SHA1_80 \(keyOne)===",
        "1 AES_CM_128_HMAC_SHA1_80 inline:%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%", "1 AES_CM_128_HMAC_SHA1_80 inline:short",
        "1 AES_CM_128_HMAC_SHA1_80 plain:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm", "1 AES_CM_128_HMAC_SHA1_80 \(keyOne) UNENCRYPTED_SRTP",
        "1", "x AES_CM_128_HMAC_SHA1_80 \(keyOne)", "4294967296 AES_CM_128_HMAC_SHA1_80 \(keyOne)",
    ])
    func illegalKeys(_ line: String) throws {
        var sip = sip(.optional)
        #expect(throws: NegotiationError.unsupportedEncryption) { try sip.acceptOffer(Sample.phone(Self.secure, "a=crypto:\(line)")) }
        _ = try sip.acceptOffer(Sample.phone(Self.secure, "a=crypto:\(line)", crypto(2, "AES_CM_128_HMAC_SHA1_80", Self.keyTwo)))
        #expect(try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0")).contains("a=crypto:2 AES_CM_128_HMAC_SHA1_80 "))
        #expect(remotes(sip) == [Self.keyTwo])
    }

    @Test("audio and video get keys of one suite, the first that both have")
    func oneSuite() throws {
        var sip = sip(.optional)
        _ = try sip.acceptOffer(
            Sample.phone(
                Self.secure, crypto(1, "AES_CM_128_HMAC_SHA1_80"), crypto(2, "AES_CM_128_HMAC_SHA1_32", Self.keyTwo),
                "m=video 4002 RTP/SAVP 96", Sample.vp8, crypto(1, "AES_CM_128_HMAC_SHA1_32", Self.keyOne)))
        #expect(sip.suite == "AES_CM_128_HMAC_SHA1_32")
        let answer = try media(sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0", "m=video 30002 RTP/AVP 96", Sample.vp8)))
        #expect(answer.map { $0.keys.first?.tag } == [2, 1] && answer.allSatisfy { $0.keys.first?.suite == "AES_CM_128_HMAC_SHA1_32" })
        #expect(remotes(sip) == [Self.keyTwo, Self.keyOne])
    }

    @Test("plain video beside encrypted audio is refused in its place: a dialog is encrypted as a whole")
    func mixed() throws {
        var sip = sip(.optional)
        let plain = try sip.acceptOffer(Sample.phone(Sample.video, Sample.vp8, Self.secure, crypto(1)))
        #expect(try media(plain).map(\.kind) == [.audio])
        let answer = try media(sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0")))
        #expect(answer.map { $0.port != 0 } == [false, true])
    }

    @Test("an answer without a key would be a lie: the line is refused")
    func noKeyOfOurs() throws {
        var sip = sip(.optional)
        sip.open([.audio: LegPort(port: 30_000, key: Array(Sample.key.prefix(29)))])
        _ = try sip.acceptOffer(Sample.phone(Self.secure, crypto(1)))
        #expect(throws: NegotiationError.noCommonCodec) { try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0")) }
    }

    @Test("required, our offer is RTP/SAVP with a key, and only its like is taken for an answer")
    func offering() throws {
        var sip = sip(.required)
        #expect(sip.suite == "AES_CM_128_HMAC_SHA1_80")
        let offer = try sip.makeOffer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        #expect(offer.contains("m=audio 30000 RTP/SAVP 0\r\n") && offer.contains(Self.own))
        #expect(throws: NegotiationError.encryptionRequired) { try sip.acceptAnswer(Sample.phone(Sample.pcmu)) }
        #expect(throws: NegotiationError.unsupportedEncryption) {
            try sip.acceptAnswer(Sample.phone(Self.secure, crypto(2)))
        }
        #expect(throws: NegotiationError.unsupportedEncryption) {
            try sip.acceptAnswer(Sample.phone(Self.secure, crypto(1, "AES_CM_128_HMAC_SHA1_32")))
        }
        let plain = try sip.acceptAnswer(Sample.phone(Self.secure, crypto(1)))
        #expect(!plain.contains("RTP/SAVP") && !plain.contains(Self.keyOne))
        #expect(remotes(sip) == [Self.keyOne])
        #expect(sip.agreedMedia.first?.isEncrypted == true)
    }

    @Test("optional, our offer is plain")
    func optionalOffer() throws {
        var sip = sip(.optional)
        #expect(sip.suite == nil)
        #expect(try sip.makeOffer(Sample.generated(Sample.pcmu)).contains("RTP/AVP"))
    }

    @Test("a re-INVITE with the same key goes through, with another tag too")
    func sameKey() throws {
        var sip = try agreed(Self.secure, crypto(1))
        _ = try sip.acceptOffer(Sample.phone(Self.secure, crypto(4, "AES_CM_128_HMAC_SHA1_80", Self.keyTwo), crypto(5), "a=sendonly"))
        #expect(try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0")).contains("a=crypto:5 "))
    }

    @Test("a re-INVITE may bring another key, and one that comes to nothing leaves the first")
    func otherKey() throws {
        var sip = try agreed(Self.secure, crypto(1))
        let other = Sample.phone(Self.secure, crypto(1, "AES_CM_128_HMAC_SHA1_80", Self.keyTwo))
        _ = try sip.acceptOffer(other)
        sip.rollback()
        #expect(remotes(sip) == [Self.keyOne])
        _ = try sip.acceptOffer(other)
        _ = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        #expect(remotes(sip) == [Self.keyTwo])
        // Of several it goes on with the one that is in use.
        _ = try sip.acceptOffer(Sample.phone(Self.secure, crypto(1), crypto(2, "AES_CM_128_HMAC_SHA1_80", Self.keyTwo)))
        #expect(try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0")).contains("a=crypto:2 ") && remotes(sip) == [Self.keyTwo])
    }

    @Test("the answer to a later offer of ours may bring another key, and one that is withdrawn leaves the first")
    func otherKeyInAnswer() throws {
        var sip = try agreed(Self.secure, crypto(1))
        _ = try sip.makeOffer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        _ = try sip.acceptAnswer(Sample.phone(Self.secure, crypto(1, "AES_CM_128_HMAC_SHA1_80", Self.keyTwo)))
        #expect(remotes(sip) == [Self.keyTwo])
        sip.withdraw()
        #expect(remotes(sip) == [Self.keyOne])
    }

    @Test("within a dialog plain RTP for SRTP and SRTP for plain RTP are refused, and what stood stands")
    func changes() throws {
        var sip = try agreed(Self.secure, crypto(1))
        let before = sip.agreedMedia
        #expect(throws: NegotiationError.encryptionChanged) { try sip.acceptOffer(Sample.phone(Sample.pcmu)) }
        #expect(sip.agreedMedia == before)
        var plain = try agreed(Sample.pcmu)
        #expect(throws: NegotiationError.encryptionChanged) { try plain.acceptOffer(Sample.phone(Self.secure, crypto(1))) }
    }

    @Test("our re-offer in an encrypted dialog has the same suite and key, and keeps the feedback profile")
    func reoffer() throws {
        var sip = try agreed("m=audio 4000 RTP/SAVPF 0", crypto(1, "AES_CM_128_HMAC_SHA1_32"))
        #expect(sip.suite == "AES_CM_128_HMAC_SHA1_32")
        let offer = try sip.makeOffer(Sample.generated("m=audio 30000 RTP/AVP 0", "a=sendonly"))
        #expect(offer.contains("m=audio 30000 RTP/SAVPF 0") && offer.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_32 \(Sample.inlineKey)\r\n"))
    }

    @Test("feedback is answered as the phone named it, under AVPF and SAVPF only", arguments: ["RTP/AVP", "RTP/AVPF"])
    func feedback(_ transport: String) throws {
        var sip = sip(.optional)
        _ = try sip.acceptOffer(
            Sample.phone("m=video 4002 \(transport) 96", Sample.vp8, "a=rtcp-fb:96 nack pli", "a=rtcp-fb:* ccm fir", "a=sendonly"))
        let answer = try sip.makeAnswer(
            Sample.generated(
                "m=video 30002 RTP/AVP 96", Sample.vp8, "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=rtcp-fb:96 ccm fir"))
        let named = try media(answer).flatMap(\.attributes).compactMap { attribute in
            if case .rtcpFeedback(let entry) = attribute { entry.feedback } else { nil }
        }
        #expect(named == (transport == "RTP/AVPF" ? ["nack pli", "ccm fir"] : []))
        #expect(try media(answer).first?.direction == .recvonly)
    }
}
