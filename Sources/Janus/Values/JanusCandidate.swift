internal import JSON

/// An ICE candidate on its way between a browser and Janus (RFC 8838), named as in the browser's `RTCIceCandidate`.
public struct JanusCandidate: Sendable, Equatable {
    public var sdpMid: String?
    public var sdpMLineIndex: Int?
    /// The `candidate:…` line.
    public var candidate: String

    public init(sdpMid: String?, sdpMLineIndex: Int?, candidate: String) {
        self.sdpMid = sdpMid
        self.sdpMLineIndex = sdpMLineIndex
        self.candidate = candidate
    }

    init?(_ json: JSONValue?) {
        guard let candidate = json?["candidate"]?.stringValue else { return nil }
        self.init(sdpMid: json?["sdpMid"]?.stringValue, sdpMLineIndex: json?["sdpMLineIndex"]?.intValue, candidate: candidate)
    }

    var json: JSONValue {
        var members: [String: JSONValue] = ["candidate": .string(candidate)]
        if let sdpMid { members["sdpMid"] = .string(sdpMid) }
        if let sdpMLineIndex { members["sdpMLineIndex"] = .integer(sdpMLineIndex) }
        return .object(members)
    }
}
