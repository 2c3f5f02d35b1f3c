@testable import ProxyCore

/// Short descriptions for tests in which their content matters little.
enum Fixture {
    private static func text(_ lines: String) -> String {
        lines.split(separator: "\n").map { $0 + "\r\n" }.joined()
    }

    private static func browser(setup: String, candidates: String) -> String {
        text(
            """
            v=0
            o=- 4611731400430051336 2 IN IP4 127.0.0.1
            s=-
            t=0 0
            a=group:BUNDLE 0
            m=audio 9 UDP/TLS/RTP/SAVPF 111 0
            c=IN IP4 0.0.0.0
            a=rtcp:9 IN IP4 0.0.0.0
            a=ice-ufrag:a1b2
            a=ice-pwd:0123456789abcdef01234567
            a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2
            a=setup:\(setup)
            a=mid:0
            a=sendrecv
            a=rtcp-mux
            a=rtpmap:111 opus/48000/2
            a=fmtp:111 minptime=10;useinbandfec=1
            a=rtpmap:0 PCMU/8000
            \(candidates)
            """)
    }

    static let browserOffer = browser(
        setup: "actpass", candidates: "a=candidate:1 1 udp 2130706431 192.0.2.9 50000 typ host")
    static let browserAnswer = browser(
        setup: "active", candidates: "a=candidate:1 1 udp 2130706431 192.0.2.10 50002 typ host")

    /// A video line for the two.
    static let browserVideo = text(
        """
        m=video 9 UDP/TLS/RTP/SAVPF 96
        c=IN IP4 0.0.0.0
        a=ice-ufrag:a1b2
        a=ice-pwd:0123456789abcdef01234567
        a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2
        a=setup:active
        a=mid:1
        a=sendrecv
        a=rtcp-mux
        a=rtpmap:96 VP8/90000
        """)

    static let phoneOffer = text(
        """
        v=0
        o=phone 123 1 IN IP4 192.0.2.20
        s=-
        c=IN IP4 192.0.2.20
        t=0 0
        m=audio 4000 RTP/AVP 0 101
        a=rtpmap:0 PCMU/8000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        a=sendrecv
        """)

    /// The same phone's next offer, at another port.
    static let phoneMoved = phoneOffer.replacing("phone 123 1", with: "phone 123 2").replacing("m=audio 4000", with: "m=audio 4100")

    static let phoneAnswer = text(
        """
        v=0
        o=phone 124 1 IN IP4 192.0.2.21
        s=-
        c=IN IP4 192.0.2.21
        t=0 0
        m=audio 4002 RTP/AVP 0
        a=rtpmap:0 PCMU/8000
        a=sendrecv
        """)
}

extension Fixture {
    static func offer(_ type: SDPType) -> String { type == .rtp ? phoneOffer : browserOffer }

    /// The browser's answer to a phone that has no Opus.
    static let browserAnswerToPhone = browserAnswer.replacing("SAVPF 111 0", with: "SAVPF 0")

    static func answer(_ type: SDPType) -> String { type == .rtp ? phoneAnswer : browserAnswer }

    /// A key of RFC 4568 for `bytes` bytes of key and salt.
    static func key(_ letter: Character, bytes: Int = 30) -> String {
        let digits = (bytes * 4 + 2) / 3
        // The last digit's bits behind the last byte are none.
        return String(repeating: letter, count: digits - 1) + "A" + String(repeating: "=", count: (3 - bytes % 3) % 3)
    }

    /// One of the phone's descriptions with SRTP.
    static func secure(_ phone: String, _ key: String = key("B"), suite: String = "AES_CM_128_HMAC_SHA1_80", tag: Int = 1) -> String {
        phone.replacing("RTP/AVP", with: "RTP/SAVP") + "a=crypto:\(tag) \(suite) inline:\(key)\r\n"
    }

    /// Another version of a phone's description.
    static func version(_ number: Int, of phone: String) -> String {
        phone.replacing("phone 123 1", with: "phone 123 \(number)").replacing("phone 124 1", with: "phone 124 \(number)")
    }
}
