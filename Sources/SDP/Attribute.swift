/// One `a=` line (RFC 8866, section 5.13). What has no case of its own is kept as it came in `other`, and what cannot be read in
/// `malformed`, so that nothing is lost.
public enum Attribute: Sendable, Hashable {
    case rtpmap(RTPMap)
    case formatParameters(FormatParameters)
    case rtcpFeedback(RTCPFeedback)
    case direction(Direction)
    /// Milliseconds of media in a packet, 1 to 1000 (RFC 8866, section 6.4).
    case packetTime(UInt32)
    /// The most milliseconds of media in a packet, 1 to 1000 (RFC 8866, section 6.5).
    case maximumPacketTime(UInt32)
    case rtcp(RTCPAddress)
    /// RTP and RTCP on one port (RFC 5761, section 5.1.1).
    case rtcpMux
    /// Reduced-size RTCP (RFC 5506, section 5).
    case rtcpReducedSize
    indirect case crypto(Crypto)
    indirect case candidate(Candidate)
    /// RFC 8840, section 8.2.
    case endOfCandidates
    /// 4 to 256 bytes (RFC 8839, section 5.4).
    case iceUsernameFragment(String)
    /// 22 to 256 bytes.
    case icePassword(String)
    /// RFC 8839, section 5.6; space-separated tokens.
    case iceOptions(String)
    /// RFC 8839, section 5.3.
    case iceLite
    case fingerprint(Fingerprint)
    case setup(Setup)
    /// A token (RFC 5888, section 4).
    case mid(String)
    case group(Group)
    case headerExtension(HeaderExtension)
    /// One-byte and two-byte header extensions in one stream (RFC 8285, section 6).
    case mixedHeaderExtensions
    case mediaStreamID(MediaStreamID)
    case ssrc(SSRCAttribute)
    case ssrcGroup(SSRCGroup)
    case restrictionID(RestrictionID)
    /// Port 0 is no refusal (RFC 9143, section 6).
    case bundleOnly
    case other(name: String, value: String?)
    /// Has a case of its own, but not its form, or a number out of its range: nothing to act on, nor to hand on.
    case malformed(name: String, value: String?)

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
        case .mixedHeaderExtensions: "extmap-allow-mixed"
        case .mediaStreamID: "msid"
        case .ssrc: "ssrc"
        case .ssrcGroup: "ssrc-group"
        case .restrictionID: "rid"
        case .bundleOnly: "bundle-only"
        case .other(let name, _), .malformed(let name, _): name
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
        case .ssrcGroup(let group): group.value
        case .restrictionID(let rid): rid.value
        case .other(_, let value), .malformed(_, let value): value
        case .direction, .rtcpMux, .rtcpReducedSize, .endOfCandidates, .iceLite, .mixedHeaderExtensions, .bundleOnly: nil
        }
    }
}
