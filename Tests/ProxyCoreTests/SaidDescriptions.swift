public import SDP

@testable public import ProxyCore

extension RemoteDescription {
    /// What a party has sent.
    static func said(_ text: String, trickle: Bool = false) -> RemoteDescription { RemoteDescription(parsing: text, trickle: trickle) }
}

extension SessionDescription {
    /// A description as a session reads it.
    init(negotiating text: String) throws(NegotiationError) { self = try RemoteDescription.said(text).read() }

    /// A description by its text; one that is none has no media, and the text for its name.
    static func said(_ text: String) -> SessionDescription { (try? SessionDescription(parsing: text)) ?? SessionDescription(stringLiteral: text) }
}

/// Where only its identity matters: a description without media, by its name.
extension SessionDescription: ExpressibleByStringLiteral {
    public init(stringLiteral name: String) { self.init(origin: Origin(sessionID: 1, sessionVersion: 1, address: "192.0.2.1"), name: name) }
}

extension RemoteDescription: ExpressibleByStringLiteral {
    public init(stringLiteral name: String) { self.init(SessionDescription(stringLiteral: name)) }
}

extension ProxySession.Event {
    static func offered(_ side: SessionSide, _ offer: RemoteDescription) -> ProxySession.Event { .party(side, .offered(offer)) }
    static func offeredEarly(_ side: SessionSide, _ offer: RemoteDescription) -> ProxySession.Event { .party(side, .offeredEarly(offer)) }
    static func offerWanted(_ side: SessionSide) -> ProxySession.Event { .party(side, .offerWanted) }
    static func withdrawn(_ side: SessionSide) -> ProxySession.Event { .party(side, .withdrawn) }
    static func answered(_ side: SessionSide, _ answer: RemoteDescription) -> ProxySession.Event { .party(side, .answered(answer)) }
    static func declined(_ side: SessionSide, _ failure: SessionFailure) -> ProxySession.Event { .party(side, .declined(failure)) }
    static func refreshed(_ side: SessionSide, _ answer: RemoteDescription) -> ProxySession.Event { .party(side, .refreshed(answer)) }
    static func received(_ side: SessionSide, _ description: SessionDescription) -> ProxySession.Event { .party(side, .received(description)) }
}

extension Call.Event {
    static func offered(_ side: SessionSide, _ offer: RemoteDescription) -> Call.Event { .party(side, .offered(offer)) }
    /// Of the caller, or of the called party on that leg.
    static func offeredEarly(_ leg: Call.Leg?, _ offer: RemoteDescription) -> Call.Event { .party(leg == nil ? .caller : .callee, .offeredEarly(offer), leg) }
    static func offerWanted(_ side: SessionSide, _ leg: Call.Leg? = nil) -> Call.Event { .party(side, .offerWanted, leg) }
    static func withdrawn(_ side: SessionSide) -> Call.Event { .party(side, .withdrawn) }
    static func answered(_ side: SessionSide, _ answer: RemoteDescription) -> Call.Event { .party(side, .answered(answer)) }
    static func declined(_ side: SessionSide, _ failure: SessionFailure) -> Call.Event { .party(side, .declined(failure)) }
    static func refreshed(_ side: SessionSide, _ answer: RemoteDescription) -> Call.Event { .party(side, .refreshed(answer)) }
}
