internal import Events
internal import SIPNames

/// One packet of the Homer Encapsulation Protocol, version 3 (HEP3 Network Protocol Specification, revision 37).
struct HEPPacket {
    /// What the payload is.
    enum Kind: UInt8 {
        case sip = 1
        /// An RTCP report as JSON.
        case rtcp = 5
        /// Quality of a stream as JSON.
        case quality = 34
        case log = 100
    }

    /// Type numbers of the chunks of vendor 0.
    private enum Chunk: UInt16 {
        case family = 1, transport, source4, destination4, source6, destination6, sourcePort, destinationPort, seconds, microseconds, kind, agent
        case password = 14
        case payload = 15
        case correlation = 17
    }

    /// Who the packet is from, for Homer.
    struct Agent {
        /// Key `hep.id`.
        let id: UInt32
        /// Key `hep.password`; empty for none.
        let password: String
    }

    /// Longest packet, in bytes: what UDP over IPv4 carries.
    static let longest = 65_507

    var kind: Kind
    var time: EventTime
    /// Nil where they are not known.
    var source, destination: SocketAddress?
    var isTCP = false
    /// What the messages, reports and lines of one call have in common; empty for none.
    var correlation = ""
    /// What does not fit is cut.
    var payload: String

    func bytes(of agent: Agent) -> [UInt8] {
        var bytes = Array("HEP3".utf8) + [0, 0]
        let (from, to) = HEPPacket.pair(source, destination)
        let isIPv6 = from.ip.isIPv6
        HEPPacket.add(.family, [isIPv6 ? 10 : 2], to: &bytes)
        HEPPacket.add(.transport, [isTCP ? 6 : 17], to: &bytes)
        HEPPacket.add(isIPv6 ? .source6 : .source4, from.ip.bytes, to: &bytes)
        HEPPacket.add(isIPv6 ? .destination6 : .destination4, to.ip.bytes, to: &bytes)
        HEPPacket.add(.sourcePort, HEPPacket.big(UInt16(truncatingIfNeeded: from.port)), to: &bytes)
        HEPPacket.add(.destinationPort, HEPPacket.big(UInt16(truncatingIfNeeded: to.port)), to: &bytes)
        HEPPacket.add(.seconds, HEPPacket.big(UInt32(truncatingIfNeeded: time.microseconds / 1_000_000)), to: &bytes)
        HEPPacket.add(.microseconds, HEPPacket.big(UInt32(truncatingIfNeeded: time.microseconds % 1_000_000)), to: &bytes)
        HEPPacket.add(.kind, [kind.rawValue], to: &bytes)
        HEPPacket.add(.agent, HEPPacket.big(agent.id), to: &bytes)
        if !agent.password.isEmpty { HEPPacket.add(.password, Array(agent.password.utf8.prefix(256)), to: &bytes) }
        if !correlation.isEmpty { HEPPacket.add(.correlation, Array(correlation.utf8.prefix(512)), to: &bytes) }
        HEPPacket.add(.payload, Array(payload.utf8.prefix(HEPPacket.longest - bytes.count - 6)), to: &bytes)
        bytes.replaceSubrange(4..<6, with: HEPPacket.big(UInt16(truncatingIfNeeded: bytes.count)))
        return bytes
    }

    /// Both of one family: an address that is not known is 0.0.0.0 or ::.
    static func pair(_ source: SocketAddress?, _ destination: SocketAddress?) -> (SocketAddress, SocketAddress) {
        let known = [source, destination].compactMap { $0.flatMap { SocketAddress(address: $0.ip.unmapped.description, port: $0.port) } }
        let isIPv6 = known.contains { $0.ip.isIPv6 }
        func fitting(_ address: SocketAddress?) -> SocketAddress {
            if let address, let own = SocketAddress(address: address.ip.unmapped.description, port: address.port), own.ip.isIPv6 == isIPv6 { return own }
            return SocketAddress(isIPv6 ? HEPPacket.unknown6 : HEPPacket.unknown4, port: UInt16(truncatingIfNeeded: address?.port ?? 0))
        }
        return (fitting(source), fitting(destination))
    }

    private static let unknown4 = IPAddress(bytes: [0, 0, 0, 0]) ?? .loopback4
    private static let unknown6 = IPAddress(bytes: [UInt8](repeating: 0, count: 16)) ?? .loopback6

    /// Vendor 0, the type, and the length with these six bytes.
    private static func add(_ chunk: Chunk, _ value: [UInt8], to bytes: inout [UInt8]) {
        bytes += [0, 0] + big(chunk.rawValue) + big(UInt16(truncatingIfNeeded: value.count + 6)) + value
    }

    private static func big<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
}
