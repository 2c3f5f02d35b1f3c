import SDP

/// The description of one side of a session, in whichever profile that side speaks. Indirect, as a table of the sides has room for some that there are not.
indirect enum LegNegotiation: Sendable {
    case sip(SIPNegotiation)
    case webrtc(WebRTCNegotiation)

    mutating func acceptOffer(_ remote: SessionDescription) throws(NegotiationError) -> SessionDescription {
        switch self {
        case .sip(var leg):
            let inner = try leg.acceptOffer(remote)
            self = .sip(leg)
            return inner
        case .webrtc(var leg):
            let inner = try leg.acceptOffer(remote)
            self = .webrtc(leg)
            return inner
        }
    }

    mutating func acceptAnswer(_ remote: SessionDescription) throws(NegotiationError) -> SessionDescription {
        switch self {
        case .sip(var leg):
            let inner = try leg.acceptAnswer(remote)
            self = .sip(leg)
            return inner
        case .webrtc(var leg):
            let inner = try leg.acceptAnswer(remote)
            self = .webrtc(leg)
            return inner
        }
    }

    /// Makes the offer or answer for the peer of the other side's.
    ///
    /// - Parameter generated: What Janus has generated of `inner` for a browser.
    mutating func make(
        _ role: DescriptionRole, _ inner: SessionDescription, _ generated: SessionDescription?
    ) throws(NegotiationError) -> SessionDescription {
        switch self {
        case .sip(var leg):
            let made = role == .offer ? try leg.makeOffer(inner) : try leg.makeAnswer(inner)
            self = .sip(leg)
            return made
        case .webrtc(var leg):
            guard let generated else { throw .wrongState }
            let made = role == .offer ? try leg.makeOffer(generated, like: inner) : try leg.makeAnswer(generated, like: inner)
            self = .webrtc(leg)
            return made
        }
    }
}

extension LegNegotiation {
    static func make(_ type: SDPType, number: UInt64, _ addresses: LegAddresses, _ profile: SIPProfile) -> LegNegotiation {
        switch type {
        case .rtp: .sip(SIPNegotiation(sessionID: number, addresses: addresses, profile: profile))
        case .webrtc: .webrtc(WebRTCNegotiation())
        }
    }

    /// Sets the most that a phone is to send, in kbit/s, from the next offer or answer to it on; 0 is no limit.
    mutating func limit(to bitrate: Int) {
        guard case .sip(var leg) = self else { return }
        leg.local.bitrate = bitrate
        self = .sip(leg)
    }

    /// Goes on with the phone's dialog; nothing to a browser, which makes a new connection.
    mutating func inherit(_ inheritance: DialogInheritance) {
        guard case .sip(var leg) = self else { return }
        leg.inherit(inheritance)
        self = .sip(leg)
    }

    /// The addresses at which a phone's media is received, before anything is said to it in this session; nil where those stand that it was made with.
    mutating func receive(at addresses: LegAddresses?) {
        guard case .sip(var leg) = self else { return }
        leg.receive(at: addresses)
        self = .sip(leg)
    }

    /// Its phone was told this by somebody else.
    mutating func note(_ session: SessionDescription) {
        guard case .sip(var leg) = self else { return }
        leg.local.rise(to: session.origin.sessionVersion)
        self = .sip(leg)
    }

    /// The ports at which a phone's media is received.
    mutating func open(_ ports: [MediaKind: LegPort]) {
        guard case .sip(var leg) = self else { return }
        leg.open(ports)
        self = .sip(leg)
    }

    /// What its leg is to do, as it has agreed.
    var legMedia: [LegMedium] {
        switch self {
        case .sip(let leg): leg.legMedia
        case .webrtc(let leg): leg.legMedia
        }
    }

    /// The current session as an offer; see the two negotiations. A browser is offered its last description.
    mutating func repeatOffer(widening: Bool, holding: Bool? = nil) throws(NegotiationError) -> SessionDescription {
        switch self {
        case .sip(var leg):
            let offer = try leg.repeatOffer(widening: widening, holding: holding)
            self = .sip(leg)
            return offer
        case .webrtc(var leg):
            let offer = try leg.repeatOffer()
            self = .webrtc(leg)
            return offer
        }
    }

    /// What it has agreed on.
    var agreedMedia: [AgreedMedium] {
        switch self {
        case .sip(let leg): leg.agreedMedia
        case .webrtc(let leg): leg.agreedMedia
        }
    }

    /// Whether its peer wants none of the media that it could have; `before` where that does not show.
    func isPeerHolding(before: Bool) -> Bool {
        switch self {
        case .sip(let leg): leg.isPeerHolding(before: before)
        case .webrtc(let leg): leg.isPeerHolding(before: before)
        }
    }

    /// What a phone said last that the other side would notice; nil for browsers.
    var presence: [SIPNegotiation.Presence]? { if case .sip(let leg) = self { leg.presence } else { nil } }

    /// Forgets the last offer to the peer, also where the peer has accepted it.
    mutating func withdraw() {
        switch self {
        case .sip(var leg):
            leg.withdraw()
            self = .sip(leg)
        case .webrtc(var leg):
            leg.withdraw()
            self = .webrtc(leg)
        }
    }

    /// Forgets an offer that came to nothing (RFC 6141).
    mutating func rollback() {
        switch self {
        case .sip(var leg):
            leg.rollback()
            self = .sip(leg)
        case .webrtc(var leg):
            leg.rollback()
            self = .webrtc(leg)
        }
    }
}
