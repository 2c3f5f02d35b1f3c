/// A later exchange that came to nothing: what was agreed before it stands (RFC 6141).
extension ProxySession {
    /// Takes the PeerConnections of these sides back to what stands. Janus gives a PeerConnection the directions of each offer and answer,
    /// the browser's and its own, so each is given an answer with what stands. What it says to that is for nobody. The legs of phones have not
    /// been told of the exchange.
    mutating func restore(_ told: [SessionSide], _ refusal: Refusal?) -> [Action] {
        guard let side = told.first else {
            state = .stable
            return say(refusal) + nextUpdate()
        }
        let rest = Array(told.dropFirst())
        guard let text = standing(for: side) else { return restore(rest, refusal) }
        state = .restoring(rest: rest, refusal)
        return [.perform(.give(side, PeerDescription(.answer, sdp: text, trickle: false, isUpdate: true)))]
    }

    func say(_ refusal: Refusal?) -> [Action] { refusal.map { [.refuseOffer($0.side, $0.failure)] } ?? [] }

    /// Whether this offer of a browser's is about its path to Janus alone: the phone at the other side need not hear of it.
    func changesPathOnly(_ side: SessionSide, _ sdp: String) -> Bool {
        guard case .webrtc(let leg)? = sides[side], case .sip? = sides[side.other] else { return false }
        return leg.keepsMedia(sdp)
    }

    /// The answer to a phone's offer that repeats its last description. The other side gets no offer.
    mutating func repeatAnswer(to sdp: String, of side: SessionSide) -> String? {
        guard case .sip(var leg)? = sides[side], let answer = leg.repeatAnswer(to: sdp) else { return nil }
        sides[side] = .sip(leg)
        return answer
    }

    /// What the PeerConnection at `side` is told of the other side's last offer or answer; in an echo that is its own.
    func standing(for side: SessionSide) -> String? {
        switch kind {
        case .echo: sides[side]?.standing.flatMap { try? echoAnswer(to: $0) }
        case .proxy: sides[side.other]?.standing
        }
    }
}
