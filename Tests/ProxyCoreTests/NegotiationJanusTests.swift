import ProxyCore
import SDP
import Testing

/// What reaches Janus of a browser's description, and what a browser is told of Janus'.
struct NegotiationJanusTests {
    private static let ice = NegotiationBrowserTests.ice
    private static let audio = ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=rtpmap:111 opus/48000/2"]
    private static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"

    private func offer(_ media: [String], session: [String] = ice) -> String { NegotiationBrowserTests.offer(media, session: session) }

    private func inner(_ media: [String], session: [String] = ice) throws -> String {
        var web = WebRTCNegotiation()
        return try web.acceptOffer(offer(media, session: session))
    }

    @Test("a header extension reaches Janus with a number of RFC 8285 only, from whichever line it comes", arguments: [
        ("-1", false), ("0", false), ("1", true), ("14", true), ("15", false), ("16", false), ("255", false), ("256", false), ("4096", false),
        ("65537", false), ("2147483647", false), ("2147483648", false), ("4294967295", false), ("18446744073709551615", false), ("1/both", false),
        ("+1", false), (" 1", true), ("1/recvonly", true), ("0x1", false),
    ])
    func headerExtensions(_ id: String, _ isLegal: Bool) throws {
        let line = "a=extmap:\(id) \(Self.mid)"
        #expect(try inner(Self.audio + [line]).contains("a=extmap") == isLegal)
        #expect(try inner(Self.audio, session: Self.ice + [line]).contains("a=extmap") == isLegal)
        // An update, an answer, and the other side of a browser's call too.
        var web = WebRTCNegotiation()
        _ = try web.makeOffer(offer(Self.audio))
        #expect(try web.acceptAnswer(offer(Self.audio + [line])).contains("a=extmap") == isLegal)
        #expect(try web.acceptOffer(offer(Self.audio + [line])).contains("a=extmap") == isLegal)
    }

    @Test("numbers over 14 are for those who negotiate two-byte extensions", arguments: [("15", false), ("16", true), ("255", true), ("256", false), ("4351", false)])
    func mixedExtensions(_ id: String, _ isLegal: Bool) throws {
        let line = "a=extmap:\(id) \(Self.mid)"
        #expect(try inner(Self.audio + ["a=extmap-allow-mixed", line]).contains("a=extmap:") == isLegal)
        #expect(try inner(Self.audio + [line], session: Self.ice + ["a=extmap-allow-mixed"]).contains("a=extmap:") == isLegal)
    }

    @Test("a number stands for one header extension, the first")
    func repeatedExtension() throws {
        let text = try inner(Self.audio + ["a=extmap:4 \(Self.mid)", "a=extmap:4 urn:x", "a=extmap:5 urn:y"])
        #expect(text.contains("a=extmap:4 \(Self.mid)\r\n") && !text.contains("urn:x") && text.contains("urn:y"))
    }

    @Test("what Janus has no use for, or cannot be trusted with, stays behind", arguments: [
        // Janus finds these by a part of their name.
        "x-extmap:-1 \(mid)", "extmap-allow-mixed:-1 \(mid)", "EXTMAPS:-1 \(mid)", "xfmtp:111 x", "nonsense", "nonsense:x", "crypto:1 X inline:x",
        "rtpmap:128 X/8000", "rtpmap:112 X/8000", "rtpmap:x", "fmtp:112 x=1", "fmtp:", "fmtp:111", "fmtp:111 apt=4294967407", "fmtp:111 apt=-1",
        "rtcp-fb:112 nack", "rtcp-fb:-1 nack", "ssrc:4294967296 cname:x", "ssrc:-1 cname:x", "ssrc-group:FID 1 4294967296", "rid:1234567890123456 send",
        "rid:a/b send", "msid:stream", "msid:" + String(repeating: "x", count: 65) + " t", "mid:", "ptime:-1", "ptime:99999", "maxptime:0", "rtcp:-1",
        "rtcp:65536", "setup:maybe", "ice-options:", "group:", "candidate:1 0 udp 1 192.0.2.1 9 typ host", "candidate:1 1 udp 4294967295 192.0.2.1 9 typ host",
        "candidate:1 1 udp 1 host.example 9 typ host", "candidate:1 1 udp 1 224.0.0.1 9 typ host", "candidate:1 1 udp 1 192.0.2.1 9 typ what",
        "candidate:1 1 ssltcp 1 192.0.2.1 9 typ host", "sctp-port:-1", "max-message-size:99999999999999999999", "fingerprint:sha-256 AB", "x:",
        "fingerprint:sha-512 " + Array(repeating: "AB", count: 64).joined(separator: ":"),
    ])
    func leftBehind(_ attribute: String) throws {
        let without = try inner(Self.audio)
        #expect(try inner(Self.audio + ["a=\(attribute)"]) == without)
    }

    @Test("what Janus knows reaches it", arguments: [
        "ssrc:4294967295 cname:x", "ssrc-group:FID 1 2", "rid:h send", "simulcast:send h;l", "msid:s t", "ptime:20", "rtcp:9 IN IP4 0.0.0.0", "rtcp-mux",
        "rtcp-rsize", "rtcp-fb:* nack", "rtcp-fb:111 transport-cc", "fmtp:111 useinbandfec=1", "setup:passive", "ice-options:trickle renomination",
        "candidate:1 1 udp 1 192.0.2.1 9 typ host", "extmap-allow-mixed",
    ])
    func handedOn(_ attribute: String) throws {
        #expect(try inner(Self.audio + ["a=\(attribute)"]).contains("a=\(attribute)\r\n"))
    }

    @Test("a browser that leaves it open who begins the DTLS handshake is taken at its word as the one that does")
    func handshake() throws {
        let text = try inner(Self.audio + ["a=setup:actpass"])
        #expect(text.contains("a=setup:active\r\n") && !text.contains("actpass"))
    }

    @Test("payload types without a meaning, or that RTCP has on the same port, do not reach Janus")
    func payloadTypes() throws {
        let text = try inner(["m=audio 9 UDP/TLS/RTP/SAVPF 112 72 0 111 300 -1", "a=mid:0", "a=rtpmap:111 opus/48000/2", "a=rtpmap:72 PCMA/8000", "a=rtpmap:112 x"])
        #expect(text.contains("m=audio 9 UDP/TLS/RTP/SAVPF 0 111\r\n") && !text.contains("a=rtpmap:72"))
        #expect(throws: NegotiationError.noUsableMedia) { try inner(["m=audio 9 UDP/TLS/RTP/SAVPF 112", "a=mid:0"]) }
        #expect(throws: NegotiationError.noUsableMedia) { try inner(["m=audio 9 UDP/TLS/RTP/SAVPF", "a=mid:0"]) }
    }

    @Test("an m= that is longer than Janus reads loses its last payload types, and what belongs to them")
    func longLine() throws {
        let types = [111] + Array(35...63) + Array(96...110) + Array(112...127)
        let media = ["m=audio 9 UDP/TLS/RTP/SAVPF " + types.map(String.init).joined(separator: " "), "a=mid:0"]
        let text = try inner(media + types.map { "a=rtpmap:\($0) opus/48000/2" })
        let lines = text.split(separator: "\r\n"), line = try #require(lines.first { $0.hasPrefix("m=") })
        #expect(line.utf8.count <= 200 && line.hasPrefix("m=audio 9 UDP/TLS/RTP/SAVPF 111 35 "))
        #expect(lines.count { $0.hasPrefix("a=rtpmap:") } == line.split(separator: " ").count - 3)
    }

    @Test("a head as browsers do not write it is written as Janus reads it")
    func heads() throws {
        var web = WebRTCNegotiation()
        let text = Sample.lines(
            ["v=0", "o=John Q Doe x 99999999999999999999 IN IP5 y", "s=", "i=", "u=", "e=", "c=IN IP4 host.example", "b=AS:x", "b=CT:1", "t=now", "k="]
                + Self.ice + ["m=audio 9/2 udp/tls/rtp/savpf 111", "i=", "c=ATM x", "b=CT:1", "b=AS:64", "k="] + Self.audio.dropFirst())
        let inner = try web.acceptOffer(text)
        #expect(inner.split(separator: "\r\n").allSatisfy { $0.utf8.count > 2 })
        #expect(inner.contains("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\nb=AS:64\r\n"))
        #expect(inner.contains(" IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n") && inner.hasPrefix("v=0\r\no=- "))
    }

    @Test("a refused line is short, whatever the browser has written in it")
    func refusedLine() throws {
        let long = String(repeating: "x", count: 300)
        var web = WebRTCNegotiation()
        _ = try web.makeOffer(offer(Self.audio + ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", Sample.vp8]))
        let inner = try web.acceptAnswer(offer(Self.audio + ["m=video 9 \(long) \(long)", "a=mid:1"]))
        #expect(inner.contains("m=video 0 UDP/TLS/RTP/SAVPF 0\r\n"))
    }

    @Test("a line without c= beside one that has it gets one, for Janus and for the browser")
    func withoutConnection() throws {
        let lines = Self.audio + ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", Sample.vp8]
        let text = offer(lines).replacing("m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n", with: "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n")
        var web = WebRTCNegotiation()
        let nowhere = Connection(address: "0.0.0.0")
        #expect(try SessionDescription(parsing: web.acceptOffer(text)).media.map(\.connection) == [nowhere, nowhere])
        #expect(try SessionDescription(parsing: web.makeAnswer(text)).media.map(\.connection) == [nowhere, nowhere])
    }

    @Test("a connection that is to be held is refused clearly, at a line that is used")
    func heldConnection() throws {
        #expect(throws: NegotiationError.heldConnection) { try inner(Self.audio + ["a=setup:holdconn"]) }
        #expect(throws: NegotiationError.heldConnection) { try inner(Self.audio, session: Self.ice + ["a=setup:HoldConn"]) }
        let data = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:d", "a=setup:holdconn"]
        #expect(throws: Never.self) { try inner(Self.audio + data) }
        #expect(NegotiationError.heldConnection.sipStatus == 488)
    }

    @Test("credentials that cannot be are none")
    func credentials() {
        #expect(throws: NegotiationError.missingICE) { try inner(Self.audio, session: ["a=ice-ufrag:abc", Self.ice[1], Self.ice[2]]) }
        #expect(throws: NegotiationError.missingICE) { try inner(Self.audio, session: [Self.ice[0], "a=ice-pwd:short", Self.ice[2]]) }
        #expect(throws: NegotiationError.missingFingerprint) { try inner(Self.audio, session: [Self.ice[0], Self.ice[1], "a=fingerprint:sha-256 AB:CD"]) }
        let unknown = "a=fingerprint:sha-512 " + Array(repeating: "AB", count: 64).joined(separator: ":")
        #expect(throws: NegotiationError.missingFingerprint) { try inner(Self.audio, session: [Self.ice[0], Self.ice[1], unknown]) }
    }

    @Test("a name of a line that is too long for Janus gets another, and the browser its own")
    func longNames() throws {
        let name = String(repeating: "m", count: 17)
        let lines = ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:\(name)", "a=extmap:4 \(Self.mid)", "a=rtpmap:111 opus/48000/2"]
        var web = WebRTCNegotiation()
        let inner = try SessionDescription(parsing: web.acceptOffer(offer(lines, session: ["a=group:BUNDLE \(name)"] + Self.ice)))
        #expect(inner.media.map(\.mid) == ["line0"] && inner.text.contains("a=group:BUNDLE line0\r\n") && !inner.text.contains("extmap"))
        let janus = ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:line0", "a=rtpmap:111 opus/48000/2"]
        let answer = try SessionDescription(parsing: web.makeAnswer(offer(janus, session: ["a=group:BUNDLE line0"] + Self.ice)))
        #expect(answer.media.map(\.mid) == [name] && answer.text.contains("a=group:BUNDLE \(name)\r\n"))
    }

    @Test("a browser's answer with lines missing or too many is one with those refused or left out")
    func answers() throws {
        let video = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", Sample.vp8]
        var web = WebRTCNegotiation()
        _ = try web.makeOffer(offer(Self.audio + video))
        #expect(try SessionDescription(parsing: web.acceptAnswer(offer(Self.audio))).media.map(\.port) == [9, 0])
        #expect(try SessionDescription(parsing: web.acceptAnswer(offer(Self.audio + video + video))).media.map(\.port) == [9, 9])
    }

    // MARK: Towards browsers

    private static let events = ["a=rtpmap:110 telephone-event/48000", "a=rtpmap:126 telephone-event/8000", "a=fmtp:126 0-15"]

    @Test("a browser is told telephone events with the clock of the first codec, in offers and answers", arguments: [
        ("111 0 110 126", "111 0 110"), ("0 111 110 126", "0 111 126"), ("0 126", "0 126"), ("111 126", "111 126"), ("0 110", "0 110"),
        ("13 0 110 126", "13 0 126"), ("63 111 126 110", "63 111 110"), ("111 110 112 126", "111 110 112"),
    ])
    func telephoneEvents(_ offered: String, _ told: String) throws {
        let line = ["m=audio 9 UDP/TLS/RTP/SAVPF \(offered)", "a=mid:0", "a=rtpmap:111 opus/48000/2", "a=rtpmap:63 red/48000/2",
            "a=rtpmap:112 telephone-event/48000"] + Self.events
        var web = WebRTCNegotiation()
        let toBrowser = try web.makeOffer(offer(line))
        #expect(toBrowser.contains("m=audio 9 UDP/TLS/RTP/SAVPF \(told)\r\n"))
        if offered.contains("126") { #expect(toBrowser.contains("a=fmtp:126") == told.contains("126")) }
        var caller = WebRTCNegotiation()
        _ = try caller.acceptOffer(offer(line))
        #expect(try caller.makeAnswer(offer(line)).contains("m=audio 9 UDP/TLS/RTP/SAVPF \(told)\r\n"))
    }

    @Test("what of Janus' cannot be read does not reach a browser")
    func malformedByJanus() throws {
        var web = WebRTCNegotiation()
        let offer = try web.makeOffer(offer(Self.audio + ["a=extmap:0 urn:x", "a=candidate:x"], session: Self.ice + ["a=extmap:4294967295 urn:x"]))
        #expect(!offer.contains("extmap") && !offer.contains("candidate"))
    }
}
