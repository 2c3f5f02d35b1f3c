/// Which payload types of a capture carry what: Janus writes one codec's name on the file, and everything that comes into it.
struct PayloadTypes {
    private var counts: [UInt8: (packets: Int, events: Int)] = [:]

    mutating func count(_ packet: RTPPacket) {
        var count = counts[packet.payloadType] ?? (0, 0)
        count.packets += 1
        // A telephone event has four bytes (RFC 4733 section 2.3), comfort noise one or a few (RFC 3389).
        if packet.payload.count == 4 || packet.payload.count <= 1 { count.events += 1 }
        counts[packet.payloadType] = count
    }

    /// The codec of a payload type; nil for events, comfort noise and what is not known.
    func codec(of type: UInt8, header: CaptureHeader) -> MediaCodec? {
        guard header.medium == .audio else {
            let most = counts.max { ($0.value.packets, $0.key) < ($1.value.packets, $1.key) }?.key
            guard type == most, let codec = MediaCodec(rawValue: header.codec), codec.isVideo else { return nil }
            return codec
        }
        if let codec = MediaCodec(staticType: type) { return codec }
        guard type >= 96, let count = counts[type], count.events < count.packets else { return nil }
        // Of the codecs that a browser has, Opus alone has a type of this range, whatever was agreed at the beginning.
        return .opus
    }

    /// Whether there is anything else than what ``codec(of:header:)`` knows, events and comfort noise.
    func hasOthers(_ header: CaptureHeader) -> Bool {
        counts.contains { type, count in
            codec(of: type, header: header) == nil && count.events < count.packets && !PayloadTypes.comfortNoise.contains(type)
        }
    }

    /// RFC 3551 table 4: 13, and 19 before.
    private static let comfortNoise: Set<UInt8> = [13, 19]
}
