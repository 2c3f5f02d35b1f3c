/// The stream and track that a medium carries: `a=msid` (RFC 8830, section 2).
public struct MediaStreamID: Sendable, Hashable {
    public var stream: String
    public var track: String?

    public init(stream: String, track: String? = nil) {
        self.stream = stream
        self.track = track
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let stream = reader.next() else { return nil }
        let track = reader.next().map(String.init)
        guard reader.next() == nil else { return nil }
        self.init(stream: String(stream), track: track)
    }

    var value: String { stream + (track.map { " \($0)" } ?? "") }
}
