/// The most that a description may have; more is an error, found before anything is kept.
public struct SDPLimits: Sendable, Equatable {
    /// Of the whole text.
    public var bytes: Int
    /// Of one line, without its end.
    public var lineBytes: Int
    public var lines: Int
    public var media: Int
    /// Of the session or of one medium.
    public var attributes: Int

    public init(
        bytes: Int = 65_536, lineBytes: Int = 4_096, lines: Int = 2_000, media: Int = 32, attributes: Int = 512
    ) {
        self.bytes = bytes
        self.lineBytes = lineBytes
        self.lines = lines
        self.media = media
        self.attributes = attributes
    }

    public static let standard = SDPLimits()
}
