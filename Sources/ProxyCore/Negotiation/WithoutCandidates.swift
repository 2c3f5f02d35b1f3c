import SDP

/// A JSEP description without its candidates, for the hairpin: its other end then learns them from the packets
/// that come, and answers DTLS when this end is ready.
public func withoutCandidates(jsep: String) throws(NegotiationError) -> String {
    var session = try SessionDescription(negotiating: jsep)
    session.attributes.removeCandidates { _ in true }
    for index in session.media.indices { session.media[index].attributes.removeCandidates { _ in true } }
    return session.text
}

extension [Attribute] {
    /// Takes out the candidates that `condition` picks, and the end of candidates when none is to be sent.
    mutating func removeCandidates(where condition: (Candidate) -> Bool) {
        let before = count
        removeAll {
            if case .candidate(let candidate) = $0 { return condition(candidate) }
            return false
        }
        let hasCandidate = contains { if case .candidate = $0 { true } else { false } }
        if count < before || !hasCandidate { if !hasCandidate { removeAll { $0 == .endOfCandidates } } }
    }
}
