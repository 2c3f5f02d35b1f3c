internal import JSON

/// All that a leg is to be: each ``EngineLeg/configure(_:)`` replaces what the one before said.
public struct EngineConfiguration: Sendable, Equatable {
    /// Whether a plain leg follows a phone whose packets come from elsewhere than the signalled address.
    public enum Latching: String, Sendable, CaseIterable { case auto, off }

    /// The leg that receives what this leg's party sends: another leg, or this one for an echo. `nil` for none.
    public var peer: EngineLegID?
    /// At most one of each kind. A kind that is missing is closed to traffic both ways.
    public var media: [EngineMedium]
    /// Most that a browser may send, in bit/s (REMB); 0 is no limit.
    public var bitrate: Int
    /// Absolute base path of the capture of what the leg's party sends: Janus adds `-audio.mjr` and `-video.mjr`. `nil` captures nothing.
    public var record: String?
    public var latching: Latching

    public init(
        peer: EngineLegID? = nil, media: [EngineMedium] = [], bitrate: Int = 0, record: String? = nil, latching: Latching = .auto
    ) {
        self.peer = peer
        self.media = media
        self.bitrate = bitrate
        self.record = record
        self.latching = latching
    }

    var members: [String: JSONValue] {
        [
            "peer": peer.map { .integer($0.value) } ?? .null, "media": .array(media.map(\.json)), "bitrate": .integer(bitrate),
            "record": record.map { .string($0) } ?? .null, "latching": .string(latching.rawValue),
        ]
    }
}
