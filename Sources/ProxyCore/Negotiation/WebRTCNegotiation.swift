public import SDP

/// The descriptions of one browser; Janus' JSEP is on the other side of it.
///
/// Janus sees one audio and one video at most. Everything else that a browser offers (data channels, further
/// cameras) is refused in its place. An error leaves everything as it was before the call.
public struct WebRTCNegotiation: Sendable {
    private(set) var map = MediaMap()
    private var state = State.idle
    private var stable: Stable?
    /// The last offer or answer to the browser.
    private var told: SessionDescription?
    /// The browser's last offer or answer.
    private var received: SessionDescription?
    /// The answer that ended the last exchange, whose side ever it was.
    private var answer: SessionDescription?
    /// The dialog's lines as they were offered last.
    private var lines: [MediaDescription] = []
    private var names = JanusNames()
    /// The media of the last offer that has its answer; empty before.
    public private(set) var agreedMedia: [AgreedMedium] = []
    /// The directions that were agreed on, by line of the answer, as Tern sees them: also of codecs that only browsers have.
    private var directions: [Direction] = []

    private enum State: Sendable {
        case idle
        case remoteOffer(answered: Bool)
        case localOffer(answered: Bool)

        var isPending: Bool {
            switch self {
            case .idle: false
            case .remoteOffer(let answered), .localOffer(let answered): !answered
            }
        }
    }

    /// What stood before the last offer.
    private struct Stable: Sendable {
        let map: MediaMap
        let state: State
        let lines: [MediaDescription]
        let told: SessionDescription?
        let received: SessionDescription?
        let answer: SessionDescription?
        let agreedMedia: [AgreedMedium]
        let directions: [Direction]
    }

    public init() {}

    /// Takes a browser's offer.
    ///
    /// - Returns: the offer for Janus: audio and video only, without candidates that name nothing outside the browser's network.
    public mutating func acceptOffer(_ session: SessionDescription) throws(NegotiationError) -> SessionDescription {
        var next = self
        try next.begin()
        let media = session.media
        next.map = try map.assigning(media) { media[$0].isForBrowsers }
        guard next.map.entries.contains(where: { media[$0.line].isForBrowsers }) else { throw media.whyNotForBrowsers }
        next.lines = media
        next.received = session
        next.state = .remoteOffer(answered: false)
        let inner = try next.inward(session)
        self = next
        return inner
    }

    /// Makes the answer to the offer accepted last.
    ///
    /// - Parameters:
    ///   - generated: Janus' answer.
    ///   - inner: The other side's answer, of which Janus has generated it.
    /// - Returns: the answer for the browser, with the offer's lines in number and order.
    public mutating func makeAnswer(_ generated: SessionDescription, like inner: SessionDescription) throws(NegotiationError) -> SessionDescription {
        guard case .remoteOffer = state else { throw .wrongState }
        let answer = try outward(generated.directed(like: inner))
        state = .remoteOffer(answered: true)
        self.answer = answer
        agree(answer, answer.media.map(answer.direction(of:)))
        told = answer
        return answer
    }

    /// Makes an offer.
    ///
    /// - Parameters:
    ///   - generated: Janus' offer.
    ///   - inner: The other side's offer, of which Janus has generated it.
    /// - Returns: the offer for the browser. Lines that it had before stay where they are.
    public mutating func makeOffer(_ generated: SessionDescription, like inner: SessionDescription) throws(NegotiationError) -> SessionDescription {
        let session = generated.directed(like: inner)
        var next = self
        try next.begin()
        next.map = try map.extended(by: session.media)
        let mids = lines.compactMap(\.mid)
        next.lines = (0 ..< next.map.count).map { line in
            guard let index = next.map.inner(of: line) else { return lines[line] }
            var medium = session.media[index]
            let isKnown = lines.indices.contains(line)
            medium.attributes = medium.attributes.with(mid: isKnown ? lines[line].mid : JanusNames.free(medium.mid, beside: mids))
            return medium
        }
        next.state = .localOffer(answered: false)
        let offer = try next.outward(session)
        next.told = offer
        self = next
        return offer
    }

    /// Offers what the browser was told last. `acceptAnswer` follows, whose result is for nobody.
    mutating func repeatOffer() throws(NegotiationError) -> SessionDescription {
        guard var offer = told else { throw .wrongState }
        var next = self
        try next.begin()
        offer.origin.sessionVersion &+= 1
        next.lines = offer.media
        next.state = .localOffer(answered: false)
        next.told = offer
        self = next
        return offer
    }

    /// Whether a browser's offer asks for no other media than what stands, as for an ICE restart (RFC 8445 section 2.4).
    func keepsMedia(_ offer: SessionDescription) -> Bool {
        guard let answer, let received, offer.media.count == answer.media.count,
            offer.media.map(offer.direction(of:)) == received.media.map(received.direction(of:))
        else { return false }
        return zip(offer.media, answer.media).allSatisfy { offered, standing in
            offered.kind == standing.kind && offered.isRefused == standing.isRefused
                && (standing.isRefused || Set(standing.payloads.map(\.map)).isSubset(of: offered.payloads.map(\.map)))
        }
    }

    /// Takes a browser's answer to the offer made last.
    ///
    /// - Returns: the answer for Janus.
    public mutating func acceptAnswer(_ remote: SessionDescription) throws(NegotiationError) -> SessionDescription {
        guard case .localOffer = state else { throw .wrongState }
        var session = remote
        session.media = session.media.fitted(to: lines)
        for (line, medium) in session.media.enumerated() where medium.kind != lines[line].kind {
            throw .wrongMedia(line: line + 1)
        }
        for entry in map.entries where session.media[entry.line].isForBrowsers && !lines[entry.line].isRefused {
            guard !session.media[entry.line].codecNames.isDisjoint(with: lines[entry.line].codecNames) else {
                throw .codecNotOffered(line: entry.line + 1)
            }
        }
        guard map.entries.contains(where: { session.media[$0.line].isForBrowsers }) else { throw session.media.whyNotForBrowsers }
        var next = self
        let inner = try next.inward(session)
        self = next
        state = .localOffer(answered: true)
        answer = session
        received = session
        agree(
            session,
            session.media.enumerated().map { line, medium in
                session.direction(of: medium).reversed.limited(to: lines[line].direction ?? .sendrecv)
            })
        return inner
    }

    private mutating func agree(_ answer: SessionDescription, _ directions: [Direction]) {
        self.directions = directions
        agreedMedia = zip(answer.media, directions).compactMap { AgreedMedium($0, direction: $1) }
    }

    /// What the leg is to do: the media of the last offer that has its answer; empty before.
    var legMedia: [LegMedium] {
        guard let answer else { return [] }
        return map.entries.enumerated().compactMap { index, entry in
            guard answer.media.indices.contains(entry.line), directions.indices.contains(entry.line) else { return nil }
            let medium = answer.media[entry.line], direction = directions[entry.line]
            guard medium.kind == entry.kind, medium.port != 0 else { return nil }
            return LegMedium(
                kind: entry.kind, line: index, receives: direction.receives, sends: direction.sends, payloads: medium.legPayloads)
        }
    }

    /// Whether the browser wants none of what it could have, in its last description.
    ///
    /// - Parameter before: What was known of it: an answer to an offer that gives it nothing does not tell.
    func isPeerHolding(before: Bool) -> Bool {
        let used = lines.indices.filter { lines[$0].isForBrowsers && map.inner(of: $0) != nil }
        guard let line = used.first(where: { lines[$0].kind == .audio }) ?? used.first else { return before }
        let direction = lines[line].direction ?? .sendrecv
        switch state {
        case .remoteOffer(answered: true): return !direction.receives
        case .localOffer(answered: true):
            guard direction.sends, let agreed = agreedMedia.first(where: { $0.kind == lines[line].kind }) else { return before }
            return !agreed.direction.sends
        case .idle, .remoteOffer, .localOffer: return before
        }
    }

    /// Forgets an offer that was refused; what was agreed before it stands.
    public mutating func rollback() {
        guard state.isPending else { return }
        restore()
    }

    /// Forgets our last offer, also where the browser has accepted it. The browser keeps the lines that the offer added: the next one refuses
    /// them.
    mutating func withdraw() {
        guard case .localOffer = state else { return }
        let offered = lines
        restore()
        let kept = offered.dropFirst(lines.count).map { MediaDescription(refusing: $0.kind, like: $0) }
        lines += kept
        told?.media += kept
        map.keep(offered.count)
    }

    private mutating func restore() {
        guard let stable else { return }
        map = stable.map
        state = stable.state
        lines = stable.lines
        told = stable.told
        received = stable.received
        answer = stable.answer
        agreedMedia = stable.agreedMedia
        directions = stable.directions
        self.stable = nil
    }

    private mutating func begin() throws(NegotiationError) {
        guard !state.isPending else { throw .wrongState }
        stable = Stable(
            map: map, state: state, lines: lines, told: told, received: received, answer: answer, agreedMedia: agreedMedia,
            directions: directions)
    }

    /// A browser's description with Janus' lines only, in Janus' order and under Janus' names.
    private mutating func inward(_ session: SessionDescription) throws(NegotiationError) -> SessionDescription {
        var inner = session
        inner.media = map.entries.map { entry in
            var medium = session.media[entry.line]
            // Another kind may have taken the line's place.
            if !medium.isForBrowsers || medium.kind != entry.kind { return MediaDescription(refusing: entry.kind, like: medium) }
            // Port 0 of a line that is bundle-only is no refusal (RFC 9143, section 6): behind here it is a line like others.
            if medium.port == 0 { medium.port = 9 }
            medium.attributes.removeAll { $0 == .bundleOnly }
            return medium
        }
        inner.makeReadableForJanus()
        for medium in inner.media where medium.isForBrowsers {
            let attributes = medium.attributes + inner.attributes
            guard attributes.iceUsernameFragment != nil, attributes.icePassword != nil else { throw .missingICE }
            guard attributes.fingerprint != nil else { throw .missingFingerprint }
            guard !attributes.contains(.setup(.holdconn)) else { throw .heldConnection }
        }
        inner.leaveHandshakeToBrowser()
        inner.attributes.limitBundle(to: inner.media.filter { $0.isForBrowsers }.compactMap(\.mid))
        names.translate(toJanus: &inner)
        return inner
    }

    /// Janus' description with all lines of the dialog, those that Janus does not see refused.
    private mutating func outward(_ generated: SessionDescription) throws(NegotiationError) -> SessionDescription {
        guard generated.media.count == map.entries.count else {
            throw .wrongMediaCount(expected: map.entries.count, found: generated.media.count)
        }
        var session = generated
        names.translate(fromJanus: &session, to: map.entries.map { lines[$0.line].mid })
        var outer = session
        outer.media = lines.enumerated().map { line, known in
            guard let index = map.inner(of: line), session.media[index].port != 0, session.media[index].kind == known.kind else {
                return MediaDescription(refusing: known.kind, like: known)
            }
            var medium = session.media[index]
            medium.attributes = medium.attributes.filter(\.isWellFormed).with(mid: known.mid)
            medium.keepFittingTelephoneEvents()
            return medium
        }
        outer.fillConnections()
        outer.attributes.removeAll { !$0.isWellFormed }
        outer.attributes.limitBundle(to: outer.media.filter { $0.port != 0 }.compactMap(\.mid))
        return outer
    }
}

extension SessionDescription {
    /// Has a browser that leaves the choice begin the DTLS handshake (RFC 8842, section 5.2). Janus would choose to begin it, and does so when its own checks
    /// of ICE succeed: before the browser has the answer, so that the first ClientHello is lost, and with it a retransmission's time.
    fileprivate mutating func leaveHandshakeToBrowser() {
        func chosen(_ attribute: Attribute) -> Attribute { attribute == .setup(.actpass) ? .setup(.active) : attribute }
        attributes = attributes.map(chosen)
        for index in media.indices { media[index].attributes = media[index].attributes.map(chosen) }
    }
}

extension MediaDescription {
    /// All its payload types, in their order.
    fileprivate var legPayloads: [LegPayload] {
        payloadTypes.compactMap { type in
            rtpmap(for: type).map { map in
                let parameters = attributes.lazy.compactMap { attribute -> FormatParameters? in
                    if case .formatParameters(let entry) = attribute, entry.format == String(type) { entry } else { nil }
                }.first
                return LegPayload(map, parameters?.text)
            }
        }
    }
}

extension [MediaDescription] {
    /// Why none of these media can be a browser's.
    fileprivate var whyNotForBrowsers: NegotiationError {
        contains { ($0.kind == .audio || $0.kind == .video) && !$0.isRefused && ($0.transport == .avp || $0.transport == .avpf) } ? .plainRTP : .noUsableMedia
    }
}
