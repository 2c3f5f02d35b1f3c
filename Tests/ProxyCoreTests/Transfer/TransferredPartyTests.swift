import SDP
import Testing

@testable import ProxyCore

@Suite("A party that goes on in another call")
struct TransferredPartyTests {
    private func established(by leg: Call.Leg = 2) -> Call {
        var call = Call(id: "c", echo: false, legs: [1, 2])
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionOffers(.callee, "P"))
        _ = call.handle(.accepted(leg, "A"))
        _ = call.handle(.sessionAnswers(.caller, "B"))
        return call
    }

    @Test("is not told of the end of the one that it leaves, but that an offer of its is not answered; the other one is told of the end")
    func handedOver() {
        let end = CallEnd.transferred, failure = SessionFailure.state("the party goes on in another call")
        var call = established()
        #expect(call.answerer == 2)
        #expect(
            call.handle(.handedOver(.caller, end)) == [
                .stopTimer(.duration), .refuseOffer(.caller, nil, failure), .endCallee(2, end), .stopSession(end), .ended(end),
            ])
        #expect(call.isEnded && call.answerer == nil)
        #expect(call.handle(.handedOver(.caller, end)) == [])
        call = established()
        #expect(
            call.handle(.handedOver(.callee, end)) == [
                .stopTimer(.duration), .refuseOffer(.callee, 2, failure), .hangUpCaller(end), .stopSession(end), .ended(end),
            ])
    }

    @Test("leaves no call that is not answered")
    func notAnswered() {
        var call = Call(id: "c", echo: false, legs: [1])
        _ = call.handle(.start(offer: "O"))
        #expect(call.handle(.handedOver(.caller, .transferred)) == [])
        #expect(!call.isEnded)
    }

    @Test("hears nothing of the other call before it is answered")
    func noEarlyMedia() {
        var call = Call(id: "c", stages: [.parties([Call.Party(1)])], takesEarlyMedia: false)
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionOffers(.callee, "P"))
        #expect(call.handle(.progress(1, "E")) == [.ringCaller, .progressDone(1, nil)])
    }

    /// The dialog's side of another session.
    private func other(_ key: [UInt8] = Sample.key) -> SIPNegotiation {
        var after = SIPNegotiation(sessionID: 99, addresses: LegAddresses("192.0.2.9"))
        after.open([.audio: LegPort(port: 30_100, key: key)])
        return after
    }

    @Test("keeps its o= and the lines of its dialog, in number and order, with the answer of another session")
    func answer() throws {
        var before = Sample.sip()
        _ = try before.acceptOffer(Sample.phone("m=image 3000 udptl t38", Sample.pcmu))
        _ = try before.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        var after = other()
        after.inherit(before.inheritance)
        _ = try after.acceptOffer(Sample.phone("m=image 3000 udptl t38", Sample.pcmu))
        let text = try after.makeAnswer(Sample.generated("m=audio 30100 RTP/AVP 0"))
        let answer = try SessionDescription(parsing: text)
        #expect(answer.origin.sessionID == 4711 && answer.origin.sessionVersion == 2)
        #expect(answer.media.map(\.port) == [0, 30_100])
    }

    @Test("keeps them with an offer of another session too: what that does not have is refused in its place")
    func offer() throws {
        var before = Sample.sip()
        _ = try before.acceptOffer(Sample.phone(Sample.video, Sample.vp8, "m=audio 4000 RTP/AVP 0"))
        _ = try before.makeAnswer(Sample.generated("m=video 30002 RTP/AVP 96", Sample.vp8, "m=audio 30000 RTP/AVP 0"))
        var after = other()
        after.inherit(before.inheritance)
        let text = try after.makeOffer(Sample.generated("m=audio 30100 RTP/AVP 0", "a=rtpmap:0 PCMU/8000"))
        let offer = try SessionDescription(parsing: text)
        #expect(offer.origin.sessionID == 4711 && offer.origin.sessionVersion == 2)
        #expect(offer.media.map(\.kind) == [.video, .audio])
        #expect(offer.media.map(\.port) == [0, 30_100])
        let plain = try after.acceptAnswer(Sample.phone("m=video 0 RTP/AVP 96", "m=audio 5000 RTP/AVP 0"))
        #expect(try SessionDescription(parsing: plain).media.map(\.port) == [5_000])
    }

    @Test("with SRTP is sent nothing until it has been told of the other session, and may take a new key then")
    func newKey() throws {
        func crypto(_ key: Character) -> String { "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + Fixture.key(key) }
        let audio = "m=audio 4000 RTP/SAVP 0"
        var before = Sample.sip()
        _ = try before.acceptOffer(Sample.phone(audio, crypto("A")))
        _ = try before.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        var after = other([UInt8](repeating: 0, count: LegPort.keyBytes))
        after.inherit(before.inheritance)
        _ = try after.acceptOffer(Sample.phone(audio, crypto("A")))
        #expect(after.suite == "AES_CM_128_HMAC_SHA1_80" && after.withholdsKeys)
        _ = try after.makeAnswer(Sample.generated("m=audio 30100 RTP/AVP 0"))
        let held = try #require(after.legMedia.first)
        #expect(held.phone == nil && held.keys == nil && !held.receives && !held.sends && !after.agreedMedia.isEmpty)
        let offer = try after.repeatOffer(widening: false).text
        #expect(offer.contains("m=audio 30100 RTP/SAVP 0\r\n") && offer.contains(crypto("A")), "the other leg's port and key: \(offer)")
        _ = try after.acceptAnswer(Sample.phone("m=audio 4002 RTP/SAVP 0", crypto("D")))
        let told = try #require(after.legMedia.first)
        #expect(told.phone?.port == 4002 && told.keys == LegKeys(suite: "AES_CM_128_HMAC_SHA1_80", local: Fixture.key("A"), remote: Fixture.key("D")))
        #expect(told.receives && told.sends && !after.withholdsKeys)
        _ = try after.acceptOffer(Sample.phone("m=audio 4002 RTP/SAVP 0", crypto("E")))
        #expect(!after.withholdsKeys)
    }

    @Test("offers all that it can, held as it was, and a description that is said again has a new version")
    func resumed() throws {
        let held = Sample.phone(Sample.pcmu, "a=sendonly").replacing("t=0 0", with: "t=0 0\r\na=inactive")
        let offer = try DialogInheritance.offer(from: .said(held)).read()
        #expect(offer.media.first?.direction == .sendrecv)
        #expect(DialogInheritance.offer(from: .said("nonsense")) == .said("nonsense"))
        let before = try SessionDescription(parsing: held)
        #expect(DialogInheritance.renewed(before, after: before).origin.sessionVersion == before.origin.sessionVersion + 1)
        let longer = try SessionDescription(
            parsing: Sample.phone(Sample.pcmu, Sample.video, Sample.vp8).replacing("o=- 1 1 ", with: "o=- 1 7 "))
        let back = DialogInheritance.renewed(before, after: longer)
        #expect(back.media.map(\.kind) == [.audio, .video] && back.media[1].port == 0)
        #expect(back.origin.sessionVersion == longer.origin.sessionVersion + 1)
    }
}
