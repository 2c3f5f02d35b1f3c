import Foundation
import JSON
import RTP
import SDP
import SIPNames
import TestRandom
import Testing

/// Parsers of what peers send, with inputs that are changed at random: nothing traps, and what a parser takes it takes again. The fuzzers (Tests/Fuzz) look
/// deeper; these run where there is no libFuzzer, and count.
@Suite("Inputs changed at random")
struct MutationTests {
    /// Inputs of each parser; `make torture` asks for more.
    private static let count = ProcessInfo.processInfo.environment["TERN_TORTURE_INPUTS"].flatMap { Int($0) }.map { $0 / 4 } ?? 5_000

    private func changed(_ seeds: [String], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = Array(seeds[Int.random(in: 0..<seeds.count, using: &random)].utf8)
        for _ in 0..<Int.random(in: 1...5, using: &random) where bytes.count > 4 {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            let range = at..<min(bytes.count, at + Int.random(in: 1...12, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[at] = UInt8.random(in: .min ... .max, using: &random)
            case 1: bytes.removeSubrange(range)
            case 2: bytes.insert(contentsOf: Array(bytes[range]), at: at)
            case 3: bytes.replaceSubrange(range, with: Array("4294967296".utf8))
            default: bytes.insert(contentsOf: Array(repeating: bytes[at], count: Int.random(in: 1...200, using: &random)), at: at)
            }
        }
        return bytes
    }

    /// Gives a parser that many inputs, and writes the line of the report.
    private func play(_ name: String, _ seeds: [String], _ take: ([UInt8]) throws -> Void) rethrows {
        var random = SeededRandom(name)
        for _ in 0..<Self.count { try take(changed(seeds, &random)) }
        guard let path = ProcessInfo.processInfo.environment["TERN_TORTURE_REPORT"], let file = FileHandle(forWritingAtPath: path) else { return }
        file.seekToEndOfFile()
        file.write(Data("| \(name), changed at random, to the parser in the process | \(Self.count) | |\n".utf8))
        try? file.close()
    }

    @Test("session descriptions")
    func descriptions() throws {
        let seed = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\n"
            + "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\nm=video 0 RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n"
        try play("session descriptions", [seed]) { bytes in
            guard let session = try? SessionDescription(parsing: String(decoding: bytes, as: UTF8.self)) else { return }
            let again = try SessionDescription(parsing: session.text, limits: SDPLimits(bytes: .max, lineBytes: .max))
            #expect(again == session)
        }
    }

    @Test("URIs and addresses of header fields")
    func names() {
        let seeds = [
            "sip:alice:secret@[2001:db8::1]:5060;transport=tcp?Subject=a", "\"Alice \\\"A\\\"\" <sips:alice@example.org;lr>;tag=1, <tel:+49-30-1;phone-context=x>",
            "sip:a%40b@192.0.2.1:65535",
        ]
        play("URIs and addresses", seeds) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if let uri = SIPURI(text) { #expect(SIPURI(uri.target)?.host == uri.host) }
            _ = (TelURI(text), SocketAddress(text), IPAddress(host: text))
            for address in NameAddress.list(text) { #expect(!Array(NameAddress.list(address.text)).isEmpty) }
        }
    }

    @Test("JSON")
    func json() throws {
        let seeds = [#"{"class":"media","cmd":"start_call","tid":1,"data":{"a":[1,2.5e3,-0,null,true,"é\n\u00e9"],"b":{}}}"#, "[[[[1]]],\"x\"]"]
        try play("JSON", seeds) { bytes in
            guard let value = try? JSONValue(parsing: bytes) else { return }
            let again = try JSONValue(parsing: value.text)
            #expect(again.text == value.text)
        }
    }

    @Test("RTP and RTCP packets")
    func packets() {
        // A packet with an extension, and a sender report with a block.
        let rtp = String(decoding: [UInt8](repeating: 0x10, count: 24), as: UTF8.self), rtcp = String(decoding: [UInt8](repeating: 0x01, count: 52), as: UTF8.self)
        play("RTP and RTCP packets", [rtp, rtcp]) { bytes in
            var bytes = bytes
            if let first = bytes.first { bytes[0] = 0x80 | first & 0x3f }
            if bytes.count > 1, bytes[1] & 1 == 1 { bytes[1] = 200 + bytes[1] % 8 }
            let packet = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
            defer { packet.deallocate() }
            packet.copyMemory(from: bytes, byteCount: bytes.count)
            if let header = RTPHeader(packet, length: bytes.count) { #expect(header.payloadOffset <= header.payloadEnd && header.payloadEnd <= bytes.count) }
            var reader = RTCPReader(packet, length: bytes.count), read = 0
            while reader.next() != nil, read <= bytes.count { read += 1 }
            #expect(read <= bytes.count / 4 + 1)
        }
    }
}
