/// What a client may choose for a session, when it starts and while it runs.
public struct SessionOptions: Sendable, Equatable {
    /// Whether audio flows.
    public var useAudio: Bool
    /// Whether video flows.
    public var useVideo: Bool
    /// Most that the server lets the client send, in kbit/s; 0 is no limit.
    public var bitrate: Int
    /// Whether audio and video are recorded.
    public var record: Bool

    public init(useAudio: Bool = true, useVideo: Bool = true, bitrate: Int = 0, record: Bool = false) {
        self.useAudio = useAudio
        self.useVideo = useVideo
        self.bitrate = bitrate
        self.record = record
    }

    /// These options with what `change` names replaced.
    public func applying(_ change: SessionOptionsChange) -> SessionOptions {
        SessionOptions(
            useAudio: change.useAudio ?? useAudio, useVideo: change.useVideo ?? useVideo,
            bitrate: change.bitrate ?? bitrate, record: change.record ?? record)
    }
}

/// The options that one request names; what it does not name stays as it is.
public struct SessionOptionsChange: Sendable, Equatable {
    public var useAudio: Bool?
    public var useVideo: Bool?
    /// In kbit/s; 0 is no limit.
    public var bitrate: Int?
    public var record: Bool?

    public init(useAudio: Bool? = nil, useVideo: Bool? = nil, bitrate: Int? = nil, record: Bool? = nil) {
        self.useAudio = useAudio
        self.useVideo = useVideo
        self.bitrate = bitrate
        self.record = record
    }

    public var isEmpty: Bool { self == SessionOptionsChange() }
}
