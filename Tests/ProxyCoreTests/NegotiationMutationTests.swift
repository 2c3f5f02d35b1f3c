import CSofiaSDP
import SDP
import TestRandom
import Testing

@testable import ProxyCore

struct NegotiationMutationTests {
    /// A text with lines dropped, doubled, swapped, or with a byte changed.
    static func mutate(_ text: String, with random: inout SeededRandom) -> String {
        var lines = text.split(separator: "\r\n").map(String.init)
        for _ in 0 ..< Int.random(in: 1 ... 3, using: &random) {
            guard let index = lines.indices.randomElement(using: &random) else { break }
            switch Int.random(in: 0 ..< 4, using: &random) {
            case 0: lines.remove(at: index)
            case 1: lines.insert(lines[index], at: index)
            case 2: lines.swapAt(index, lines.indices.randomElement(using: &random) ?? index)
            default:
                var bytes = Array(lines[index].utf8)
                guard let at = bytes.indices.randomElement(using: &random) else { continue }
                bytes[at] = "0129 :/;=-aXm".utf8.randomElement(using: &random) ?? 0
                lines[index] = String(decoding: bytes, as: UTF8.self)
            }
        }
        return lines.map { $0 + "\r\n" }.joined()
    }

    @Test("no mutated description traps in any step, and errors leave what was agreed")
    func mutations() throws {
        var random = SeededRandom("mutated descriptions of a dialog")
        var carried = 0
        for round in 0 ..< 3_000 {
            let golden = NegotiationGolden.all[round % NegotiationGolden.all.count]
            var dialog = GoldenDialog()
            for step in golden.steps {
                let input = Bool.random(using: &random) ? step.input : Self.mutate(step.input, with: &random)
                let agreed = dialog.sip.agreedMedia
                do {
                    _ = try dialog.take(step.operation, input)
                    carried += 1
                } catch {
                    #expect(dialog.sip.agreedMedia == agreed)
                }
            }
        }
        #expect(carried > 1_500)
    }
}

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
