/// A later exchange that came to nothing: what was agreed before it stands (RFC 6141), in Janus too.
///
/// NoSIP takes an offer's address and directions at once, and a PeerConnection the directions of a description that it is given.
extension ProxySession {
    /// Takes Janus back to what stands.
    mutating func restore(after failed: Exchange) -> [Action] {
        // Between two phones both PeerConnections are Janus' own: the whole exchange is gone through again.
        if kind == .proxy(caller: .rtp, callee: .rtp), failed.purpose != .janus, !failed.processed.isEmpty,
            let text = standing(failed.offerer)
        {
            let replay = Exchange(offerer: failed.offerer, paths: failed.paths, isFirst: false, purpose: .janus)
            return advance(text, replay)
        }
        return restore(failed.purpose == .janus ? [] : failed.processed)
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

    /// The offer of an exchange that the other side hears nothing of is through: after it comes the answer that stands. After the answer of a
    /// replay comes nothing.
    mutating func replayed(_ exchange: Exchange) -> [Action] {
        guard exchange.isOffering, let text = standing(exchange.offerer.other) else {
            state = .stable
            return settleAgain()
        }
        var exchange = exchange
        exchange.role = .answer
        exchange.phase = .answering(rest: exchange.paths.answer)
        return advance(text, exchange)
    }

    /// What NoSIP is to know of the phone at `side`.
    private func standing(_ side: SessionSide) -> String? {
        guard case .sip(let leg)? = sides[side] else { return nil }
        return leg.muted(audio: .sendrecv, video: .sendrecv)
    }

    /// Gives each of these NoSIP handles the description that stands, as if the phone had answered anew. What Janus says to the
    /// other side about it is not needed.
    mutating func restore(_ handles: [SessionHandle.Role]) -> [Action] {
        guard let first = handles.first, let text = plainDescription(of: first) else {
            state = .stable
            return nextUpdate()
        }
        state = .restoring(rest: Array(handles.dropFirst()))
        return [.perform(.process(first, sdp: text, .answer))]
    }
}
