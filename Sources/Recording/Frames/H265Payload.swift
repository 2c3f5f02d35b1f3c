/// RFC 7798: NAL units whole, several in a packet (AP), or in fragments (FU). Gives a byte stream (ITU-T H.265 Annex B).
struct H265Payload: VideoPayload {
    private static let startCode: [UInt8] = [0, 0, 0, 1]

    mutating func add(_ payload: ArraySlice<UInt8>, to frame: inout VideoFrame) -> Bool {
        let head = Array(payload.prefix(3))
        guard head.count == 3 else { return false }
        switch head[0] >> 1 & 0x3f {
        case 0..<48:
            append(payload, to: &frame)
            return true
        case 48:
            var rest = payload.dropFirst(2)
            while !rest.isEmpty {
                guard let high = rest.popFirst(), let low = rest.popFirst() else { return false }
                let count = Int(high) << 8 | Int(low)
                guard count > 2, count <= rest.count else { return false }
                append(rest.prefix(count), to: &frame)
                rest = rest.dropFirst(count)
            }
            return true
        case 49:
            if head[2] & 0x80 != 0 {
                append([head[0] & 0x81 | (head[2] & 0x3f) << 1, head[1]], to: &frame)
            } else if frame.data.isEmpty {
                return false
            }
            frame.data += payload.dropFirst(3)
            return true
        default: return false
        }
    }

    private func append(_ unit: ArraySlice<UInt8>, to frame: inout VideoFrame) {
        guard let head = unit.first else { return }
        let type = head >> 1 & 0x3f
        // Pictures that decoding may begin with, and the parameters before them.
        if (16...21).contains(type) || (32...34).contains(type) { frame.isKey = true }
        if type == 33, let size = PictureSize.h265(unit) { (frame.width, frame.height) = size }
        frame.data += H265Payload.startCode + unit
    }
}
