/// RFC 7741: a descriptor before each part of a frame.
struct VP8Payload: VideoPayload {
    mutating func add(_ payload: ArraySlice<UInt8>, to frame: inout VideoFrame) -> Bool {
        guard let first = payload.first else { return false }
        var rest = payload.dropFirst()
        if first & 0x80 != 0 {
            guard let extensions = rest.popFirst() else { return false }
            if extensions & 0x80 != 0, let picture = rest.popFirst(), picture & 0x80 != 0 { rest = rest.dropFirst() }
            if extensions & 0x40 != 0 { rest = rest.dropFirst() }
            if extensions & 0x30 != 0 { rest = rest.dropFirst() }
        }
        let begins = first & 0x10 != 0 && first & 0x07 == 0
        guard begins || !frame.data.isEmpty else { return false }
        if begins, frame.data.isEmpty { read(rest, into: &frame) }
        frame.data += rest
        return true
    }

    /// RFC 6386 section 9.1: a key frame's first bytes have its size.
    private func read(_ data: ArraySlice<UInt8>, into frame: inout VideoFrame) {
        guard let tag = data.first, tag & 1 == 0 else { return }
        frame.isKey = true
        let start = data.startIndex
        guard data.count >= 10, data[start + 3] == 0x9d, data[start + 4] == 0x01, data[start + 5] == 0x2a else { return }
        frame.width = (Int(data[start + 7]) << 8 | Int(data[start + 6])) & 0x3fff
        frame.height = (Int(data[start + 9]) << 8 | Int(data[start + 8])) & 0x3fff
    }
}
