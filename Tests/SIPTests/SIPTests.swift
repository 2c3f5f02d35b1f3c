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
