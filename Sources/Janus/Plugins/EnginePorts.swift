internal import JSON

/// A plain leg's id, and its ports and SRTP keys, as ``EngineLeg/open(_:at:ports:)`` returns them: of all media that are open.
public struct EnginePorts: Sendable, Equatable, EngineReply {
    /// The port of one medium, and key material for SRTP towards the phone.
    public struct Medium: Sendable, Equatable {
        /// UDP port for RTP, which is even; RTCP has the next.
        public var port: Int
        /// 46 random bytes in base64: master key and salt of AES_256_CM (RFC 6188). They are the same for the leg's whole life.
        public var key: String

        public init(port: Int, key: String) {
            self.port = port
            self.key = key
        }

        /// The first `length` bytes of the key material, in base64: the inline key of `a=crypto` (RFC 4568 section 6.1).
        ///
        /// - Parameter length: 30 for AES_CM_128, 46 for AES_256_CM; `nil` for other lengths.
        public func key(length: Int) -> String? {
            switch length {
            // 30 bytes are 40 characters without a rest.
            case 30 where key.utf8.count >= 40: String(key.prefix(40))
            case 46: key
            default: nil
            }
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
