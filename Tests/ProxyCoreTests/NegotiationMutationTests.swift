import Testing

@testable import ProxyCore

struct NegotiationMutationTests {
    /// A small generator with a seed (xorshift64*).
    struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 0x2545_F491_4F6C_DD1D
        }
    }

    /// A text with lines dropped, doubled, swapped, or with a byte changed.
    static func mutate(_ text: String, with random: inout Random) -> String {
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
        var random = Random(state: 4711)
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
