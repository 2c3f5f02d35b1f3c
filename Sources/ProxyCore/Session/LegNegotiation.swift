import SDP

/// The description of one side of a session, in whichever profile that side speaks.
enum LegNegotiation: Sendable {
    case sip(SIPNegotiation)
    case webrtc(WebRTCNegotiation)

    mutating func acceptOffer(_ sdp: String) throws(NegotiationError) -> String {
        switch self {
        case .sip(var leg):
            let out = try leg.acceptOffer(sdp)
            self = .sip(leg)
            return out
        case .webrtc(var leg):
            let out = try leg.acceptOffer(sdp)
            self = .webrtc(leg)
            return out
        }
    }

    mutating func makeAnswer(_ sdp: String) throws(NegotiationError) -> String {
        switch self {
        case .sip(var leg):
            let out = try leg.makeAnswer(sdp)
            self = .sip(leg)
            return out
        case .webrtc(var leg):
            let out = try leg.makeAnswer(sdp)
            self = .webrtc(leg)
            return out
        }
    }

    mutating func makeOffer(_ sdp: String) throws(NegotiationError) -> String {
        switch self {
        case .sip(var leg):
            let out = try leg.makeOffer(sdp)
            self = .sip(leg)
            return out
        case .webrtc(var leg):
            let out = try leg.makeOffer(sdp)
            self = .webrtc(leg)
            return out
        }
    }

    mutating func acceptAnswer(_ sdp: String) throws(NegotiationError) -> String {
        switch self {
        case .sip(var leg):
            let out = try leg.acceptAnswer(sdp)
            self = .sip(leg)
            return out
        case .webrtc(var leg):
            let out = try leg.acceptAnswer(sdp)
            self = .webrtc(leg)
            return out
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

    /// Its phone was told this by somebody else.
    mutating func note(_ sdp: String) {
        guard case .sip(var leg) = self, let session = try? SessionDescription(negotiating: sdp) else { return }
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

    /// Its last offer or answer, as the other side hears of it; nil before there is one.
    var standing: String? {
        switch self {
        case .sip(let leg): leg.standing
        case .webrtc(let leg): leg.standing
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
