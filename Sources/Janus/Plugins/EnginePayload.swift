internal import JSON

/// A payload type of a medium and its codec.
public struct EnginePayload: Sendable, Equatable {
    /// RTP payload type, 0 to 127.
    public var type: Int
    /// Name in lower case: `opus`, `g722`, `pcmu`, `pcma`, `telephone-event`, `vp8`, `h264`.
    public var codec: String
    /// Clock rate of the timestamps in Hz.
    public var clock: Int
    /// Value of the payload type's `a=fmtp`.
    public var fmtp: String?

    public init(_ type: Int, _ codec: String, clock: Int, fmtp: String? = nil) {
        self.type = type
        self.codec = codec
        self.clock = clock
        self.fmtp = fmtp
    }

    var json: JSONValue {
        var members: [String: JSONValue] = ["type": .integer(type), "codec": .string(codec), "clock": .integer(clock)]
        if let fmtp { members["fmtp"] = .string(fmtp) }
        return .object(members)
    }
}
