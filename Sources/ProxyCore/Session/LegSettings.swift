public import SDP

/// All that a leg of the media engine is to do: what flows, from and to where, and what is recorded of it.
public struct LegSettings: Sendable, Equatable {
    /// The media that were agreed on; others are closed.
    public var media: [LegMedium]
    /// Most that a browser is to send, in bit/s; 0 is no limit.
    public var bitrate: Int
    /// Name of the recording that is to run; nil when none is.
    public var recording: String?
    /// Which part of the recording, from 1.
    public var part: Int

    public init(media: [LegMedium] = [], bitrate: Int = 0, recording: String? = nil, part: Int = 1) {
        self.media = media
        self.bitrate = bitrate
        self.recording = recording
        self.part = part
    }
}

/// One medium of a leg.
public struct LegMedium: Sendable, Equatable {
    /// Audio or video.
    public var kind: MediaKind
    /// Its line in the descriptions of the PeerConnection, from 0.
    public var line: Int
    /// Whether what the party sends is passed on.
    public var receives: Bool
    /// Whether the party is sent what the other one sends.
    public var sends: Bool
    /// The payload types of both directions.
    public var payloads: [LegPayload]
    /// Where a phone is; nil for browsers, and while it is not known.
    public var phone: PhoneAddress?
    /// The keys of SRTP with a phone; nil for plain RTP, and for browsers.
    public var keys: LegKeys?
    /// The RTCP feedback that a phone understands: `nack`, `pli`, `fir`.
    public var feedback: [String] = []

    public init(
        kind: MediaKind, line: Int, receives: Bool, sends: Bool, payloads: [LegPayload], phone: PhoneAddress? = nil, keys: LegKeys? = nil,
        feedback: [String] = []
    ) {
        self.kind = kind
        self.line = line
        self.receives = receives
        self.sends = sends
        self.payloads = payloads
        self.phone = phone
        self.keys = keys
        self.feedback = feedback
    }
}

/// One payload type, and what it stands for.
public struct LegPayload: Sendable, Equatable {
    public var type: UInt8
    /// Name of the codec in lower case, as `opus`.
    public var codec: String
    /// Units of its RTP clock in a second.
    public var clockRate: UInt32
    /// Text of its `a=fmtp`.
    public var parameters: String?

    init(_ map: RTPMap, _ parameters: String?) {
        type = map.payloadType
        codec = map.encoding.lowercased()
        clockRate = map.clockRate
        self.parameters = parameters
    }
}

/// Where a phone wants one medium, as its description says.
public struct PhoneAddress: Sendable, Equatable {
    /// IPv4 or IPv6.
    public var host: String
    public var port: UInt16
    /// Of RTCP; that of RTP where both are on one port (RFC 5761).
    public var rtcpPort: UInt16
    public var isMultiplexed: Bool
}

/// SRTP keys of one medium with a phone (RFC 4568).
public struct LegKeys: Sendable, Equatable {
    public var suite: String
    /// Of what the phone is sent: master key and salt in base64.
    public var local: String
    /// Of what the phone sends.
    public var remote: String
}
