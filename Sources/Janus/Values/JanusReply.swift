public import JSON

/// A plugin's answer to one message.
public struct JanusReply: Sendable, Equatable {
    /// The plugin's `data` object.
    public var data: JSONValue
    public var jsep: JSEP?

    public init(data: JSONValue, jsep: JSEP? = nil) {
        self.data = data
        self.jsep = jsep
    }
}
