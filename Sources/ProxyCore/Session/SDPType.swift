/// Which of the two profiles a session description is in.
public enum SDPType: String, Sendable, Equatable, CaseIterable {
    /// ICE, DTLS-SRTP, bundled and multiplexed: what browsers speak (RFC 8829).
    case webrtc
    /// Plain RTP/AVP: what SIP phones speak (RFC 3264, RFC 3551).
    case rtp
}
