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

    var name: String { self == .audio ? "audio" : "video" }
}
