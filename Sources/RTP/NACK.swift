/// The packets that a receiver has lost and wants again: a generic NACK (RFC 4585 section 6.2.1).
public struct NACK: Equatable, Sendable {
    /// One packet, and those of the sixteen behind it whose bit is set; the lowest bit is the next packet's.
    public struct Item: Equatable, Sendable {
        public var packetID: UInt16
        public var mask: UInt16

        @inlinable
        public init(packetID: UInt16, mask: UInt16 = 0) {
            self.packetID = packetID
            self.mask = mask
        }

        /// Calls `body` with the sequence number of each lost packet, in ascending order.
        @inlinable
        public func forEach(_ body: (UInt16) -> Void) {
            body(packetID)
            var distance: UInt16 = 1, rest = mask
            while rest != 0 {
                if rest & 1 != 0 { body(packetID &+ distance) }
                rest >>= 1
                distance = distance &+ 1
            }
        }
    }

    /// The source whose packets are lost.
    public let media: UInt32
    /// Number of items.
    public let count: Int
    @usableFromInline let items: Int

    /// - Returns: Nil where the packet is something else, or has no item.
    @inlinable
    public init?(_ packet: RTCPPacket, in buffer: UnsafeRawPointer) {
        guard packet.type == .transportFeedback, packet.count == 1, packet.length >= 16 else { return nil }
        media = buffer.bigEndian32(at: packet.offset &+ 8)
        count = (packet.length &- 12) / 4
        items = packet.offset &+ 12
    }

    /// - Returns: Nil behind the last one.
    @inlinable
    public func item(_ index: Int, in buffer: UnsafeRawPointer) -> Item? {
        guard index >= 0, index < count else { return nil }
        let offset = items &+ index &* 4
        return Item(packetID: buffer.bigEndian16(at: offset), mask: buffer.bigEndian16(at: offset &+ 2))
    }
}

extension RTCPWriter {
    /// Items that one NACK has at most.
    public static let mostNACKItems = 16

    /// A generic NACK (RFC 4585 section 6.2.1), to be sent behind a report.
    ///
    /// - Parameter next: Gives the items one after another, nil at the end.
    /// - Returns: Where it ends; `offset` where there is no item.
    public static func nack(
        to buffer: UnsafeMutableRawPointer, at offset: Int, ssrc: UInt32, media: UInt32, next: () -> NACK.Item?
    ) -> Int {
        let start = offset &+ 12
        var end = start
        while end &- start < mostNACKItems &* 4, let item = next() {
            buffer.setBigEndian16(item.packetID, at: end)
            buffer.setBigEndian16(item.mask, at: end &+ 2)
            end = end &+ 4
        }
        guard end > start else { return offset }
        buffer.setBigEndian32(ssrc, at: offset &+ 4)
        buffer.setBigEndian32(media, at: offset &+ 8)
        header(.transportFeedback, count: 1, to: buffer, from: offset, to: end)
        return end
    }
}

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
