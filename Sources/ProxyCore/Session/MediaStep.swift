public import SDP

/// One thing for Janus to do about a leg. Its outcome comes back as ``ProxySession/Event/stepDone(_:)`` or
/// ``ProxySession/Event/stepFailed(_:)``.
public enum MediaStep: Sendable, Equatable {
    /// Attach a handle for the leg of each of these sides.
    case attach([SessionSide])
    /// Open RTP ports for these media of a phone's leg, at our address of that family, which stays the same for a leg.
    case open(SessionSide, [MediaKind], AddressFamily)
    /// Give a browser's description to its PeerConnection.
    case take(SessionSide, PeerDescription)
    /// Have the PeerConnection of a browser's leg make a description for the browser; `sdp` says of which media.
    case give(SessionSide, PeerDescription)
}

/// What came of a step.
public enum StepOutcome: Sendable, Equatable {
    case done
    /// The handles are attached at a media server that receives phones' media at these addresses, in place of the session's.
    case attached(LegAddresses)
    /// The ports of a phone's leg, also those that were open before.
    case opened([MediaKind: LegPort])
    /// What the browser is to be told.
    case described(SessionDescription)
}

/// Where a phone's leg receives one medium.
public struct LegPort: Sendable, Equatable {
    /// Of RTP; that of RTCP is the next one.
    public let port: UInt16
    /// Random bytes for the master key and salt of the SRTP that the phone is sent (RFC 4568, section 6.1): as many as the longest suite needs.
    public let key: [UInt8]

    /// Bytes of ``key``.
    public static let keyBytes = 46

    public init(port: UInt16, key: [UInt8]) {
        self.port = port
        self.key = key
    }
}

/// Whether a description offers or answers (RFC 3264).
public enum DescriptionRole: String, Sendable, Equatable {
    case offer, answer
}

/// A description for a PeerConnection of Janus.
public struct PeerDescription: Sendable, Equatable {
    public let role: DescriptionRole
    public let sdp: SessionDescription
    /// Whether candidates follow by themselves (RFC 8838).
    public let trickle: Bool
    /// Whether it changes a PeerConnection that is up.
    public let isUpdate: Bool

    public init(_ role: DescriptionRole, sdp: SessionDescription, trickle: Bool, isUpdate: Bool = false) {
        self.role = role
        self.sdp = sdp
        self.trickle = trickle
        self.isUpdate = isUpdate
    }
}
