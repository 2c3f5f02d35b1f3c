/// The first field of an `m=` line (RFC 8866, section 5.14).
public enum MediaKind: Sendable, Hashable, CustomStringConvertible {
    case audio, video, application, image, text, message
    case other(String)

    /// The name, in any case.
    public init(_ name: String) {
        switch String(Substring(name).lowercasedIfNeeded) {
        case "audio": self = .audio
        case "video": self = .video
        case "application": self = .application
        case "image": self = .image
        case "text": self = .text
        case "message": self = .message
        default: self = .other(name)
        }
    }

    public var description: String {
        switch self {
        case .audio: "audio"
        case .video: "video"
        case .application: "application"
        case .image: "image"
        case .text: "text"
        case .message: "message"
        case .other(let name): name
        }
    }
}
