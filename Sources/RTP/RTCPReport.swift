/// A sender or receiver report (RFC 3550 sections 6.4.1 and 6.4.2), without its extensions.
public struct RTCPReport: Equatable, Sendable {
    /// Who reports.
    public let ssrc: UInt32
    /// What it has sent; nil in a receiver report.
    public let sender: SenderInfo?
    /// Where its blocks begin in the compound.
    @usableFromInline let blocks: Int
    /// How many it has.
    public let count: Int

    /// - Returns: Nil where the packet is no report, or is too short for what it says that it has.
    @inlinable
    public init?(_ packet: RTCPPacket, in buffer: UnsafeRawPointer) {
        let start = packet.offset &+ RTCP.headerSize
        let fixed: Int
        switch packet.type {
        case .senderReport: fixed = 4 &+ SenderInfo.size
        case .receiverReport: fixed = 4
        default: return nil
        }
        guard packet.length >= RTCP.headerSize &+ fixed &+ Int(packet.count) &* ReportBlock.size else { return nil }
        ssrc = buffer.bigEndian32(at: start)
        sender = packet.type == .senderReport
            ? SenderInfo(
                ntp: UInt64(buffer.bigEndian32(at: start &+ 4)) << 32 | UInt64(buffer.bigEndian32(at: start &+ 8)),
                timestamp: buffer.bigEndian32(at: start &+ 12), packets: buffer.bigEndian32(at: start &+ 16),
                bytes: buffer.bigEndian32(at: start &+ 20))
            : nil
        blocks = start &+ fixed
        count = Int(packet.count)
    }

    /// The first block; nil where there is none.
    @inlinable
    public func firstBlock(in buffer: UnsafeRawPointer) -> ReportBlock? { count > 0 ? ReportBlock(buffer, at: blocks) : nil }

    /// The block about that source; nil where there is none.
    @inlinable
    public func block(about ssrc: UInt32, in buffer: UnsafeRawPointer) -> ReportBlock? {
        var index = 0
        while index < count {
            let block = ReportBlock(buffer, at: blocks &+ index &* ReportBlock.size)
            if block.ssrc == ssrc { return block }
            index = index &+ 1
        }
        return nil
    }
}

/// Writes the compounds that a leg sends.
public enum RTCPWriter {
    /// The longest CNAME that is written whole, in bytes.
    public static let longestName = 64
    /// Room that any compound of these fits into, in bytes.
    public static let capacity = 256

    /// A report of one's own and of one source, with the CNAME that every compound has (RFC 3550 sections 6.1 and 6.5).
    ///
    /// - Parameters:
    ///   - buffer: At least ``capacity`` bytes.
    ///   - ssrc: Who reports.
    ///   - sender: What it has sent; nil makes it a receiver report.
    ///   - block: What it has received; nil where nothing came.
    ///   - name: UTF-8, without a zero; what is over ``longestName`` is left out.
    /// - Returns: Bytes written.
    public static func report(
        to buffer: UnsafeMutableRawPointer, ssrc: UInt32, sender: SenderInfo?, block: ReportBlock?, name: UnsafeRawBufferPointer
    ) -> Int {
        var offset = RTCP.headerSize
        buffer.setBigEndian32(ssrc, at: offset)
        offset = offset &+ 4
        if let sender {
            buffer.setBigEndian32(UInt32(truncatingIfNeeded: sender.ntp >> 32), at: offset)
            buffer.setBigEndian32(UInt32(truncatingIfNeeded: sender.ntp), at: offset &+ 4)
            buffer.setBigEndian32(sender.timestamp, at: offset &+ 8)
            buffer.setBigEndian32(sender.packets, at: offset &+ 12)
            buffer.setBigEndian32(sender.bytes, at: offset &+ 16)
            offset = offset &+ SenderInfo.size
        }
        if let block {
            block.write(to: buffer, at: offset)
            offset = offset &+ ReportBlock.size
        }
        header(sender == nil ? .receiverReport : .senderReport, count: block == nil ? 0 : 1, to: buffer, from: 0, to: offset)
        return description(of: ssrc, name, to: buffer, at: offset)
    }

    /// A keyframe request: PLI (RFC 4585 section 6.3.1), to be sent behind a report.
    ///
    /// - Returns: Where it ends.
    public static func pictureLoss(to buffer: UnsafeMutableRawPointer, at offset: Int, ssrc: UInt32, media: UInt32) -> Int {
        buffer.setBigEndian32(ssrc, at: offset &+ 4)
        buffer.setBigEndian32(media, at: offset &+ 8)
        header(.payloadFeedback, count: 1, to: buffer, from: offset, to: offset &+ 12)
        return offset &+ 12
    }

    /// The same for those who know FIR only (RFC 5104 section 4.3.1).
    ///
    /// - Parameter number: One more than in the request before; a repetition has the same (section 4.3.1.1).
    /// - Returns: Where it ends.
    public static func fullIntraRequest(to buffer: UnsafeMutableRawPointer, at offset: Int, ssrc: UInt32, media: UInt32, number: UInt8) -> Int {
        buffer.setBigEndian32(ssrc, at: offset &+ 4)
        buffer.setBigEndian32(0, at: offset &+ 8)
        buffer.setBigEndian32(media, at: offset &+ 12)
        buffer.setBigEndian32(UInt32(number) << 24, at: offset &+ 16)
        header(.payloadFeedback, count: 4, to: buffer, from: offset, to: offset &+ 20)
        return offset &+ 20
    }

    /// The end of a source (RFC 3550 section 6.6), to be sent behind a report.
    ///
    /// - Returns: Where it ends.
    public static func goodbye(to buffer: UnsafeMutableRawPointer, at offset: Int, ssrc: UInt32) -> Int {
        buffer.setBigEndian32(ssrc, at: offset &+ 4)
        header(.goodbye, count: 1, to: buffer, from: offset, to: offset &+ 8)
        return offset &+ 8
    }

    private static func description(
        of ssrc: UInt32, _ name: UnsafeRawBufferPointer, to buffer: UnsafeMutableRawPointer, at start: Int
    ) -> Int {
        let length = min(name.count, longestName)
        buffer.setBigEndian32(ssrc, at: start &+ 4)
        buffer.storeBytes(of: 1, toByteOffset: start &+ 8, as: UInt8.self)
        buffer.storeBytes(of: UInt8(truncatingIfNeeded: length), toByteOffset: start &+ 9, as: UInt8.self)
        if let base = name.baseAddress { (buffer + (start &+ 10)).copyMemory(from: base, byteCount: length) }
        // A chunk ends with at least one zero, and at a multiple of four.
        var end = start &+ 10 &+ length
        repeat {
            buffer.storeBytes(of: 0, toByteOffset: end, as: UInt8.self)
            end = end &+ 1
        } while (end &- start) & 3 != 0
        header(.sourceDescription, count: 1, to: buffer, from: start, to: end)
        return end
    }

    static func header(_ type: RTCP.PacketType, count: UInt8, to buffer: UnsafeMutableRawPointer, from start: Int, to end: Int) {
        buffer.storeBytes(of: 0x80 | count, toByteOffset: start, as: UInt8.self)
        buffer.storeBytes(of: type.rawValue, toByteOffset: start &+ 1, as: UInt8.self)
        buffer.setBigEndian16(UInt16(truncatingIfNeeded: (end &- start) / 4 &- 1), at: start &+ 2)
    }
}
