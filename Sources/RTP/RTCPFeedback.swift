/// What a receiver asks of a sender (RFC 4585, RFC 5104), as far as it is understood here.
public enum RTCPFeedback: Equatable, Sendable {
    /// A keyframe is needed: PLI (RFC 4585 section 6.3.1), FIR (RFC 5104 section 4.3.1), or the old FIR of RFC 2032 section 5.2.1.
    case keyframe
    /// As many bits a second arrive at most: REMB (draft-alvestrand-rmcat-remb-03 section 2.2).
    case estimate(UInt64)

    /// - Returns: Nil where the packet is something else, or too short for what it should be.
    @inlinable
    public init?(_ packet: RTCPPacket, in buffer: UnsafeRawPointer) {
        if packet.type == .fullIntraRequest {
            self = .keyframe
            return
        }
        // The header, who sends it, and whom it is about.
        guard packet.type == .payloadFeedback, packet.length >= 12 else { return nil }
        let body = packet.offset &+ 12
        switch packet.count {
        case 1, 4: self = .keyframe
        case 15:
            guard packet.length >= 20, buffer.bigEndian32(at: body) == 0x5245_4d42 else { return nil }
            let rate = buffer.bigEndian32(at: body &+ 4) & 0xff_ffff
            let mantissa = UInt64(rate & 0x3_ffff), exponent = UInt64(rate >> 18)
            // Up to 18 and 63 bits: what does not fit is more than anybody has.
            self = .estimate(exponent > 46 ? UInt64.max : mantissa << exponent)
        default: return nil
        }
    }
}
