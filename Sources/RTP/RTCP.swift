/// RTCP (RFC 3550 section 6): what its packets have in common.
public enum RTCP {
    /// The packet types that are told apart here.
    public enum PacketType: UInt8, Sendable {
        /// RFC 2032 section 5.2.1: what was before FIR of RFC 5104.
        case fullIntraRequest = 192
        case senderReport = 200
        case receiverReport = 201
        case sourceDescription = 202
        case goodbye = 203
        case application = 204
        /// RFC 4585 section 6.2: generic NACK and its like.
        case transportFeedback = 205
        /// RFC 4585 section 6.3: PLI, FIR, REMB.
        case payloadFeedback = 206
        /// RFC 3611.
        case extendedReport = 207
    }

    /// Bytes of the header that each packet of a compound begins with.
    public static let headerSize = 4

    /// Whether the second byte of a packet says that it is RTCP, on a port that RTP and RTCP share (RFC 5761 section 4).
    @inlinable
    public static func isPacketType(_ byte: UInt8) -> Bool { byte >= 192 && byte <= 223 }

    /// Whether the bytes may be RTCP rather than RTP.
    @inlinable
    public static func isRTCP(_ packet: UnsafeRawPointer, length: Int) -> Bool {
        length >= headerSize && packet.load(as: UInt8.self) & 0xc0 == 0x80 && isPacketType(packet.load(fromByteOffset: 1, as: UInt8.self))
    }
}

/// One packet of a compound: its bytes are in the buffer that it was read from.
public struct RTCPPacket: Sendable {
    /// Nil for a type that is not known.
    public let type: RTCP.PacketType?
    /// The five bits after version and padding: a number of reports, or the format of a feedback message.
    public let count: UInt8
    /// Where the packet's header begins in the compound.
    public let offset: Int
    /// Bytes of the packet, header included.
    public let length: Int

    @inlinable
    init(type: RTCP.PacketType?, count: UInt8, offset: Int, length: Int) {
        self.type = type
        self.count = count
        self.offset = offset
        self.length = length
    }
}

/// The packets of a compound (RFC 3550 section 6.1), one after the other, without a copy.
///
/// What is malformed ends it: nothing is read behind the buffer's end.
public struct RTCPReader {
    @usableFromInline let buffer: UnsafeRawPointer
    @usableFromInline let length: Int
    @usableFromInline var offset = 0

    @inlinable
    public init(_ buffer: UnsafeRawPointer, length: Int) {
        self.buffer = buffer
        self.length = length
    }

    /// The next packet; nil at the end, or where what follows is no RTCP.
    @inlinable
    public mutating func next() -> RTCPPacket? {
        guard length &- offset >= RTCP.headerSize else { return nil }
        let first = buffer.load(fromByteOffset: offset, as: UInt8.self)
        let bytes = (Int(buffer.bigEndian16(at: offset &+ 2)) &+ 1) &* 4
        guard first & 0xc0 == 0x80, bytes <= length &- offset else { return nil }
        let type = buffer.load(fromByteOffset: offset &+ 1, as: UInt8.self)
        guard RTCP.isPacketType(type) else { return nil }
        let packet = RTCPPacket(type: RTCP.PacketType(rawValue: type), count: first & 0x1f, offset: offset, length: bytes)
        offset = offset &+ bytes
        return packet
    }
}
