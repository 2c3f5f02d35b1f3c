internal import JSON

/// What EchoTest and VideoCall can be told about the media of a handle's peer; `nil` leaves as it is.
public struct MediaOptions: Sendable, Equatable {
    /// Whether audio is passed on.
    public var audio: Bool?
    /// Whether video is passed on.
    public var video: Bool?
    /// Most that the peer may send, in bit/s; 0 is no limit.
    public var bitrate: Int?
    /// Whether what the peer sends is recorded. Stop before starting again under another name.
    public var record: Bool?
    /// Absolute path without ending of the recording: Janus adds `-audio.mjr` and `-video.mjr`.
    public var filename: String?

    public init(
        audio: Bool? = nil, video: Bool? = nil, bitrate: Int? = nil, record: Bool? = nil, filename: String? = nil
    ) {
        self.audio = audio
        self.video = video
        self.bitrate = bitrate
        self.record = record
        self.filename = filename
    }

    func members() throws(JanusError) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        if let audio { members["audio"] = .bool(audio) }
        if let video { members["video"] = .bool(video) }
        if let bitrate {
            guard (0...Int(UInt32.max)).contains(bitrate) else { throw .invalid("a bitrate of \(bitrate) bit/s") }
            members["bitrate"] = .integer(bitrate)
        }
        if let record { members["record"] = .bool(record) }
        if let filename {
            try RecordingName.check(filename)
            members["filename"] = .string(filename)
        }
        return members
    }
}
