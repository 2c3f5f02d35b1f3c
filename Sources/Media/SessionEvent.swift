public import Janus
public import JSON
public import ProxyCore
public import Recording

/// What happens in a session that its clients may hear of, besides its descriptions and its end.
public enum SessionEvent: Sendable, Equatable {
    public enum Recording: String, Sendable {
        case started, stopped, ready, failed
    }

    case webrtc(up: Bool)
    /// RTP of this kind arrives from a browser, or has ceased to.
    case media(kind: String, flowing: Bool)
    /// Janus sees many lost packets.
    case slowLink
    /// `file` is the recording's name without suffix; `more` is what else is said of it.
    case record(Recording, file: String, more: [String: JSONValue] = [:])
    case updated(SessionOptions)

    /// The `type` of the API's event.
    public var type: String {
        switch self {
        case .webrtc: "webrtc"
        case .media: "media"
        case .slowLink: "slow_link"
        case .record: "record"
        case .updated: "updated"
        }
    }

    /// The `body` of the API's event.
    public var body: JSONValue {
        switch self {
        case .webrtc(let up): ["state": .string(up ? "up" : "down")]
        case .media(let kind, let flowing): ["kind": .string(kind), "flowing": .bool(flowing)]
        case .slowLink: [:]
        case .record(let state, let file, let more):
            .object(["state": .string(state.rawValue), "file": .string(file)].merging(more) { own, _ in own })
        case .updated(let options): options.json
        }
    }
}

extension SessionEvent {
    /// What has become of a recording.
    public init(_ name: RecordingName, _ outcome: RecordingOutcome) {
        self = switch outcome {
        case .ready(let file, let length):
            .record(.ready, file: name.description, more: ["path": .string(file), "length": .integer(length)])
        case .failed(let error, let isTriedAgain):
            .record(.failed, file: name.description, more: ["reason": .string("\(error)"), "retry": .bool(isTriedAgain)])
        }
    }
}

extension SessionOptions {
    /// The options as the API writes them.
    public var json: JSONValue {
        [
            "use_audio": .bool(useAudio), "use_video": .bool(useVideo), "bitrate": .integer(bitrate),
            "record": .bool(record),
        ]
    }
}

extension EngineStatistics {
    /// By kind, as `get_info` tells it.
    public var json: [String: JSONValue] {
        var media: [String: JSONValue] = [:]
        for kind in JanusMediaKind.allCases { media[kind.rawValue] = self[kind]?.json }
        return media
    }
}

extension EngineStatistics.Medium {
    fileprivate var json: JSONValue { ["received": received.json, "sent": sent.json] }
}

extension EngineStatistics.Flow {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["packets": .integer(packets), "bytes": .integer(bytes)]
        members["lost"] = lost.map(JSONValue.integer)
        members["jitter"] = jitter.map(JSONValue.integer)
        members["round_trip"] = roundTrip.map(JSONValue.integer)
        return .object(members)
    }
}
