/// What a session does with its media, and which profile each of its sides speaks.
public enum SessionKind: Sendable, Equatable {
    /// The caller hears and sees itself.
    case echo(SDPType)
    /// The caller's media go to the called party and back.
    case proxy(caller: SDPType, callee: SDPType)

    /// The profile of the side that offers.
    public var callerType: SDPType {
        switch self {
        case .echo(let type): type
        case .proxy(let caller, _): caller
        }
    }

    /// The profile of the side that answers; an echo has none.
    public var calleeType: SDPType? {
        switch self {
        case .echo: nil
        case .proxy(_, let callee): callee
        }
    }

    /// The profile of that side; nil where there is no such side.
    public func type(of side: SessionSide) -> SDPType? { side == .caller ? callerType : calleeType }

    /// The sides that there are: each has a leg.
    public var sides: [SessionSide] { calleeType == nil ? [.caller] : [.caller, .callee] }

    /// The side whose media that side gets: the other one, in an echo itself.
    public func source(of side: SessionSide) -> SessionSide { calleeType == nil ? side : side.other }

    /// Whether there is a browser at one of its sides.
    public var hasBrowser: Bool { callerType == .webrtc || calleeType == .webrtc }

    /// The phones that are told in their descriptions how much they may send: those of sessions without a browser. A browser is told by RTCP.
    var sidesLimitedByDescription: [SessionSide] { hasBrowser ? [] : sides }

    /// Whether that side may offer.
    func mayOffer(_ side: SessionSide) -> Bool {
        switch self {
        case .echo: side == .caller
        case .proxy: true
        }
    }
}

/// One of the two ends of a session.
public enum SessionSide: String, Sendable, Hashable, CaseIterable {
    case caller, callee

    public var other: SessionSide { self == .caller ? .callee : .caller }
}

/// Which of the two profiles a session description is in.
public enum SDPType: String, Sendable, Equatable, CaseIterable {
    /// ICE, DTLS-SRTP, bundled and multiplexed: what browsers speak (RFC 8829).
    case webrtc
    /// Plain RTP/AVP: what SIP phones speak (RFC 3264, RFC 3551).
    case rtp
}
