public import JSON

/// What one side has sent in one codec, as a file that ffmpeg reads.
public struct Track: Sendable, Equatable {
    public enum Side: String, Sendable, CaseIterable {
        case caller, callee
    }

    public enum Medium: String, Sendable {
        case audio, video
    }

    public var side: Side
    public var medium: Medium
    /// Without directory.
    public var file: String
    /// Of its first and last packet, in milliseconds since the recording's beginning.
    public var start, end: Int
    /// The largest picture; 0 for audio.
    public var width, height: Int

    public init(side: Side, medium: Medium, file: String, start: Int, end: Int, width: Int = 0, height: Int = 0) {
        self.side = side
        self.medium = medium
        self.file = file
        self.start = start
        self.end = end
        self.width = width
        self.height = height
    }

    /// As one process tells another.
    public var json: JSONValue {
        [
            "side": .string(side.rawValue), "medium": .string(medium.rawValue), "file": .string(file),
            "start": .integer(start), "end": .integer(end), "width": .integer(width), "height": .integer(height),
        ]
    }

    public init?(json: JSONValue) {
        guard let side = json["side"]?.stringValue.flatMap(Side.init(rawValue:)),
            let medium = json["medium"]?.stringValue.flatMap(Medium.init(rawValue:)),
            let file = json["file"]?.stringValue, let start = json["start"]?.intValue, let end = json["end"]?.intValue,
            let width = json["width"]?.intValue, let height = json["height"]?.intValue
        else { return nil }
        self.init(side: side, medium: medium, file: file, start: start, end: end, width: width, height: height)
    }
}
