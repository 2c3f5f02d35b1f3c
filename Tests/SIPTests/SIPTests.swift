import EventLoop
import Testing

@testable import SIP

/// All suites of this target, one test at a time: they count descriptors and measure time.
@Suite("SIP", .serialized)
struct SIPTests {}

/// A session description that names its maker, so that tests can tell them apart.
func sdp(_ name: String, port: Int = 4_000) -> String {
    "v=0\r\no=\(name) 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio \(port) RTP/AVP 0\r\n"
}

/// Numbers that look random and are the same in each run (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What challenges were asked about, and what is said to them.
@LoopActor
final class RecordedAuthorizer {
    private(set) var asked: [SIPChallenge] = []
    private let most: Int

    init(answering most: Int = .max) { self.most = most }

    nonisolated var closure: SIPAuthorizer {
        { challenge in
            self.asked.append(challenge)
            return self.asked.count <= self.most ? RecordedAuthorizer.answer(challenge) : nil
        }
    }

    nonisolated static func answer(_ challenge: SIPChallenge) -> String {
        "Digest realm=\"\(ChallengeParameters(challenge.values.first ?? "").realm)\", response=\"\(challenge.method)-\(challenge.attempt)\""
    }
}
