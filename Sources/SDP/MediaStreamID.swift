/// The stream and track that a medium carries: `a=msid` (RFC 8830, section 2).
public struct MediaStreamID: Sendable, Hashable {
    /// A token of at most 64 bytes, as the track is.
    public var stream: String
    public var track: String?

    public init(stream: String, track: String? = nil) {
        self.stream = stream
        self.track = track
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let stream = reader.next()?.token(1 ... 64) else { return nil }
        guard let field = reader.next() else { self.init(stream: stream); return }
        guard let track = field.token(1 ... 64), reader.next() == nil else { return nil }
        self.init(stream: stream, track: track)
    }

    var value: String { stream + (track.map { " \($0)" } ?? "") }
}
