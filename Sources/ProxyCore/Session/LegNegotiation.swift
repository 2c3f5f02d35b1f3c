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
