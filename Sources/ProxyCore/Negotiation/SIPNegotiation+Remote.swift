public import SDP

extension SIPNegotiation {
    /// Takes a phone's offer.
    ///
    /// - Returns: the offer for the other side: the first usable audio and the first usable video.
    public mutating func acceptOffer(_ session: SessionDescription) throws(NegotiationError) -> SessionDescription {
        guard !state.isPending else { throw .wrongState }
        var next = self
        try next.begin()
        next.choose(family(offeredIn: session))
        var media = next.understand(session)
        next.alignEncryption(&media)
        guard media.contains(where: { $0.medium != nil }) else { throw Self.mostTelling(media.compactMap(\.problem)) }
        next.map = try map.assigning(session.media) { media[$0].medium != nil }
        next.separatePayloadTypes(&media)
        let plainMedia = next.plainMedia(media, of: session)
        if next.isMoved { next.withholdKeys() }
        next.isMoved = false
        next.remote = session
        next.state = .remoteOffer(session, plain: plainMedia, answered: false)
        self = next
        _ = plain.describing(plainMedia)
        return inner(plainMedia)
    }

    /// Takes a phone's answer to the offer made last.
    ///
    /// - Returns: the answer for the other side. A later answer to the same offer may follow.
    public mutating func acceptAnswer(_ received: SessionDescription) throws(NegotiationError) -> SessionDescription {
        guard case .localOffer(let offer, _) = state else { throw .wrongState }
        var session = received
        session.media = received.media.fitted(to: offer)
        var next = self
        var media = next.understand(session)
        for (line, (offered, answer)) in zip(offer, session.media).enumerated() {
            do throws(NegotiationError) {
                try Self.check(&media[line], line: line, answers: offered, with: answer)
            } catch {
                // Without its audio a call is of no use; without its video it is.
                guard offered.kind != .audio || answer.port == 0 else { throw error }
                media[line] = Reading(problem: error)
            }
        }
        next.alignEncryption(&media)
        guard next.map.entries.contains(where: { media[$0.line].medium != nil }) else {
            throw Self.mostTelling(media.compactMap(\.problem))
        }
        let plainMedia = next.plainMedia(media, of: session)
        next.remote = received
        next.state = .localOffer(offer, answered: true)
        self = next
        _ = plain.describing(plainMedia)
        return inner(plainMedia)
    }

    /// A line of the phone's: understood, or with the reason why not.
    struct Reading {
        var medium: PhoneMedium?
        var problem: NegotiationError?
    }

    private mutating func understand(_ session: SessionDescription) -> [Reading] {
        session.media.map { line in
            do throws(NegotiationError) {
                var medium = try PhoneMedium(line, of: session, profile: profile, family: family)
                if medium.connection.host == .unspecified {
                    medium.connection.address = addresses[medium.kind] ?? medium.connection.address
                }
                return Reading(medium: medium)
            } catch {
                return Reading(problem: error)
            }
        }
    }

    /// Of several reasons the one that says most.
    private static func mostTelling(_ problems: [NegotiationError]) -> NegotiationError {
        problems.first { $0 != .noUsableMedia } ?? .noUsableMedia
    }

    /// Checks one line of an answer against the offer's (RFC 3264, section 6), and narrows it to what was offered.
    private static func check(
        _ reading: inout Reading, line: Int, answers offered: MediaDescription, with answer: MediaDescription
    ) throws(NegotiationError) {
        guard answer.kind == offered.kind else { throw .wrongMedia(line: line + 1) }
        guard answer.port != 0 else { return }
        guard offered.port != 0 else { throw .wrongMedia(line: line + 1) }
        guard answer.transport.isSecure == offered.transport.isSecure else {
            throw offered.transport.isSecure ? .encryptionRequired : .wrongMedia(line: line + 1)
        }
        guard var medium = reading.medium else {
            throw reading.problem == .noCommonCodec ? .codecNotOffered(line: line + 1) : reading.problem ?? .noUsableMedia
        }
        let codecs = offered.payloads
        medium.payloads = medium.payloads.filter { payload in codecs.contains { $0.matches(payload) } }
        guard medium.payloads.hasMedia else { throw .codecNotOffered(line: line + 1) }
        try medium.chooseKey(answering: offered)
        medium.direction = medium.direction.limited(to: (offered.direction ?? .sendrecv).reversed)
        reading.medium = medium
    }

    /// The engine's lines, in its order; a line that is refused or cannot be used any more has port 0.
    private mutating func plainMedia(_ media: [Reading], of session: SessionDescription) -> [MediaDescription] {
        map.entries.map { entry in
            if let medium = media[entry.line].medium, medium.kind == entry.kind {
                addresses[entry.kind] = medium.connection.address
                encryption = .init(adding: medium, to: encryption)
                return medium.plain
            }
            return MediaDescription(
                kind: entry.kind, port: 0, transport: .avp, formats: [entry.kind == .audio ? "0" : "96"],
                attributes: [.direction(.inactive)])
        }
    }

    /// Leaves out codecs so that no payload type stands for two: the browser bundles audio and video (RFC 9143, section 10.1.2).
    /// Linphone numbers both from 96. Where that would cost a medium they stay: today's browsers tell them apart by SSRC.
    private func separatePayloadTypes(_ media: inout [Reading]) {
        guard
            let audioLine = map.entries.first(where: { $0.kind == .audio })?.line, let audio = media[audioLine].medium,
            let videoLine = map.entries.first(where: { $0.kind == .video })?.line, let video = media[videoLine].medium
        else { return }
        let videoTypes = Set(video.payloads.map(\.type)), audioTypes = Set(audio.payloads.map(\.type))
        let lessVideo = video.payloads.filter { !audioTypes.contains($0.type) }
        let lessAudio = audio.payloads.filter { !videoTypes.contains($0.type) }
        if lessVideo.hasMedia {
            media[videoLine].medium?.payloads = lessVideo
        } else if lessAudio.hasMedia {
            media[audioLine].medium?.payloads = lessAudio
        }
    }
}

extension TransportProtocol {
    /// Whether media is SRTP.
    var isSecure: Bool {
        switch self {
        case .savp, .savpf, .dtlsSAVP, .dtlsSAVPF: true
        case .avp, .avpf, .other: false
        }
    }
}
