/// One thing for Janus to do. Its outcome comes back as ``ProxySession/Event/stepDone(_:)`` or
/// ``ProxySession/Event/stepFailed(_:)``.
public enum MediaStep: Sendable, Equatable {
    /// Attach these handles; done with an empty text.
    case attach([SessionHandle])
    /// NoSIP `process`: plain SDP in, the browser side's SDP out.
    case process(SessionHandle.Role, sdp: String, DescriptionRole)
    /// NoSIP `generate`: the browser side's SDP in, plain SDP out; SRTP with a key of that suite where there is one.
    case generate(SessionHandle.Role, BrowserDescription, suite: String?)
    /// EchoTest: offer in, answer out.
    case echo(SessionHandle.Role, BrowserDescription, MediaSettings)
    /// VideoCall: both sides get a name, the caller's offer goes to the called side; what that side is offered comes out.
    case call(BrowserDescription)
    /// VideoCall: the called side's answer in, the caller's out.
    case accept(BrowserDescription)
    /// VideoCall: a later description of one side in, the other side's out.
    case update(SessionHandle.Role, BrowserDescription)
    /// Each handle lets a moment through, and is closed again; done with an empty text.
    case letThrough([Moment])
}

/// What a handle is told to let a moment of what is kept from flowing through.
public struct Moment: Sendable, Equatable {
    public let handle: SessionHandle
    public let open: MediaSettings
    /// The settings that count before and after it.
    public let closed: MediaSettings
}

/// Whether a description offers or answers (RFC 3264).
public enum DescriptionRole: String, Sendable, Equatable {
    case offer, answer
}

/// A description for a PeerConnection of Janus.
public struct BrowserDescription: Sendable, Equatable {
    public let role: DescriptionRole
    public let sdp: String
    /// Whether candidates follow by themselves (RFC 8838).
    public let trickle: Bool
    /// Whether it changes a PeerConnection that is up.
    public let isUpdate: Bool

    public init(_ role: DescriptionRole, sdp: String, trickle: Bool, isUpdate: Bool = false) {
        self.role = role
        self.sdp = sdp
        self.trickle = trickle
        self.isUpdate = isUpdate
    }
}

/// What flows through a handle, as the plugins take it.
public struct MediaSettings: Sendable, Equatable {
    public var audio: Bool
    public var video: Bool
    /// In bit/s; 0 is no limit.
    public var bitrate: Int
    /// Name of the recording that is to run; nil when none is.
    public var recording: String?
    /// Which part of the recording, from 1: another one begins when what there is to record changes.
    public var part: Int
    /// For NoSIP, which has no switch for it: the phone's description with what is to flow as its directions, to be
    /// processed as if the phone had answered anew.
    public var plain: String?

    public init(
        audio: Bool = true, video: Bool = true, bitrate: Int = 0, recording: String? = nil, part: Int = 1, plain: String? = nil
    ) {
        self.audio = audio
        self.video = video
        self.bitrate = bitrate
        self.recording = recording
        self.part = part
        self.plain = plain
    }
}
