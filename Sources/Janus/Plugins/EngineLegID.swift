internal import JSON

/// The id of a leg within its Janus: random, and another number than the id of its handle.
public struct EngineLegID: Sendable, Hashable, EngineReply {
    /// 1 to 2^53 - 1.
    public let value: Int

    /// `nil` outside of the range.
    public init?(_ value: Int) {
        guard value > 0, value < 1 << 53 else { return nil }
        self.value = value
    }

    init?(_ data: JSONValue) {
        guard let value = data["leg"]?.intValue else { return nil }
        self.init(value)
    }
}
