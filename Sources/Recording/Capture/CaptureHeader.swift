internal import JSON

/// What Janus says of a capture in its first lines.
struct CaptureHeader: Equatable {
    enum Medium: String {
        case audio = "a", video = "v"
    }

    let medium: Medium
    /// In lower case: `opus`, `pcmu`, `vp8`.
    let codec: String
    /// When Janus was told to record, in microseconds since 1970.
    let created: Int64
    /// When the first packet came, in microseconds since 1970.
    let firstPacket: Int64
    /// The payload type of redundant audio (RFC 2198); nil where there is none.
    let redundant: UInt8?

    init(medium: Medium, codec: String, created: Int64, firstPacket: Int64, redundant: UInt8? = nil) {
        self.medium = medium
        self.codec = codec
        self.created = created
        self.firstPacket = firstPacket
        self.redundant = redundant
    }

    /// The year 2243: what is not in between is no time.
    static let times = 0...Int(1 << 53)

    /// Nil for what is no header, and for one of a data channel.
    init?(text: String) {
        guard let json = try? JSONValue(parsing: text), let medium = json["t"]?.stringValue.flatMap(Medium.init(rawValue:)),
            let codec = json["c"]?.stringValue, let created = json["s"]?.intValue, let first = json["u"]?.intValue,
            CaptureHeader.times.contains(created), CaptureHeader.times.contains(first)
        else { return nil }
        self.init(
            medium: medium, codec: codec.lowercased(), created: Int64(created), firstPacket: Int64(first),
            redundant: json["or"]?.intValue.flatMap(UInt8.init(exactly:)))
    }
}
