public import ProxyCore

/// `start_session`: an offer in, an answer (echo) or an offer for the called party (proxy) back.
public struct StartSession: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case echo
        case proxy
    }

    public var type: Kind
    public var offer: MediaDescriptionObject
    public var options: SessionOptionsChange
    /// What the other side of a proxy session speaks.
    public var sdpType: SDPType
    /// Whether the client gets the session's events without asking.
    public var subscribe: Bool

    public init(
        type: Kind, offer: MediaDescriptionObject, options: SessionOptionsChange = SessionOptionsChange(),
        sdpType: SDPType = .webrtc, subscribe: Bool = true
    ) {
        self.type = type
        self.offer = offer
        self.options = options
        self.sdpType = sdpType
        self.subscribe = subscribe
    }
}

extension StartSession {
    init(_ fields: Fields) throws(APIError) {
        let kind: Kind = try fields.choice("type")
        if let backend = try fields.optionalText("backend", bytes: 1...64), !["nkmedia_janus", "janus"].contains(backend) {
            throw APIError(.unsupportedBackend, "`backend` must be \"nkmedia_janus\" or \"janus\"")
        }
        self.init(
            type: kind, offer: try MediaDescriptionObject(fields.object("offer")),
            options: try SessionOptionsChange(fields), sdpType: try fields.optionalChoice("sdp_type") ?? .webrtc,
            subscribe: try fields.optionalFlag("subscribe") ?? true)
    }
}
