/// What a track is encoded with.
enum MediaCodec: String, Sendable {
    case pcmu, pcma, g722, opus
    case vp8, vp9, h264, h265, av1

    /// Ticks a second of its RTP clock; G.722's is half of its samples (RFC 3551 section 4.5.2).
    var rate: Int64 {
        switch self {
        case .pcmu, .pcma, .g722: 8_000
        case .opus: 48_000
        case .vp8, .vp9, .h264, .h265, .av1: 90_000
        }
    }

    /// The codec of a static payload type (RFC 3551 table 4).
    init?(staticType type: UInt8) {
        switch type {
        case 0: self = .pcmu
        case 8: self = .pcma
        case 9: self = .g722
        default: return nil
        }
    }

    /// 20 ms of nothing to hear; empty for video.
    var silence: [UInt8] {
        switch self {
        case .pcmu: [UInt8](repeating: 0xff, count: 160)
        case .pcma: [UInt8](repeating: 0xd5, count: 160)
        case .g722: [UInt8](repeating: 0xfa, count: 160)
        case .opus: [0xf8, 0xff, 0xfe]
        case .vp8, .vp9, .h264, .h265, .av1: []
        }
    }

    /// How long a payload sounds, in ticks.
    func duration(of payload: ArraySlice<UInt8>) -> Int64 {
        self == .opus ? MediaCodec.opusDuration(payload) : Int64(payload.count)
    }

    /// RFC 6716 sections 3.1 and 3.2: configuration and number of frames.
    private static func opusDuration(_ payload: ArraySlice<UInt8>) -> Int64 {
        guard let head = payload.first else { return 0 }
        let frame: Int64 = switch head >> 3 {
        case 0..<12: [480, 960, 1_920, 2_880][Int(head >> 3) % 4]
        case 12..<16: [480, 960][Int(head >> 3) % 2]
        default: [120, 240, 480, 960][Int(head >> 3) % 4]
        }
        switch head & 3 {
        case 0: return frame
        case 1, 2: return frame * 2
        default: return payload.dropFirst().first.map { min(frame * Int64($0 & 0x3f), 5_760) } ?? 0
        }
    }
}

/// How Matroska names the codecs, and what it has to know of each (RFC 9559 section 5.1.4, Matroska Codec Mappings).
extension MediaCodec {
    var isVideo: Bool { rate == 90_000 }

    func matroskaEntry(_ size: (width: Int, height: Int)?) -> [UInt8] {
        let type: UInt8 = isVideo ? 1 : 2
        let head = MatroskaFile.element([0x83], [type]) + MatroskaFile.element([0x86], Array(matroskaName.utf8))
        guard !isVideo else {
            let size = size ?? (640, 480)
            let dimensions = MatroskaFile.element([0xb0], MatroskaFile.bytes(UInt64(size.width), 2))
                + MatroskaFile.element([0xba], MatroskaFile.bytes(UInt64(size.height), 2))
            return head + MatroskaFile.element([0xe0], dimensions)
        }
        let rate = Double(self == .opus ? 48_000 : self == .g722 ? 16_000 : 8_000)
        let sound = MatroskaFile.element([0xb5], MatroskaFile.bytes(rate.bitPattern, 8))
            + MatroskaFile.element([0x9f], [self == .opus ? 2 : 1])
        return head + MatroskaFile.element([0x63, 0xa2], privateData) + MatroskaFile.element([0xe1], sound)
    }

    private var matroskaName: String {
        switch self {
        case .pcmu, .pcma, .g722: "A_MS/ACM"
        case .opus: "A_OPUS"
        case .vp8: "V_VP8"
        case .vp9: "V_VP9"
        case .h264: "V_MPEG4/ISO/AVC"
        case .h265: "V_MPEGH/ISO/HEVC"
        case .av1: "V_AV1"
        }
    }

    /// Opus' identification header (RFC 7845 section 5.1), or a WAVEFORMATEX with the tag of the codec.
    private var privateData: [UInt8] {
        switch self {
        case .opus: Array("OpusHead".utf8) + [1, 2, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0]
        case .pcmu: waveFormat(tag: 0x0007, rate: 8_000)
        case .pcma: waveFormat(tag: 0x0006, rate: 8_000)
        case .g722: waveFormat(tag: 0x028f, rate: 16_000)
        case .vp8, .vp9, .h264, .h265, .av1: []
        }
    }

    private func waveFormat(tag: UInt64, rate: UInt64) -> [UInt8] {
        let fields: [(UInt64, Int)] = [(tag, 2), (1, 2), (rate, 4), (8_000, 4), (1, 2), (8, 2), (0, 2)]
        return fields.flatMap { MatroskaFile.bytes($0.0, $0.1).reversed() }
    }
}

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
