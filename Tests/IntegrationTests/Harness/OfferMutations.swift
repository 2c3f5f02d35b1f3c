import TestRandom
import Foundation

/// Offers that are wrong in ways that a hostile or broken peer may find, made of those of the corpus. The same seed of the run makes the same offers.
struct OfferMutations {
    private var generator: SeededRandom
    private let corpus: [String]

    /// Numbers at the borders of what C programs keep them in.
    private static let numbers = [
        "-1", "0", "15", "16", "127", "128", "255", "256", "32768", "65535", "65536", "-2147483648", "2147483647", "2147483648", "4294967295",
        "4294967296", "9223372036854775807", "18446744073709551616", "-0", "007", "1e9", "0x7f", "",
    ]

    /// Attributes whose number or text Janus reads, with `#` for a number.
    private static let attributes = [
        "extmap:# urn:ietf:params:rtp-hdrext:ssrc-audio-level", "extmap:# urn:ietf:params:rtp-hdrext:sdes:mid", "extmap:#/sendonly urn:3gpp:video-orientation",
        "extmap:# http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", "extmap:# http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "extmap:# urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", "extmap:# http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
        "rtpmap:# opus/48000/2", "rtpmap:# VP8/90000", "rtpmap:111 opus/#/#", "rtpmap:# rtx/90000", "rtpmap:# red/48000/2", "fmtp:# apt=#", "fmtp:# profile-level-id=42e01f", "fmtp:# profile-id=#",
        "rtcp-fb:# nack pli", "rtcp-fb:# transport-cc", "rtcp-fb:* goog-remb", "ssrc:# cname:x", "ssrc:# msid:a b", "ssrc-group:FID # #", "ssrc-group:SIM # # #",
        "rid:# send", "rid:a send pt=#", "rid:h send max-width=#", "simulcast:send #;a;h", "simulcast:send h;l recv #", "sctp-port:#", "sctpmap:# webrtc-datachannel #", "max-message-size:#",
        "fingerprint:sha-256 #", "fingerprint:# AA:BB", "candidate:# # udp # 192.0.2.1 # typ host", "candidate:1 1 tcp # 192.0.2.1 # typ host tcptype passive", "candidate:1 # udp 1 fe80::1 9 typ srflx raddr 0.0.0.0 rport #",
        "mid:#", "group:BUNDLE # 0 0", "group:LS # #", "msid:# #", "ptime:#", "maxptime:#", "rtcp:# IN IP4 192.0.2.1", "ice-ufrag:#", "ice-pwd:#", "ice-options:#", "setup:#", "framerate:#",
        "crypto:# AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^#|#:#", "sendrecv", "inactive", "recvonly", "bundle-only", "rtcp-mux", "rtcp-rsize", "end-of-candidates",
    ]

    /// - Parameters:
    ///   - name: Of whom they come from.
    ///   - corpus: Offers with CRLF or LF at the ends of their lines.
    init(_ name: String, corpus: [String]) {
        generator = SeededRandom(name)
        self.corpus = corpus
    }

    /// One more offer: one of the corpus with one to four changes.
    mutating func next() -> String {
        guard let text = corpus.randomElement(using: &generator) else { return "" }
        var lines = text.replacingOccurrences(of: "\r\n", with: "\n").split(separator: "\n").map(String.init)
        for _ in 0..<Int.random(in: 1...4, using: &generator) { change(&lines) }
        return lines.map { $0 + "\r\n" }.joined()
    }

    private mutating func change(_ lines: inout [String]) {
        guard let index = lines.indices.randomElement(using: &generator) else { return }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: lines.remove(at: index)
        case 1: lines.insert(lines[index], at: index)
        case 2: lines.swapAt(index, lines.indices.randomElement(using: &generator) ?? index)
        case 3...5: lines[index] = withOtherNumber(lines[index])
        case 6...8: insertAttribute(into: &lines)
        default: lines[index] = withOtherByte(lines[index])
        }
    }

    private mutating func insertAttribute(into lines: inout [String]) {
        let media = lines.indices.filter { lines[$0].hasPrefix("m=") }
        let first = media.randomElement(using: &generator) ?? lines.endIndex - 1
        let last = media.first { $0 > first } ?? lines.endIndex
        guard let attribute = Self.attributes.randomElement(using: &generator), first < last else { return }
        let parts = attribute.components(separatedBy: "#")
        let text = parts.dropFirst().reduce(parts[0]) { $0 + number() + $1 }
        lines.insert("a=" + text, at: Int.random(in: first + 1...last, using: &generator))
    }

    private mutating func number() -> String { Self.numbers.randomElement(using: &generator) ?? "0" }

    private mutating func withOtherNumber(_ line: String) -> String {
        let numbers = line.ranges(of: /[0-9]+/)
        guard let range = numbers.randomElement(using: &generator) else { return line }
        return line.replacingCharacters(in: range, with: number())
    }

    private mutating func withOtherByte(_ line: String) -> String {
        var bytes = Array(line.utf8)
        guard let index = bytes.indices.dropFirst(2).randomElement(using: &generator) else { return line }
        bytes[index] = UInt8.random(in: 0x20...0x7e, using: &generator)
        return String(decoding: bytes, as: UTF8.self)
    }
}
