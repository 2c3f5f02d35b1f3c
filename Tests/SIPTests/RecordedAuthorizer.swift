import EventLoop
@testable import SIP

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
