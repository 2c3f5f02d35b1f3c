import SDP
import Testing

/// A small generator with a seed, so that what is found once is found again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

struct MutationTests {
    static let splices = ["\r\n", "\n", "\r", "\0", "=", " ", ":", "/", "m=audio 1 RTP/AVP 0\r\n", "99999999999999999999", "-1", "é", "\u{10FFFF}", ""]

    /// A text with one to four places changed: bytes, pieces put in, cut out or doubled.
    static func mutate(_ text: String, with random: inout SeededGenerator) -> String {
        var bytes = Array(text.utf8)
        for _ in 0 ..< Int.random(in: 1 ... 4, using: &random) {
            let start = Int.random(in: 0 ... bytes.count, using: &random)
            let end = min(bytes.count, start + Int.random(in: 0 ... 12, using: &random))
            switch Int.random(in: 0 ..< 4, using: &random) {
            case 0: if start < bytes.count { bytes[start] = UInt8.random(in: 0 ... 255, using: &random) }
            case 1: bytes.insert(contentsOf: (splices.randomElement(using: &random) ?? "").utf8, at: start)
            case 2: bytes.removeSubrange(start ..< end)
            default: bytes.insert(contentsOf: bytes[start ..< end], at: start)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("no mutation of the corpus traps, and what is read is written in a form that reads the same")
    func mutations() throws {
        var random = SeededGenerator(state: 4711)
        var read = 0
        // The long ones of browsers every tenth time: a debug build is slow.
        let short = Corpus.all.filter { $0.text.utf8.count < 1_500 }
        for round in 0 ..< 20_000 {
            let entries = round.isMultiple(of: 10) ? Corpus.all : short
            let entry = entries[round / 10 % entries.count]
            let text = Self.mutate(entry.text, with: &random)
            guard let session = try? SessionDescription(parsing: text) else { continue }
            read += 1
            let written = session.text
            if round % 10 == 0 { #expect(try SessionDescription(parsing: written).text == written) }
        }
        #expect(read > 5_000)
    }
}
