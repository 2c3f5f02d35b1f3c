internal import JSON
internal import ProxyCore

/// What happens in a session that its clients may hear of, besides its descriptions and its end.
enum SessionEvent: Equatable {
    enum Recording: String {
        case started, stopped
    }

    case webrtc(up: Bool)
    /// RTP of this kind arrives from a browser, or has ceased to.
    case media(kind: String, flowing: Bool)
    /// Janus sees many lost packets.
    case slowLink
    /// `file` is the recording's name without suffix.
    case record(Recording, file: String)
    case updated(SessionOptions)

    /// The `type` of the API's event.
    var type: String {
        switch self {
        case .webrtc: "webrtc"
        case .media: "media"
        case .slowLink: "slow_link"
        case .record: "record"
        case .updated: "updated"
        }
    }

    /// The `body` of the API's event.
    var body: JSONValue {
        switch self {
        case .webrtc(let up): ["state": .string(up ? "up" : "down")]
        case .media(let kind, let flowing): ["kind": .string(kind), "flowing": .bool(flowing)]
        case .slowLink: [:]
        case .record(let state, let file): ["state": .string(state.rawValue), "file": .string(file)]
        case .updated(let options): options.json
        }
    }
}

extension SessionOptions {
    /// The options as the API writes them.
    var json: JSONValue {
        [
            "use_audio": .bool(useAudio), "use_video": .bool(useVideo), "bitrate": .integer(bitrate),
            "record": .bool(record),
        ]
    }
}
