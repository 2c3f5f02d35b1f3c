/// The fixed header of an RTP packet, checked once against the packet's length (RFC 3550 section 5.1).
///
/// The bytes `payloadOffset ..< payloadEnd` of the packet can be read without a further check.
public struct RTPHeader: Equatable, Sendable {
    public let marker: Bool
    public let payloadType: UInt8
    public let sequence: UInt16
    /// In units of the payload's clock.
    public let timestamp: UInt32
    public let ssrc: UInt32
    /// Bytes before the payload: the fixed header, the CSRCs and the header extension.
    public let payloadOffset: Int
    /// Where the payload ends and the padding begins.
    public let payloadEnd: Int

    /// Bytes of a header without CSRCs and extension.
    public static let size = 12

    /// - Parameter length: Bytes of the packet.
    /// - Returns: Nil where the bytes are no RTP: too short, of another version, RTCP on the same port (RFC 5761 section 4), or with an
    ///   extension or a padding that is longer than the packet.
    @inlinable
    public init?(_ packet: UnsafeRawPointer, length: Int) {
        guard length >= RTPHeader.size else { return nil }
        let first = packet.load(as: UInt8.self), second = packet.load(fromByteOffset: 1, as: UInt8.self)
        guard first & 0xc0 == 0x80, !RTCP.isPacketType(second) else { return nil }
        var offset = RTPHeader.size &+ Int(first & 0x0f) &* 4
        if first & 0x10 != 0 {
            guard length >= offset &+ 4 else { return nil }
            offset = offset &+ 4 &+ Int(packet.bigEndian16(at: offset &+ 2)) &* 4
        }
        guard offset <= length else { return nil }
        var end = length
        if first & 0x20 != 0 {
            let padding = Int(packet.load(fromByteOffset: length &- 1, as: UInt8.self))
            guard padding > 0, padding <= length &- offset else { return nil }
            end = length &- padding
        }
        marker = second & 0x80 != 0
        payloadType = second & 0x7f
        sequence = packet.bigEndian16(at: 2)
        timestamp = packet.bigEndian32(at: 4)
        ssrc = packet.bigEndian32(at: 8)
        payloadOffset = offset
        payloadEnd = end
    }

    /// Bytes of the fixed header and the CSRCs: where the payload begins once the extension is gone.
    ///
    /// - Parameter packet: The packet of which this is the header.
    @inlinable
    public func payloadOffset(withoutExtension packet: UnsafeRawPointer) -> Int {
        min(RTPHeader.size &+ Int(packet.load(as: UInt8.self) & 0x0f) &* 4, payloadOffset)
    }

    /// Says that a packet has no extension.
    @inlinable
    public static func removeExtensionFlag(from packet: UnsafeMutableRawPointer) {
        packet.storeBytes(of: packet.load(as: UInt8.self) & ~0x10, as: UInt8.self)
    }

    /// Writes what a relay changes into a packet of which this is the header; all else stays.
    @inlinable
    public static func write(sequence: UInt16, timestamp: UInt32, ssrc: UInt32, to packet: UnsafeMutableRawPointer) {
        packet.setBigEndian16(sequence, at: 2)
        packet.setBigEndian32(timestamp, at: 4)
        packet.setBigEndian32(ssrc, at: 8)
    }

    /// Writes a payload type, and leaves the marker.
    @inlinable
    public static func write(payloadType: UInt8, to packet: UnsafeMutableRawPointer) {
        let marker = packet.load(fromByteOffset: 1, as: UInt8.self) & 0x80
        packet.storeBytes(of: marker | payloadType & 0x7f, toByteOffset: 1, as: UInt8.self)
    }
}

extension UnsafeRawPointer {
    @inlinable
    func bigEndian16(at offset: Int) -> UInt16 { UInt16(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self)) }

    @inlinable
    func bigEndian32(at offset: Int) -> UInt32 { UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
}

extension UnsafeMutableRawPointer {
    @inlinable
    func setBigEndian16(_ value: UInt16, at offset: Int) { storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self) }

    @inlinable
    func setBigEndian32(_ value: UInt32, at offset: Int) { storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self) }
}
