public import JSON
public import ProxyCore

/// An offer or an answer, as the API carries it: SDP, and who it is from and for.
public struct MediaDescriptionObject: Sendable, Equatable {
    /// The session description (RFC 8866); 1 to 65,536 bytes.
    public var sdp: String
    public var sdpType: SDPType
    /// Whether candidates follow by `set_candidate` (RFC 8838).
    public var trickleICE: Bool
    public var callerID: String?
    public var callerName: String?
    public var calleeID: String?
    public var calleeName: String?
    public var dest: String?

    public init(
        sdp: String, sdpType: SDPType = .webrtc, trickleICE: Bool = false, callerID: String? = nil,
        callerName: String? = nil, calleeID: String? = nil, calleeName: String? = nil, dest: String? = nil
    ) {
        self.sdp = sdp
        self.sdpType = sdpType
        self.trickleICE = trickleICE
        self.callerID = callerID
        self.callerName = callerName
        self.calleeID = calleeID
        self.calleeName = calleeName
        self.dest = dest
    }

    /// The object for a message of ours: `sdp`, and what differs from its default.
    public var json: JSONValue {
        var object: [String: JSONValue] = ["sdp": .string(sdp)]
        if sdpType != .webrtc { object["sdp_type"] = .string(sdpType.rawValue) }
        if trickleICE { object["trickle_ice"] = true }
        object["caller_id"] = callerID.map(JSONValue.string)
        object["caller_name"] = callerName.map(JSONValue.string)
        object["callee_id"] = calleeID.map(JSONValue.string)
        object["callee_name"] = calleeName.map(JSONValue.string)
        object["dest"] = dest.map(JSONValue.string)
        return .object(object)
    }
}
