public import SDP

extension SIPNegotiation {
    /// The answer to an offer that says what the phone said last, with another version of `o=` or the same: nothing changes, and nobody else
    /// needs to hear of it.
    ///
    /// After an offer of the phone's it is our answer to that; after an offer of ours, that offer with what the phone has taken of it.
    /// - Returns: nil where the offer says something else, or another offer waits for its answer.
    public mutating func repeatAnswer(to offer: SessionDescription) -> SessionDescription? {
        guard let remote else { return nil }
        var unchanged = offer
        unchanged.origin.sessionVersion = remote.origin.sessionVersion
        guard unchanged == remote else { return nil }
        switch state {
        case .remoteOffer(_, _, answered: true):
            return local.describing(local.media)
        case .localOffer(let offered, answered: true):
            let media = offered.enumerated().map { line, medium in
                map.inner(of: line).flatMap { medium.limited(to: plain.media[$0]) } ?? .refusing(medium)
            }
            state = .remoteOffer(offer, plain: plain.media, answered: true)
            return local.describing(media)
        case .idle, .remoteOffer, .localOffer:
            return nil
        }
    }
}

extension MediaDescription {
    /// This line of ours with what the phone has taken of it; nil where it has refused it.
    fileprivate func limited(to taken: MediaDescription) -> MediaDescription? {
        guard port != 0, taken.port != 0 else { return nil }
        let known = taken.payloads, kept = payloads.filter { payload in known.contains { $0.matches(payload) } }
        let types = Set(kept.map { String($0.type) })
        let direction = (direction ?? .sendrecv).limited(to: (taken.direction ?? .sendrecv).reversed)
        var limited = self
        limited.formats = formats.filter(types.contains)
        limited.attributes = attributes.compactMap { attribute in
            switch attribute {
            case .rtpmap(let map): types.contains(String(map.payloadType)) ? attribute : nil
            case .formatParameters(let parameters): types.contains(parameters.format) ? attribute : nil
            case .rtcpFeedback(let entry): entry.format == "*" || types.contains(entry.format) ? attribute : nil
            case .direction: .direction(direction)
            default: attribute
            }
        }
        return limited
    }
}
