import SDP
import Testing

@testable import ProxyCore

struct NegotiationDialogTests {
    private func media(_ text: String) throws -> [MediaDescription] { try SessionDescription(parsing: text).media }
    private func origin(_ text: String) throws -> Origin { try SessionDescription(parsing: text).origin }

    @Test("the version of o= rises only when something changed, and its id stays")
    func version() throws {
        var sip = Sample.sip()
        var versions: [UInt64] = []
        for direction in ["sendrecv", "sendrecv", "sendonly", "sendonly", "sendrecv"] {
            _ = try sip.acceptOffer(Sample.phone(Sample.pcmu, "a=\(direction)"))
            let origin = try origin(sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0", "a=sendrecv")))
            #expect(origin.sessionID == 4711)
            versions.append(origin.sessionVersion)
        }
        #expect(versions == [1, 1, 2, 2, 3])
    }

    @Test("hold is answered with what fits it, whatever the browser says", arguments: [
        ("sendrecv", "sendrecv", Direction.sendrecv), ("sendonly", "sendrecv", .recvonly), ("inactive", "sendrecv", .inactive),
        ("recvonly", "sendrecv", .sendonly), ("sendrecv", "inactive", .inactive), ("sendonly", "sendonly", .inactive),
    ])
    func hold(_ offered: String, _ browser: String, _ answer: Direction) throws {
        var sip = Sample.sip()
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu, "a=\(offered)"))
        let text = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=\(browser)"))
        #expect(try media(text).first?.direction == answer)
    }

    @Test("the other side's direction counts, wherever it stands")
    func sessionDirection() throws {
        let offer = Sample.generated("m=audio 9 RTP/AVP 0", "m=video 9 RTP/AVP 96", Sample.vp8, "a=sendrecv").replacing("t=0 0\r\n", with: "t=0 0\r\na=sendonly\r\n")
        var sip = Sample.sip()
        #expect(try media(sip.makeOffer(offer)).map(\.direction) == [.sendonly, .sendrecv])
    }

    @Test("a refused re-INVITE leaves the old session as it was")
    func rollback() throws {
        var sip = Sample.sip()
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu))
        let before = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        let agreed = sip.agreedMedia
        #expect(throws: NegotiationError.noUsableMedia) { try sip.acceptOffer(Sample.phone("m=image 4000 udptl t38")) }
        #expect(sip.agreedMedia == agreed)
        // One that was understood, but that the browser would not have.
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu, Sample.video, Sample.vp8))
        sip.rollback()
        #expect(sip.agreedMedia == agreed)
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu))
        #expect(try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0")) == before)
    }

    @Test("fewer lines than before are refused within a dialog")
    func fewer() throws {
        var sip = Sample.sip()
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu, Sample.video, Sample.vp8))
        _ = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0", "m=video 30002 RTP/AVP 96", Sample.vp8))
        #expect(throws: NegotiationError.wrongMediaCount(expected: 2, found: 1)) { try sip.acceptOffer(Sample.phone(Sample.pcmu)) }
    }

    @Test("our re-offer keeps the lines of the phone's offer, refused ones too, and new ones come last")
    func reoffer() throws {
        var sip = Sample.sip()
        _ = try sip.acceptOffer(Sample.phone("m=image 3000 udptl t38", Sample.pcmu))
        _ = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        let offer = try media(sip.makeOffer(Sample.generated("m=audio 30000 RTP/AVP 0", "a=sendonly", "m=video 30002 RTP/AVP 96", Sample.vp8)))
        #expect(offer.map(\.kind) == [.image, .audio, .video])
        #expect(offer.map(\.port) == [0, 30000, 30002])
        let plain = try media(sip.acceptAnswer(Sample.phone("m=image 0 udptl t38", Sample.pcmu, "m=video 0 RTP/AVP 96")))
        #expect(plain.map(\.kind) == [.audio, .video])
        #expect(plain.map(\.port) == [4000, 0])
        #expect(plain.first?.direction == .recvonly)
    }

    @Test("lines that an answer lacks count as refused, those it has too many as nothing, and a video that cannot be used costs itself", arguments: [
        [Sample.pcmu], [Sample.pcmu, Sample.video, Sample.vp8, "m=audio 5000 RTP/AVP 8"], [Sample.pcmu, "m=video 4002 RTP/AVP 97", "a=rtpmap:97 H264/90000"],
        [Sample.pcmu, "m=video 4002 RTP/SAVP 96", Sample.vp8], [Sample.pcmu, "m=application 0 RTP/AVP 96"],
    ])
    func oddAnswer(_ lines: [String]) throws {
        var sip = try Sample.offering()
        let text = Sample.lines(["v=0", "o=- 1 1 IN IP4 10.9.0.2", "s=-", "c=IN IP4 10.9.0.2", "t=0 0"] + lines)
        let plain = try media(sip.acceptAnswer(text))
        #expect(plain.map(\.kind) == [.audio, .video])
        #expect(plain.map(\.port) == [4000, lines.count == 4 ? 4002 : 0])
    }

    @Test("what the called phone answered, offered again, is answered with what it took of our offer, and so each time after")
    func repeatedAnswer() throws {
        var sip = try Sample.offering()
        let answer = Sample.phone("m=audio 5000 RTP/AVP 0", "a=recvonly", "m=video 0 RTP/AVP 96")
        _ = try sip.acceptAnswer(answer)
        let agreed = sip.agreedMedia
        let moved = sip.repeatAnswer(to: answer.replacing("5000", with: "5002"))
        #expect(moved == nil)
        let first = sip.repeatAnswer(to: answer.replacing("o=- 1 1 ", with: "o=- 1 2 ")) ?? ""
        #expect(first.contains("o=- 4711 2 ") && first.contains("m=audio 30000 RTP/AVP 0\r\na=sendonly\r\nm=video 0 RTP/AVP 96\r\n"))
        let second = sip.repeatAnswer(to: answer.replacing("o=- 1 1 ", with: "o=- 1 3 "))
        #expect(second == first)
        #expect(sip.agreedMedia == agreed)
    }

    @Test("nothing is repeated before there is an answer, nor what came to nothing")
    func notRepeated() throws {
        var sip = Sample.sip()
        let offer = Sample.phone(Sample.pcmu), other = Sample.phone("m=audio 4000 RTP/AVP 8")
        let early = sip.repeatAnswer(to: offer)
        _ = try sip.acceptOffer(offer)
        let pending = sip.repeatAnswer(to: offer)
        #expect(early == nil && pending == nil)
        let answer = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        _ = try sip.acceptOffer(other)
        sip.rollback()
        let declined = sip.repeatAnswer(to: other), agreed = sip.repeatAnswer(to: offer), nonsense = sip.repeatAnswer(to: "nonsense")
        #expect(declined == nil && agreed == answer && nonsense == nil)
    }

    @Test("Opus is Opus with two channels, one or none, and codecs have their RFC's spelling for Janus", arguments: [
        ("opus/48000", "opus/48000/2"), ("OPUS/48000/2", "opus/48000/2"), ("Opus/48000/1", "opus/48000/2"), ("pcmu/8000", "PCMU/8000"),
        ("g722/8000/1", "G722/8000"), ("Telephone-Event/8000", "telephone-event/8000"),
    ])
    func spelling(_ read: String, _ written: String) throws {
        var sip = Sample.sip()
        #expect(try sip.acceptOffer(Sample.phone("m=audio 4000 RTP/AVP 96 8", "a=rtpmap:96 \(read)")).contains("a=rtpmap:96 \(written)\r\n"))
    }

    @Test("an answer may come twice, in a 183 and in the 200, and the later one counts")
    func earlyAnswer() throws {
        var sip = try Sample.offering()
        _ = try sip.acceptAnswer(Sample.phone("m=audio 5000 RTP/AVP 0", "m=video 0 RTP/AVP 96"))
        let plain = try media(sip.acceptAnswer(Sample.phone("m=audio 6000 RTP/AVP 111", "a=rtpmap:111 opus/48000/2", "m=video 0 RTP/AVP 96")))
        #expect(plain.first?.port == 6000)
        #expect(sip.agreedMedia.map(\.codec) == [.opus])
    }

    @Test("codecs of an answer that were not offered are left out where another was")
    func extraCodec() throws {
        var sip = try Sample.offering()
        let plain = try media(sip.acceptAnswer(Sample.phone("m=audio 5000 RTP/AVP 8 0", "m=video 0 RTP/AVP 96")))
        #expect(plain.first?.formats == ["0"])
    }

    @Test("telephone events follow the clock of the codecs that are left")
    func telephoneEvents() throws {
        let events = ["a=rtpmap:110 telephone-event/48000", "a=rtpmap:126 telephone-event/8000"]
        var opus = Sample.sip()
        #expect(
            try media(opus.makeOffer(Sample.generated("m=audio 30000 RTP/AVP 111 110 126", "a=rtpmap:111 opus/48000/2", events[0], events[1])))
                .first?.formats == ["111", "110"])
        var pcmu = Sample.sip()
        #expect(try media(pcmu.makeOffer(Sample.generated("m=audio 30000 RTP/AVP 0 110 126", events[0], events[1]))).first?.formats == ["0", "126"])
        var old = Sample.sip()
        #expect(
            try media(old.makeOffer(Sample.generated("m=audio 30000 RTP/AVP 111 126", "a=rtpmap:111 opus/48000/2", events[1])))
                .first?.formats == ["111", "126"])
    }

    @Test("what a browser refused is refused to the phone")
    func refusedByBrowser() throws {
        var sip = Sample.sip()
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu, Sample.video, Sample.vp8))
        let answer = try media(sip.makeAnswer(
            Sample.generated("m=audio 0 RTP/AVP 0", "a=inactive", "a=mid:0", "m=video 30002 RTP/AVP 96", "a=sendrecv", Sample.vp8)))
        #expect(answer.map(\.port) == [0, 30002])
    }

    @Test("an offer with audio and video from Chrome stays under 650 bytes with the longest addresses and id")
    func size() throws {
        let golden = try #require(NegotiationGolden.all.first { $0.name == "chromium-to-asterisk" })
        let generated = try #require(golden.steps.first?.input)
        var sip = SIPNegotiation(sessionID: UInt64.max, addresses: LegAddresses("192.168.100.200"))
        sip.open([.audio: LegPort(port: 30_000, key: []), .video: LegPort(port: 30_002, key: [])])
        let offer = try sip.makeOffer(generated)
        #expect(offer.utf8.count <= 650)
        for word in ["ice", "fingerprint", "setup", "mid", "msid", "ssrc", "extmap", "rtx", "red", "ulpfec", "flexfec", "BUNDLE", "rtcp-fb", "rtcp-mux", "candidate"] {
            #expect(!offer.contains(word), "\(word)")
        }
    }

    @Test("of two hundred payload types so many are read, in a line that Janus can read")
    func manyPayloads() throws {
        let types = (0 ..< 128).map(String.init).joined(separator: " ")
        let maps = (96 ..< 128).map { "a=rtpmap:\($0) opus/48000/2" }.joined(separator: "\r\n")
        var sip = Sample.sip()
        let plain = try sip.acceptOffer(Sample.phone("m=audio 4000 RTP/AVP \(types) \(types)", maps))
        #expect(plain.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 200 })
        #expect(try media(plain).first?.formats.count == 24)
    }

    @Test("what was agreed can be asked for")
    func agreed() throws {
        var sip = Sample.sip()
        _ = try sip.acceptOffer(Sample.phone("m=audio 4000 RTP/AVP 101 8", "a=rtpmap:101 telephone-event/8000", "a=sendonly"))
        #expect(sip.agreedMedia.isEmpty)
        _ = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 101 8", "a=rtpmap:101 telephone-event/8000"))
        let medium = try #require(sip.agreedMedia.first)
        #expect(medium.codec == .pcma)
        #expect(medium.direction == .recvonly)
        #expect(!medium.isEncrypted)
    }
}
