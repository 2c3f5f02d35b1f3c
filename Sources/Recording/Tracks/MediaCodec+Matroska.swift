/// How Matroska names the codecs, and what it has to know of each (RFC 9559 section 5.1.4, Matroska Codec Mappings).
extension MediaCodec {
    var isVideo: Bool { rate == 90_000 }

    func matroskaEntry(_ size: (width: Int, height: Int)?) -> [UInt8] {
        let type: UInt8 = isVideo ? 1 : 2
        let head = MatroskaFile.element([0x83], [type]) + MatroskaFile.element([0x86], Array(matroskaName.utf8))
        guard !isVideo else {
            let size = size ?? (640, 480)
            let picture = MatroskaFile.element([0xb0], MatroskaFile.bytes(UInt64(size.width), 2))
                + MatroskaFile.element([0xba], MatroskaFile.bytes(UInt64(size.height), 2))
            return head + MatroskaFile.element([0xe0], picture)
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
