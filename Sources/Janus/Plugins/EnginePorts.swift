internal import JSON

/// A plain leg's id, and its ports and SRTP keys, as ``EngineLeg/open(_:at:ports:)`` returns them: of all media that are open.
public struct EnginePorts: Sendable, Equatable, EngineReply {
    /// The port of one medium, and key material for SRTP towards the phone.
    public struct Medium: Sendable, Equatable {
        /// UDP port for RTP, which is even; RTCP has the next.
        public var port: Int
        /// 46 random bytes in base64: master key and salt of the longest suite (RFC 6188), whose first bytes serve the others. They are the same for the
        /// leg's whole life.
        public var key: String

        public init(port: Int, key: String) {
            self.port = port
            self.key = key
        }
    }

    public var leg: EngineLegID
    public var audio: Medium?
    public var video: Medium?

    public init(leg: EngineLegID, audio: Medium? = nil, video: Medium? = nil) {
        self.leg = leg
        self.audio = audio
        self.video = video
    }

    public subscript(kind: JanusMediaKind) -> Medium? {
        switch kind {
        case .audio: audio
        case .video: video
        }
    }

    init?(_ data: JSONValue) {
        guard let leg = EngineLegID(data) else { return nil }
        self.init(leg: leg, audio: Medium(data["audio"]), video: Medium(data["video"]))
    }
}

extension EnginePorts.Medium {
    fileprivate init?(_ json: JSONValue?) {
        guard let port = json?["port"]?.intValue, (1...65_535).contains(port), let key = json?["key"]?.stringValue else { return nil }
        self.init(port: port, key: key)
    }
}
