public import JSON
public import ProxyCore
public import SDP

/// An offer or an answer of a request: a session description, and who it is from and for.
public struct MediaDescriptionObject: Sendable, Equatable {
    /// `sdp` (RFC 8866; 1 to 65,536 bytes) and `trickle_ice`: whether candidates follow by `set_candidate` (RFC 8838).
    public var description: RemoteDescription
    public var sdpType: SDPType
    public var callerID: String?
    public var callerName: String?
    public var calleeID: String?
    public var calleeName: String?
    public var dest: String?

    public init(
        _ description: RemoteDescription, sdpType: SDPType = .webrtc, callerID: String? = nil, callerName: String? = nil,
        calleeID: String? = nil, calleeName: String? = nil, dest: String? = nil
    ) {
        self.description = description
        self.sdpType = sdpType
        self.callerID = callerID
        self.callerName = callerName
        self.calleeID = calleeID
        self.calleeName = calleeName
        self.dest = dest
    }
}

extension MediaDescriptionObject {
    init(_ fields: Fields) throws(APIError) {
        let sdp = try fields.text("sdp", bytes: 1...65_536, multiline: true)
        self.init(
            RemoteDescription(parsing: sdp, trickle: try fields.optionalFlag("trickle_ice") ?? false),
            sdpType: try fields.optionalChoice("sdp_type") ?? .webrtc,
            callerID: try fields.optionalText("caller_id", bytes: 0...256),
            callerName: try fields.optionalText("caller_name", bytes: 0...256),
            calleeID: try fields.optionalText("callee_id", bytes: 0...256),
            calleeName: try fields.optionalText("callee_name", bytes: 0...256),
            dest: try fields.optionalText("dest", bytes: 0...1_024))
    }
}

extension RemoteDescription {
    /// The offer or answer in a client's response to a request of ours; nil where there is none.
    public init?(json: JSONValue?) {
        guard let sdp = json?["sdp"]?.stringValue else { return nil }
        self.init(parsing: sdp, trickle: json?["trickle_ice"]?.boolValue ?? false)
    }
}

extension SessionDescription {
    /// The offer or answer for a message of ours: `sdp`, and `sdp_type` where it is not the default.
    public func json(_ type: SDPType = .webrtc) -> JSONValue {
        var object: [String: JSONValue] = ["sdp": .string(text)]
        if type != .webrtc { object["sdp_type"] = .string(type.rawValue) }
        return .object(object)
    }
}
