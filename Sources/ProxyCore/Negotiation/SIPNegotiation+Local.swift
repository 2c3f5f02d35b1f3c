public import SDP

extension SIPNegotiation {
    /// Makes the answer to the offer accepted last.
    ///
    /// - Parameter inner: The other side's answer.
    /// - Returns: the answer of the 200, with the offer's lines in number and order, those that are not carried with port 0.
    public mutating func makeAnswer(_ inner: SessionDescription) throws(NegotiationError) -> SessionDescription {
        guard case .remoteOffer(let offer, let plainOffer, _) = state else { throw .wrongState }
        let answer = localized(inner)
        guard answer.media.count == map.entries.count else {
            throw .wrongMediaCount(expected: map.entries.count, found: answer.media.count)
        }
        var directions: [Int: Direction] = [:]
        let media = offer.media.enumerated().map { line, offered in
            map.inner(of: line).flatMap { index in
                guard var lean = Self.answering(offered, plain: plainOffer[index], with: answer.media[index]) else { return nil }
                directions[line] = lean.direction
                lean.direction = whileHeld(lean.direction)
                return lean.description
            } ?? MediaDescription.refusing(offered)
        }
        guard media.contains(where: { $0.port != 0 }) else { throw .noCommonCodec }
        self.directions = directions
        state = .remoteOffer(offer, plain: plainOffer, answered: true)
        return local.describing(media)
    }

    /// One line of the answer; nil where it is to be refused.
    private static func answering(
        _ offered: MediaDescription, plain: MediaDescription, with generated: MediaDescription
    ) -> LeanMedium? {
        guard plain.port != 0, generated.kind == offered.kind else { return nil }
        let known = plain.payloads
        let payloads = generated.payloads.filter { payload in known.contains { $0.matches(payload) } }
        let feedback = offered.attributes.compactMap { attribute in
            if case .rtcpFeedback(let entry) = attribute { entry } else { RTCPFeedback?.none }
        }
        let allowed = (plain.direction ?? .sendrecv).reversed
        return LeanMedium(
            generated: generated, transport: offered.transport, payloads: payloads.withFittingTelephoneEvents,
            direction: (generated.direction ?? .sendrecv).limited(to: allowed), feedback: Set(feedback),
            keyTag: plain.keys.first?.tag, isMultiplexed: offered.attributes.contains(.rtcpMux)
        )
    }

    /// Makes an offer.
    ///
    /// - Parameter inner: The other side's offer.
    /// - Returns: the offer of the INVITE. Within a dialog its earlier lines stay where they are.
    public mutating func makeOffer(_ inner: SessionDescription) throws(NegotiationError) -> SessionDescription {
        let session = localized(inner)
        var next = self
        try next.begin()
        next.choose(family)
        next.map = try map.extended(by: session.media)
        let before = local.media
        let media = (0 ..< next.map.count).map { line in
            let old = before.indices.contains(line) ? before[line] : nil
            guard let index = next.map.inner(of: line) else {
                return LeanMedium.refusing(old?.kind ?? .audio, old?.transport ?? .avp, old?.formats.first)
            }
            var lean = offering(session.media[index], before: old)
            next.directions[line] = lean.direction
            lean.direction = next.whileHeld(lean.direction)
            return lean.description
                ?? LeanMedium.refusing(session.media[index].kind, old?.transport ?? .avp, session.media[index].formats.first)
        }
        guard media.contains(where: { $0.port != 0 }) else { throw .noCommonCodec }
        next.isMoved = false
        next.state = .localOffer(media, answered: false)
        self = next
        return local.describing(media)
    }

    /// One line of the offer. Feedback is named where the dialog has it already.
    private func offering(_ generated: MediaDescription, before: MediaDescription?) -> LeanMedium {
        let payloads = generated.payloads.filter { profile.codecs.contains($0.codec) }
        let hasFeedback = before?.transport.hasFeedback ?? false
        let transport: TransportProtocol =
            switch generated.transport {
            case .savp: hasFeedback ? .savpf : .savp
            default: hasFeedback ? .avpf : .avp
            }
        return LeanMedium(
            generated: generated, transport: transport,
            payloads: payloads.withFewH264.withFittingTelephoneEvents,
            direction: generated.direction ?? .sendrecv, isMultiplexed: before?.attributes.contains(.rtcpMux) ?? false
        )
    }
}
