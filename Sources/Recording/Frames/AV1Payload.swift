/// RTP Payload Format For AV1 (v1.0.0, section 4): OBUs without their sizes, which may go on in the next packet. Gives OBUs with them.
struct AV1Payload: VideoPayload {
    /// What has come of an OBU that goes on.
    private var open: [UInt8] = []

    mutating func begin() { open = [] }

    mutating func add(_ payload: ArraySlice<UInt8>, to frame: inout VideoFrame) -> Bool {
        guard let head = payload.first else { return false }
        var rest = payload.dropFirst()
        let count = Int(head >> 4 & 3)
        var number = 0
        // The first one goes on with what was open, and with nothing else.
        guard head & 0x80 != 0 ? !open.isEmpty : open.isEmpty else { return false }
        while !rest.isEmpty {
            number += 1
            var length = rest.count
            if count == 0 || number < count {
                guard let own = AV1Payload.length(&rest), own <= rest.count else { return false }
                length = own
            }
            guard open.count + length <= FrameAssembly.limit else { return false }
            open += rest.prefix(length)
            rest = rest.dropFirst(length)
            if rest.isEmpty, head & 0x40 != 0 { return true }
            guard close(&frame) else { return false }
        }
        return true
    }

    private mutating func close(_ frame: inout VideoFrame) -> Bool {
        let unit = open
        open = []
        guard let head = unit.first else { return true }
        var content = unit.dropFirst(head & 0x04 != 0 ? 2 : 1)
        if head & 0x02 != 0 {
            guard let own = AV1Payload.length(&content), own <= content.count else { return false }
            content = content.prefix(own)
        }
        switch head >> 3 & 0x0f {
        case 2, 8, 15: return true
        case 1:
            frame.isKey = true
            if let size = PictureSize.av1(content) { (frame.width, frame.height) = size }
        default: break
        }
        frame.data += [head | 0x02] + (head & 0x04 != 0 ? unit.dropFirst().prefix(1) : []) + AV1Payload.bytes(content.count) + content
        return true
    }

    /// `leb128()` (AV1 specification section 4.10.5).
    private static func length(_ rest: inout ArraySlice<UInt8>) -> Int? {
        var value = 0
        for position in 0..<4 {
            guard let byte = rest.popFirst() else { return nil }
            value |= Int(byte & 0x7f) << (7 * position)
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    private static func bytes(_ length: Int) -> [UInt8] {
        var rest = length, bytes: [UInt8] = []
        repeat {
            bytes.append(UInt8(rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return bytes
    }
}
