/// When the session is on: `t=` and its `r=` lines (RFC 8866, sections 5.9 and 5.10); `0 0` in every call.
public struct Timing: Sendable, Hashable {
    public var start: UInt64
    public var stop: UInt64
    /// The values of the `r=` lines, as sent.
    public var repeats: [String]

    public init(start: UInt64 = 0, stop: UInt64 = 0, repeats: [String] = []) {
        self.start = start
        self.stop = stop
        self.repeats = repeats
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let start = reader.number(UInt64.self), let stop = reader.number(UInt64.self), reader.next() == nil else { return nil }
        self.init(start: start, stop: stop)
    }
}
