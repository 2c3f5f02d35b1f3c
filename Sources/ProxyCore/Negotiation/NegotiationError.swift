public import SDP

/// Why an offer or answer cannot be carried to the other side.
public enum NegotiationError: Error, Sendable, Hashable {
    case malformed(SDPError)
    /// No audio and no video that can be used: all refused, of another kind or over another transport.
    case noUsableMedia
    /// Plain RTP, without ICE and DTLS, where a browser's description is expected.
    case plainRTP
    case noCommonCodec
    /// Media to an address that cannot be sent to: of the other family than the dialog's, multicast, a host name, nothing that can be read.
    case unsupportedAddress(String, only: AddressFamily = .ip4)
    /// SRTP without a key of a kind that is understood (RFC 4568).
    case unsupportedEncryption
    /// SRTP where it is switched off, or plain RTP where SRTP is required.
    case encryptionRefused
    case encryptionRequired
    /// A change from plain RTP to SRTP or back, or to another suite; or media of one call that differ in that.
    case encryptionChanged
    /// A browser's medium without `a=ice-ufrag` and `a=ice-pwd`, or without `a=fingerprint`.
    case missingICE
    case missingFingerprint
    /// `a=setup:holdconn` at a browser's medium: no connection is to be made for now (RFC 4145, section 4).
    case heldConnection
    /// A trickled candidate that is malformed, or names no media line.
    case malformedCandidate
    /// The number of media lines must be that of the offer, and must not fall within a dialog (RFC 3264, sections 6 and 8).
    case wrongMediaCount(expected: Int, found: Int)
    /// The media line, from 1, is of another kind or transport than the one it answers.
    case wrongMedia(line: Int)
    /// The answer has none of the codecs that were offered for the media line, from 1.
    case codecNotOffered(line: Int)
    /// An answer without an offer, or an offer while another waits for its answer.
    case wrongState

    /// What is wrong, in words for a SIP Warning header (RFC 3261, section 20.43) or an API error.
    public var reason: String {
        switch self {
        case .malformed(let error): error.description
        case .noUsableMedia: "no audio or video that can be used"
        case .plainRTP: "no ICE or DTLS: this is plain RTP, for which `sdp_type` must be \"rtp\""
        case .noCommonCodec: "no common codec"
        case .unsupportedAddress(let address, let family):
            "media to \(address.prefix(64)) is not supported, only to an \(family.name) unicast address"
        case .unsupportedEncryption: "no supported SRTP key (a=crypto)"
        case .encryptionRefused: "SRTP (RTP/SAVP) is not accepted here"
        case .encryptionRequired: "only SRTP (RTP/SAVP) is accepted here"
        case .encryptionChanged: "RTP, SRTP and its suite cannot be changed, nor differ from medium to medium, within a call"
        case .missingICE: "no ice-ufrag and ice-pwd"
        case .missingFingerprint: "no DTLS fingerprint"
        case .heldConnection: "a=setup:holdconn is not supported, only active, passive and actpass"
        case .malformedCandidate: "the ICE candidate is malformed"
        case .wrongMediaCount(let expected, let found): "\(found) media lines where there must be \(expected)"
        case .wrongMedia(let line): "media line \(line) is not of the offered kind or transport"
        case .codecNotOffered(let line): "media line \(line) has no codec that was offered"
        case .wrongState: "this offer or answer does not fit the state of the dialog"
        }
    }

    /// The response to an INVITE with such a body: 400 or 488.
    public var sipStatus: Int {
        switch self {
        case .malformed, .malformedCandidate: 400
        default: 488
        }
    }
}
