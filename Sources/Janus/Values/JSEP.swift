public import JSON

/// An offer or answer of WebRTC, as Janus carries it (named for the JavaScript Session Establishment Protocol, RFC 9429).
public struct JSEP: Sendable, Equatable {
    public enum Kind: String, Sendable { case offer, answer }

    public var type: Kind
    public var sdp: String
    /// Whether candidates follow by trickling; left out when `nil`, which Janus takes for "no".
    public var trickle: Bool?
    /// Whether this renegotiates what is up; left out when `nil`. Janus' own replies never carry it here.
    public var update: Bool?

    public init(type: Kind, sdp: String, trickle: Bool? = nil, update: Bool? = nil) {
        self.type = type
        self.sdp = sdp
        self.trickle = trickle
        self.update = update
    }

    /// The `jsep` of a message from Janus; `nil` when it is no offer or answer with an SDP.
    public init?(_ json: JSONValue?) {
        guard let type = json?["type"]?.stringValue.flatMap(Kind.init), let sdp = json?["sdp"]?.stringValue else { return nil }
        self.init(type: type, sdp: sdp, trickle: json?["trickle"]?.boolValue, update: json?["update"]?.boolValue)
    }

    public var json: JSONValue {
        var members: [String: JSONValue] = ["type": .string(type.rawValue), "sdp": .string(sdp)]
        if let trickle { members["trickle"] = .bool(trickle) }
        if let update { members["update"] = .bool(update) }
        return .object(members)
    }
}
