import ProxyCore
import SDP
import Testing

struct NegotiationBrowserTests {
    static let ice = ["a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901", "a=fingerprint:sha-256 " + Array(repeating: "AB", count: 32).joined(separator: ":")]

    static func offer(_ media: [String], session: [String] = []) -> String {
        Sample.lines(
            ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"] + session
                + media.flatMap { $0.hasPrefix("m=") ? [$0, "c=IN IP4 0.0.0.0"] : [$0] })
    }

    static let audio = ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=rtpmap:111 opus/48000/2"]

    private func media(_ text: String) throws -> [MediaDescription] { try SessionDescription(parsing: text).media }

    @Test("a browser's medium without ICE or fingerprint is an error that says so")
    func missing() {
        var web = WebRTCNegotiation()
        #expect(throws: NegotiationError.missingICE) { try web.acceptOffer(Self.offer(Self.audio)) }
        #expect(throws: NegotiationError.missingICE) { try web.acceptOffer(Self.offer(Self.audio + [Self.ice[0], Self.ice[2]])) }
        #expect(throws: NegotiationError.missingFingerprint) { try web.acceptOffer(Self.offer(Self.audio + Self.ice.prefix(2))) }
        #expect(throws: Never.self) { try web.acceptOffer(Self.offer(Self.audio, session: Self.ice)) }
    }

    @Test("plain RTP is no media for a browser, and the error says which sdp_type it needs", arguments: ["RTP/AVP", "RTP/AVPF"])
    func plainRTP(transport: String) {
        var web = WebRTCNegotiation()
        #expect(throws: NegotiationError.plainRTP) { try web.acceptOffer(Self.offer(["m=audio 9 \(transport) 0"], session: Self.ice)) }
        #expect(NegotiationError.plainRTP.reason == "no ICE or DTLS: this is plain RTP, for which `sdp_type` must be \"rtp\"")
        #expect(throws: NegotiationError.noUsableMedia) { try web.acceptOffer(Self.offer(["m=audio 0 \(transport) 0"], session: Self.ice)) }
        #expect(throws: Never.self) { try web.makeOffer(Self.offer(Self.audio, session: Self.ice)) }
        #expect(throws: NegotiationError.plainRTP) { try web.acceptAnswer(Self.offer(["m=audio 9 \(transport) 111"], session: Self.ice)) }
    }

    @Test("data channels alone are no media for a browser", arguments: [
        ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:0"], [],
    ])
    func unusable(_ media: [String]) {
        var web = WebRTCNegotiation()
        #expect(throws: NegotiationError.noUsableMedia) { try web.acceptOffer(Self.offer(media, session: Self.ice)) }
    }

    @Test("only audio and video reach Janus; the rest comes back refused in place with its mid, outside the bundle")
    func surplus() throws {
        var web = WebRTCNegotiation()
        let offer = Self.offer(
            [
                "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:d", "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:v", Sample.vp8,
                "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:w", Sample.vp8, "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:a",
            ], session: ["a=group:BUNDLE d v w a"] + Self.ice)
        let inner = try SessionDescription(parsing: web.acceptOffer(offer))
        #expect(inner.media.map(\.mid) == ["v", "a"])
        #expect(inner.attributes.contains(.group(Group(semantics: "BUNDLE", mids: ["v", "a"]))))
        let janus = Self.offer(["m=video 0 UDP/TLS/RTP/SAVPF 0", "a=mid:v", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:a"], session: ["a=group:BUNDLE v a"])
        let answer = try SessionDescription(parsing: web.makeAnswer(janus))
        #expect(answer.media.map(\.kind) == [.application, .video, .video, .audio])
        #expect(answer.media.map(\.port) == [0, 0, 0, 9])
        #expect(answer.media.map(\.mid) == ["d", "v", "w", "a"])
        #expect(answer.media.first?.formats == ["webrtc-datachannel"])
        #expect(answer.attributes.contains(.group(Group(semantics: "BUNDLE", mids: ["a"]))))
    }

    @Test("candidates of the browser's own network and empty attributes do not reach Janus")
    func janusReads() throws {
        var web = WebRTCNegotiation()
        let inner = try web.acceptOffer(
            Self.offer(
                Self.audio + ["a=candidate:1 1 udp 1 abc.local 9 typ host", "a=candidate:2 1 udp 1 192.0.2.1 9 typ srflx", "a=end-of-candidates", "a=x:"],
                session: Self.ice))
        #expect(!inner.contains(".local"))
        #expect(inner.contains("192.0.2.1"))
        #expect(inner.contains("a=end-of-candidates"))
        #expect(!inner.contains("a=x:"))
    }

    @Test("a line with port 0 that is in the bundle only is none that is refused, and Janus is told so (RFC 9143, section 6)")
    func bundleOnly() throws {
        var web = WebRTCNegotiation()
        let video = ["m=video 0 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=bundle-only", Sample.vp8]
        let inner = try media(web.acceptOffer(Self.offer(Self.audio + video, session: ["a=group:BUNDLE 0 1"] + Self.ice)))
        #expect(inner.map(\.port) == [9, 9])
        let answer = try media(web.makeAnswer(Self.offer(Self.audio + ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", Sample.vp8], session: Self.ice)))
        #expect(answer.map(\.port) == [9, 9])
    }

    @Test("an answer must have the lines of the offer")
    func answers() throws {
        var web = WebRTCNegotiation()
        #expect(throws: NegotiationError.wrongState) { try web.acceptAnswer(Self.offer(Self.audio, session: Self.ice)) }
        _ = try web.makeOffer(Self.offer(Self.audio, session: Self.ice))
        #expect(throws: NegotiationError.wrongMedia(line: 1)) {
            try web.acceptAnswer(Self.offer(["m=video 9 UDP/TLS/RTP/SAVPF 96"], session: Self.ice))
        }
        #expect(throws: NegotiationError.noUsableMedia) {
            try web.acceptAnswer(Self.offer(["m=audio 0 UDP/TLS/RTP/SAVPF 111"], session: Self.ice))
        }
        #expect(throws: NegotiationError.codecNotOffered(line: 1)) {
            try web.acceptAnswer(Self.offer(["m=audio 9 UDP/TLS/RTP/SAVPF 0 110", "a=rtpmap:110 telephone-event/48000"], session: Self.ice))
        }
        #expect(try media(web.acceptAnswer(Self.offer(Self.audio, session: Self.ice))).count == 1)
    }

    @Test("an offer of Janus' keeps the lines that the browser brought")
    func reoffer() throws {
        var web = WebRTCNegotiation()
        _ = try web.acceptOffer(Self.offer(["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:d"] + Self.audio, session: Self.ice))
        _ = try web.makeAnswer(Self.offer(Self.audio, session: Self.ice))
        let video = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", Sample.vp8]
        let offer = try media(web.makeOffer(Self.offer(Self.audio + video, session: Self.ice)))
        #expect(offer.map(\.kind) == [.application, .audio, .video])
        #expect(offer.map(\.port) == [0, 9, 9])
        web.rollback()
        #expect(throws: NegotiationError.wrongState) { try web.acceptAnswer(Self.offer(Self.audio, session: Self.ice)) }
    }

    // MARK: Names

    private static let mid = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid"

    private func video(_ mid: String) -> [String] { ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:\(mid)", Self.mid, Sample.vp8] }

    private func bundle(_ mids: String) -> [String] { ["a=group:BUNDLE \(mids)"] + Self.ice }

    private func group(_ session: SessionDescription) -> [String] {
        for case .group(let group) in session.attributes { return group.mids }
        return []
    }

    /// A dialog with audio, in which a video line named 1 was refused.
    private func refused() throws -> WebRTCNegotiation {
        var web = WebRTCNegotiation()
        _ = try web.acceptOffer(Self.offer(Self.audio, session: bundle("0")))
        _ = try web.makeAnswer(Self.offer(Self.audio, session: bundle("0")))
        let first = try SessionDescription(parsing: web.acceptOffer(Self.offer(Self.audio + video("1"), session: bundle("0 1"))))
        #expect(first.media.map(\.mid) == ["0", "1"])
        #expect(first.text.contains("sdes:mid"), "as long as both have the same names, RTP may carry them")
        web.rollback()
        return web
    }

    @Test("a line that was refused and is offered again under another name keeps its first one for Janus, and no name is in RTP")
    func offeredAgain() throws {
        var web = try refused()
        let inner = try SessionDescription(parsing: web.acceptOffer(Self.offer(Self.audio + video("2"), session: bundle("0 2"))))
        #expect(inner.media.map(\.mid) == ["0", "1"])
        #expect(group(inner) == ["0", "1"])
        #expect(!inner.text.contains("sdes:mid"))
        let answer = try SessionDescription(
            parsing: web.makeAnswer(Self.offer(Self.audio + video("1"), session: bundle("0 1"))))
        #expect(answer.media.map(\.mid) == ["0", "2"])
        #expect(group(answer) == ["0", "2"])
        #expect(!answer.text.contains("sdes:mid"))

        let offer = try SessionDescription(parsing: web.makeOffer(Self.offer(Self.audio + video("1"), session: bundle("0 1"))))
        #expect(offer.media.map(\.mid) == ["0", "2"])
        #expect(group(offer) == ["0", "2"])
        let back = try SessionDescription(
            parsing: web.acceptAnswer(Self.offer(Self.audio + video("2"), session: bundle("0 2"))))
        #expect(back.media.map(\.mid) == ["0", "1"])
        #expect(group(back) == ["0", "1"])
    }

    @Test("a line that Janus adds after the refusal has Janus' name, unless the browser has that for another line")
    func addedByJanus() throws {
        var web = try refused()
        let generated = Self.offer(Self.audio + video("1"), session: bundle("0 1"))
        let offer = try SessionDescription(parsing: web.makeOffer(generated))
        #expect(offer.media.map(\.mid) == ["0", "1"])

        var data = WebRTCNegotiation()
        let lines = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:1"]
        _ = try data.acceptOffer(Self.offer(Self.audio + lines, session: bundle("0 1")))
        _ = try data.makeAnswer(Self.offer(Self.audio, session: bundle("0")))
        let added = try SessionDescription(parsing: data.makeOffer(generated))
        #expect(added.media.map(\.mid) == ["0", "1", "janus0"])
        #expect(group(added) == ["0", "janus0"])
        let answer = Self.offer(
            Self.audio + ["m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:1"] + video("janus0"),
            session: bundle("0 janus0"))
        let back = try SessionDescription(parsing: data.acceptAnswer(answer))
        #expect(back.media.map(\.mid) == ["0", "1"])
        #expect(group(back) == ["0", "1"])
    }
}
