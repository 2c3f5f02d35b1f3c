/// A later exchange that came to nothing: what was agreed before it stands (RFC 6141).
extension ProxySession {
    /// Takes Janus back to what stands. A phone's leg has not been told of the exchange; a PeerConnection takes the directions of a
    /// description that it is given, so it is given what stands. What it says to that is for nobody.
    mutating func restore(after failed: Exchange) -> [Action] {
        guard let side = failed.given, let text = standing(side.other) else { return restored() }
        state = .restoring(side)
        return [.perform(.give(side, PeerDescription(.answer, sdp: text, trickle: false, isUpdate: true)))]
    }

    mutating func restored() -> [Action] {
        state = .stable
        return nextUpdate()
    }

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

    /// What the phone at `side` has said, as the other side hears it.
    func standing(_ side: SessionSide) -> String? {
        guard case .sip(let leg)? = sides[side] else { return nil }
        return leg.standing
    }
}
