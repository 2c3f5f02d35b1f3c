/// RFC 6184: NAL units whole, several in a packet (STAP-A), or in fragments (FU-A). Gives an Annex B byte stream.
struct H264Payload: VideoPayload {
    private static let startCode: [UInt8] = [0, 0, 0, 1]

    mutating func add(_ payload: ArraySlice<UInt8>, to frame: inout VideoFrame) -> Bool {
        guard let head = payload.first else { return false }
        switch head & 0x1f {
        case 1...23:
            append(payload, to: &frame)
            return true
        case 24:
            var rest = payload.dropFirst()
            while !rest.isEmpty {
                guard let high = rest.popFirst(), let low = rest.popFirst() else { return false }
                let count = Int(high) << 8 | Int(low)
                guard count > 0, count <= rest.count else { return false }
                append(rest.prefix(count), to: &frame)
                rest = rest.dropFirst(count)
            }
            return true
        case 28:
            guard let indicator = payload.dropFirst().first else { return false }
            let fragment = payload.dropFirst(2)
            if indicator & 0x80 != 0 {
                append([head & 0xe0 | indicator & 0x1f], to: &frame)
            } else if frame.data.isEmpty {
                return false
            }
            frame.data += fragment
            return true
        default: return false
        }
    }

    private func append(_ unit: ArraySlice<UInt8>, to frame: inout VideoFrame) {
        if let head = unit.first, head & 0x1f == 5 || head & 0x1f == 7 {
            frame.isKey = true
            if head & 0x1f == 7, let size = PictureSize.h264(unit) { (frame.width, frame.height) = size }
        }
        frame.data += H264Payload.startCode + unit
    }
}
