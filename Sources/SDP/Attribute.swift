/// One `a=` line (RFC 8866, section 5.13). What has no case of its own, or is written in a way of
/// its own, is kept as it came in `other`, so that nothing is lost.
public enum Attribute: Sendable, Hashable {
    case rtpmap(RTPMap)
    case formatParameters(FormatParameters)
    case rtcpFeedback(RTCPFeedback)
    case direction(Direction)
    /// Milliseconds of media in a packet (RFC 8866, section 6.4).
    case packetTime(UInt32)
    /// The most milliseconds of media in a packet (RFC 8866, section 6.5).
    case maximumPacketTime(UInt32)
    case rtcp(RTCPAddress)
    /// RTP and RTCP on one port (RFC 5761, section 5.1.1).
    case rtcpMux
    /// Reduced-size RTCP (RFC 5506, section 5).
    case rtcpReducedSize
    case crypto(Crypto)
    case candidate(Candidate)
    /// RFC 8840, section 8.2.
    case endOfCandidates
    /// RFC 8839, section 5.4.
    case iceUsernameFragment(String)
    case icePassword(String)
    /// RFC 8839, section 5.6; space-separated tokens.
    case iceOptions(String)
    /// RFC 8839, section 5.3.
    case iceLite
    case fingerprint(Fingerprint)
    case setup(Setup)
    /// RFC 5888, section 4.
    case mid(String)
    case group(Group)
    case headerExtension(HeaderExtension)
    case mediaStreamID(MediaStreamID)
    case ssrc(SSRCAttribute)
    case other(name: String, value: String?)

    /// The name in front of the colon.
    public var name: String {
        switch self {
        case .rtpmap: "rtpmap"
        case .formatParameters: "fmtp"
        case .rtcpFeedback: "rtcp-fb"
        case .direction(let direction): direction.rawValue
        case .packetTime: "ptime"
        case .maximumPacketTime: "maxptime"
        case .rtcp: "rtcp"
        case .rtcpMux: "rtcp-mux"
        case .rtcpReducedSize: "rtcp-rsize"
        case .crypto: "crypto"
        case .candidate: "candidate"
        case .endOfCandidates: "end-of-candidates"
        case .iceUsernameFragment: "ice-ufrag"
        case .icePassword: "ice-pwd"
        case .iceOptions: "ice-options"
        case .iceLite: "ice-lite"
        case .fingerprint: "fingerprint"
        case .setup: "setup"
        case .mid: "mid"
        case .group: "group"
        case .headerExtension: "extmap"
        case .mediaStreamID: "msid"
        case .ssrc: "ssrc"
        case .other(let name, _): name
        }
    }

    /// What follows the colon; nil for a property.
    public var value: String? {
        switch self {
        case .rtpmap(let map): map.value
        case .formatParameters(let parameters): parameters.value
        case .rtcpFeedback(let feedback): feedback.value
        case .packetTime(let milliseconds), .maximumPacketTime(let milliseconds): String(milliseconds)
        case .rtcp(let address): address.value
        case .crypto(let crypto): crypto.value
        case .candidate(let candidate): candidate.value
        case .iceUsernameFragment(let text), .icePassword(let text), .iceOptions(let text), .mid(let text): text
        case .fingerprint(let fingerprint): fingerprint.value
        case .setup(let setup): setup.rawValue
        case .group(let group): group.value
        case .headerExtension(let entry): entry.value
        case .mediaStreamID(let id): id.value
        case .ssrc(let ssrc): ssrc.text
        case .other(_, let value): value
        case .direction, .rtcpMux, .rtcpReducedSize, .endOfCandidates, .iceLite: nil
        }
    }
}
