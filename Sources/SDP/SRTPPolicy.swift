/// Whether media between Tern and a phone is SRTP with keys from the descriptions (SDES, RFC 4568).
public enum SRTPPolicy: String, Sendable, Hashable, CaseIterable {
    /// Plain RTP only: `RTP/SAVP` is refused.
    case off
    /// What the phone offers, plain or encrypted, is answered in kind. Tern itself offers plain RTP.
    case optional
    /// SRTP only: Tern offers `RTP/SAVP`, and refuses `RTP/AVP`.
    case required
}
