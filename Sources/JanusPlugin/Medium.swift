internal import RTP

/// The two kinds of media that a leg has, at most one of each.
enum Medium: Int, CaseIterable {
    case audio, video

    static let count = 2

    init?(name: String) {
        switch name {
        case "audio": self = .audio
        case "video": self = .video
        default: return nil
        }
    }

    /// Units of the clock in a second, until a payload type says.
    var clockRate: UInt32 { self == .audio ? 8_000 : 90_000 }

    /// How many packets late one may be.
    var longestDelay: UInt16 { self == .audio ? StreamStatistics.longestDelay : StreamStatistics.longestVideoDelay }

    var name: String { self == .audio ? "audio" : "video" }
}
