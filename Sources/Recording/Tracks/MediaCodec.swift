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
