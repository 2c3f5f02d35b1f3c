internal import Events
public import SIPNames

/// A call's SIP messages as a capture file that Wireshark opens: pcapng (draft-ietf-opsawg-pcapng), with an IP and a UDP header of the real addresses for
/// each message, whatever transport it came by. What happened between two messages is the comment of the later one.
public struct PacketCapture {
    /// Raw IP: LINKTYPE_RAW.
    private static let linkType: UInt16 = 101
    /// What an IPv4 packet has room for behind both headers.
    private static let longestPayload = 65_535 - 28
    /// Longest comment, in bytes, and their number for a packet.
    private static let longestComment = 1_000
    private static let mostComments = 200
    /// What all packets have room for, in bytes. Those beyond it are cut to their beginning.
    private static let mostData = 4 << 20
    private static let shortest = 128

    private enum Option: UInt16 { case end = 0, comment = 1, name = 2, application = 4 }

    public private(set) var bytes: [UInt8] = []
    private var room = PacketCapture.mostData

    public init(_ document: TraceDocument, application: String) {
        section(application, comment: "call \(document.summary.id)")
        interface()
        var comments: [String] = []
        guard let last = document.entries.lastIndex(where: { $0.kind == .sip }) else { return }
        for (index, entry) in document.entries[...last].enumerated() {
            guard entry.kind == .sip else {
                comments.append(PacketCapture.comment(of: entry))
                continue
            }
            if entry.isRepetition { comments.append("repeated") }
            if let transport = entry.transport, transport != "udp" { comments.append("over \(transport)") }
            // What comes after the last message is that one's as well.
            if index == last { comments += document.entries[(last + 1)...].map(PacketCapture.comment) }
            packet(entry, document.text(of: entry), comments)
            comments = []
        }
    }

    private static func comment(of entry: TraceDocument.Entry) -> String {
        let fields = entry.kind == .log ? " " + entry.text.split(whereSeparator: \.isNewline).joined(separator: " ") : ""
        let direction = entry.party.map { entry.isSent ? "to \($0): " : "from \($0): " } ?? ""
        return "\(entry.kind.rawValue): \(direction)\(entry.label)\(fields)"
    }

    // MARK: Blocks

    private mutating func section(_ application: String, comment: String) {
        var body: [UInt8] = little(UInt32(0x1A2B_3C4D)) + little(UInt16(1)) + little(UInt16(0)) + little(UInt64.max)
        body += option(.comment, comment) + option(.application, application) + option(.end)
        block(0x0A0D_0D0A, body)
    }

    private mutating func interface() {
        block(1, little(PacketCapture.linkType) + little(UInt16(0)) + little(UInt32(0)) + option(.name, "tern") + option(.end))
    }

    private mutating func packet(_ entry: TraceDocument.Entry, _ text: String, _ comments: [String]) {
        let (from, to) = HEPPacket.pair(entry.isSent ? entry.local : entry.peer, entry.isSent ? entry.peer : entry.local)
        let length = min(text.utf8.count, PacketCapture.longestPayload)
        let payload = Array(text.utf8.prefix(length <= room ? length : min(length, PacketCapture.shortest)))
        room -= min(room, payload.count)
        let data = PacketCapture.datagram(from, to, payload, missing: length - payload.count)
        let time = UInt64(max(0, entry.microseconds))
        var body = little(UInt32(0)) + little(UInt32(time >> 32)) + little(UInt32(truncatingIfNeeded: time))
        body += little(UInt32(data.count)) + little(UInt32(data.count + length - payload.count)) + padded(data)
        for comment in comments.prefix(PacketCapture.mostComments) { body += option(.comment, comment) }
        body += option(.end)
        block(6, body)
    }

    private mutating func block(_ type: UInt32, _ body: [UInt8]) {
        let length = little(UInt32(body.count + 12))
        bytes += little(type) + length + body + length
    }

    private func option(_ code: Option, _ text: String = "") -> [UInt8] {
        let value = Array(text.utf8.prefix(PacketCapture.longestComment))
        return little(code.rawValue) + little(UInt16(value.count)) + padded(value)
    }

    private func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4) }

    private func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }

    // MARK: IP and UDP

    /// The payload behind an IPv4 or IPv6 header and a UDP header, with their checksums.
    ///
    /// - Parameter missing: How many bytes of the payload are cut; the headers have its whole length, and there is no checksum over it.
    static func datagram(_ from: SocketAddress, _ to: SocketAddress, _ payload: [UInt8], missing: Int = 0) -> [UInt8] {
        let length = payload.count + missing + 8
        var udp = big(UInt16(truncatingIfNeeded: from.port)) + big(UInt16(truncatingIfNeeded: to.port)) + big(UInt16(truncatingIfNeeded: length)) + [0, 0]
        udp += payload
        // RFC 768, RFC 8200 section 8.1: over the addresses as well; 0 stands for none.
        if missing == 0 {
            let sum = checksum(from.ip.bytes + to.ip.bytes + [0, 17] + big(UInt16(truncatingIfNeeded: length)) + udp)
            udp.replaceSubrange(6..<8, with: big(sum == 0 ? .max : sum))
        }
        guard !from.ip.isIPv6 else {
            return [0x60, 0, 0, 0] + big(UInt16(truncatingIfNeeded: length)) + [17, 64] + from.ip.bytes + to.ip.bytes + udp
        }
        var ip: [UInt8] = [0x45, 0] + big(UInt16(truncatingIfNeeded: length + 20)) + [0, 0, 0x40, 0, 64, 17, 0, 0] + from.ip.bytes + to.ip.bytes
        ip.replaceSubrange(10..<12, with: big(checksum(ip)))
        return ip + udp
    }

    /// RFC 1071.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
            if sum > 0xFFFF { sum = (sum & 0xFFFF) + 1 }
        }
        return ~UInt16(truncatingIfNeeded: sum)
    }

    private static func big(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }
}
