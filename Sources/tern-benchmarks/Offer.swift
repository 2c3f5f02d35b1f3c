/// Offers of a size that can be chosen, in the form of Chrome's.
enum Offer {
    /// - Parameters:
    ///   - lines: number of media lines: audio, then video.
    ///   - attributes: number of further attributes of each medium, of the kinds that browsers send many of.
    ///   - padding: bytes added to each of those.
    static func text(lines: Int = 2, attributes: Int = 0, padding: Int = 0) -> String {
        let mids = (0 ..< lines).map(String.init).joined(separator: " ")
        let head = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE \(mids)\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS s\r\n"
        return head + (0 ..< lines).map { medium($0, attributes: attributes, padding: padding) }.joined()
    }

    private static func medium(_ line: Int, attributes: Int, padding: Int) -> String {
        let filler = String(repeating: "x", count: padding)
        let more = (0 ..< attributes).map { "a=ssrc:\(1_000_000 + $0) cname:w4Uu8kZC3j0Tf1cJ\(filler)\r\n" }.joined()
        return (line == 0 ? audio : video) + "a=mid:\(line)\r\n" + common + more
    }

    private static let common = """
        c=IN IP4 0.0.0.0
        a=rtcp:9 IN IP4 0.0.0.0
        a=candidate:3011457152 1 udp 2113937151 c9f3f1a0-91b5-4a39-9b5c-1c2c5cf4ea0d.local 61665 typ host generation 0 network-cost 999
        a=candidate:1467250027 1 udp 1677729535 192.0.2.33 61665 typ srflx raddr 0.0.0.0 rport 0 generation 0 network-cost 999
        a=ice-ufrag:kP2v
        a=ice-pwd:oZ3mT8qW5sR1xY7bN4cV9dF2
        a=ice-options:trickle
        a=fingerprint:sha-256 3D:82:47:22:14:27:D4:7A:DA:38:DA:EE:99:E7:D3:06:F5:D6:C6:1D:4D:2A:00:F9:EA:A7:58:39:EE:B7:9B:EB
        a=setup:actpass
        a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
        a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
        a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
        a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
        a=sendrecv
        a=msid:7b1e0a6e-2f8a-4f9b-9dd5-0f6f3c0f7c11 3c6d3bdb-90be-4b0b-8f1f-3d4b3a3d6c1f
        a=rtcp-mux
        a=ssrc:3221774456 cname:hVbJ1tW8qk0bLxSg

        """.replacing("\n", with: "\r\n")

    private static let audio = """
        m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
        a=rtpmap:111 opus/48000/2
        a=rtcp-fb:111 transport-cc
        a=fmtp:111 minptime=10;useinbandfec=1
        a=rtpmap:63 red/48000/2
        a=fmtp:63 111/111
        a=rtpmap:9 G722/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:13 CN/8000
        a=rtpmap:110 telephone-event/48000
        a=rtpmap:126 telephone-event/8000

        """.replacing("\n", with: "\r\n")

    /// VP8, VP9, AV1 and four H.264, each with its retransmission.
    private static let video: String = {
        let h264 = ["1;profile-level-id=42001f", "0;profile-level-id=42001f", "1;profile-level-id=42e01f", "0;profile-level-id=42e01f"]
            .map { ("H264", "level-asymmetry-allowed=1;packetization-mode=\($0)") }
        let codecs = [("VP8", "x-google-start-bitrate=800"), ("VP9", "profile-id=0"), ("AV1", "level-idx=5;profile=0;tier=0")] + h264
        let types = codecs.indices.map { 96 + 2 * $0 }
        var text = "m=video 9 UDP/TLS/RTP/SAVPF \(types.map { "\($0) \($0 + 1)" }.joined(separator: " "))\r\n"
        for (type, codec) in zip(types, codecs) {
            text += "a=rtpmap:\(type) \(codec.0)/90000\r\n"
            for feedback in ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"] { text += "a=rtcp-fb:\(type) \(feedback)\r\n" }
            text += "a=fmtp:\(type) \(codec.1)\r\na=rtpmap:\(type + 1) rtx/90000\r\na=fmtp:\(type + 1) apt=\(type)\r\n"
        }
        return text
    }()
}
