import CSofiaSDP
import SDP
import Testing

/// What is made for phones, judged by a parser that was not written here.
struct SofiaTests {
    private func check(_ text: String) -> (lines: Int, error: String) {
        var error = [CChar](repeating: 0, count: 256)
        let lines = sofia_sdp_check(text, CInt(text.utf8.count), &error, CInt(error.count))
        return (Int(lines), String(decoding: error.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    @Test("Sofia's parser takes every description that is made for phones, with strict flags", arguments: NegotiationGolden.all)
    func accepted(_ golden: NegotiationGolden) throws {
        for step in golden.steps where step.operation == "sip makeAnswer" || step.operation == "sip makeOffer" {
            guard let output = step.output else { continue }
            let result = check(output)
            #expect(result.error.isEmpty)
            #expect(try result.lines == SessionDescription(parsing: output).media.count)
        }
    }

    @Test("and it is a judge: it refuses what is wrong", arguments: [
        BadInputTests.head + "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", Sample.phone(Sample.pcmu, connection: "IN IP4"), Sample.phone("m=audio x RTP/AVP 0"),
        Sample.phone("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus"),
    ])
    func judges(_ text: String) {
        #expect(check(text).lines < 0)
        #expect(!check(text).error.isEmpty)
    }
}
