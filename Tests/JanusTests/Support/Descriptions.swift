/// Session descriptions as browsers make them.
enum Descriptions {
    /// An offer as Chrome makes it, of audio and, if wanted, video; candidates are trickled.
    static func chromeOffer(video: Bool = true) -> String {
        lines(head(video: video) + audio(setup: "actpass") + (video ? Self.video(setup: "actpass") : []))
    }

    /// Chrome's answer to that offer, or to what Janus made of it.
    static func chromeAnswer(video: Bool = true) -> String {
        lines(head(video: video) + audio(setup: "active") + (video ? Self.video(setup: "active") : []))
    }

    private static func lines(_ lines: [String]) -> String { lines.map { $0 + "\r\n" }.joined() }

    private static func head(video: Bool) -> [String] {
        [
            "v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0",
            "a=group:BUNDLE 0\(video ? " 1" : "")", "a=extmap-allow-mixed", "a=msid-semantic: WMS stream",
        ]
    }

    private static func transport(mid: Int, setup: String) -> [String] {
        [
            "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0", "a=ice-ufrag:4ZcD", "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlDa",
            "a=ice-options:trickle",
            "a=fingerprint:sha-256 75:74:5A:A6:A4:E5:52:F4:A7:67:4C:01:C7:EE:91:3F:21:3D:A2:E3:53:7B:6F:30:86:F2:30:AA:65:FB:04:24",
            "a=setup:\(setup)", "a=mid:\(mid)", "a=sendrecv", "a=msid:stream track\(mid)", "a=rtcp-mux",
        ]
    }

    private static func audio(setup: String) -> [String] {
        ["m=audio 9 UDP/TLS/RTP/SAVPF 111 9 0 8 110"] + transport(mid: 0, setup: setup) + [
            "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc", "a=fmtp:111 minptime=10;useinbandfec=1",
            "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:110 telephone-event/48000",
            "a=ssrc:1001 cname:browser", "a=ssrc:1001 msid:stream track0",
        ]
    }

    private static func video(setup: String) -> [String] {
        ["m=video 9 UDP/TLS/RTP/SAVPF 96 97"] + transport(mid: 1, setup: setup) + [
            "a=rtcp-rsize", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 goog-remb", "a=rtcp-fb:96 ccm fir", "a=rtcp-fb:96 nack",
            "a=rtcp-fb:96 nack pli", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96",
            "a=ssrc-group:FID 2001 2002", "a=ssrc:2001 cname:browser", "a=ssrc:2002 cname:browser",
        ]
    }
}
