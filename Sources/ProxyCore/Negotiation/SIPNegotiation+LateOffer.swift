public import SDP

/// Offers that a phone asks for.
extension SIPNegotiation {
    /// Offers what stands, to a phone that asks for an offer in its dialog (RFC 3261, section 14.2). `acceptAnswer` follows.
    ///
    /// Where it was the phone that wanted less than both directions, as in a hold of its own, all is offered: it cannot resume
    /// otherwise (RFC 6337, section 5.3). Without `widening` it is what was sent last, to the letter.
    ///
    /// - Parameter holding: Begins or ends a hold of ours with it: the phone is to send nothing (RFC 3264, section 8.4).
    public mutating func repeatOffer(widening: Bool = true, holding: Bool? = nil) throws(NegotiationError) -> SessionDescription {
        guard !local.media.isEmpty else { throw .wrongState }
        var next = self
        try next.begin()
        if let holding { next.isHeld = holding }
        if widening { next.widen() }
        let media = widening || holding != nil ? next.directed(local.media) : local.media
        // What is held now, and by the phone as well, is offered whole when our hold ends.
        next.widen()
        next.state = .localOffer(media, answered: false)
        let offer = next.local.describing(media)
        self = next
        return offer
    }

    /// These lines with our directions as they are now.
    private func directed(_ media: [MediaDescription]) -> [MediaDescription] {
        media.enumerated().map { line, medium in
            guard medium.port != 0, let direction = directions[line] else { return medium }
            var medium = medium
            medium.attributes.removeAll { if case .direction = $0 { true } else { false } }
            medium.attributes.append(.direction(whileHeld(direction)))
            return medium
        }
    }

    /// Takes back what only the phone's last offer had narrowed.
    private mutating func widen() {
        guard case .remoteOffer(_, let plain, answered: true) = state else { return }
        for (index, entry) in map.entries.enumerated() where plain.indices.contains(index) && plain[index].direction != .sendrecv {
            directions[entry.line] = .sendrecv
        }
    }

    /// A direction of ours with what a hold leaves of it.
    func whileHeld(_ direction: Direction) -> Direction { isHeld ? direction.limited(to: .sendonly) : direction }

    /// The audio that an echo offers to a phone: all our codecs.
    var offerForEcho: SessionDescription {
        let payloads = Self.offeredAudio.filter { profile.codecs.contains($0.codec) }
        let medium = MediaDescription(
            kind: .audio, port: 9, transport: .avp, formats: payloads.map { String($0.type) }, connection: .nowhere,
            attributes: payloads.flatMap(\.attributes) + [.direction(.sendrecv)])
        return inner([medium])
    }

    /// The audio codecs under the numbers that browsers give them.
    private static let offeredAudio: [Payload] = [
        ("opus/48000/2", 111, "useinbandfec=1"), ("G722/8000", 9, nil), ("PCMU/8000", 0, nil), ("PCMA/8000", 8, nil),
        ("telephone-event/48000", 110, "0-15"), ("telephone-event/8000", 101, "0-15"),
    ].compactMap { (name: String, type: UInt8, parameters: String?) in
        let parts = name.split(separator: "/").map(String.init)
        let map = RTPMap(
            payloadType: type, encoding: parts[0], clockRate: UInt32(parts[1]) ?? 8000, parameters: parts.count > 2 ? parts[2] : nil)
        return Codec(map, kind: .audio).map { codec in
            Payload(
                type: type, codec: codec, map: map, parameters: parameters.map { FormatParameters(format: String(type), text: $0) })
        }
    }
}

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
