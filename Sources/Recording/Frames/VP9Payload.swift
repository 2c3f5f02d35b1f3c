/// RFC 9628, section 4.2: a descriptor before each part of a frame. One spatial layer, as browsers send to one another.
struct VP9Payload: VideoPayload {
    mutating func add(_ payload: ArraySlice<UInt8>, to frame: inout VideoFrame) -> Bool {
        guard let first = payload.first else { return false }
        var rest = payload.dropFirst()
        if first & 0x80 != 0, let picture = rest.popFirst(), picture & 0x80 != 0 { rest = rest.dropFirst() }
        let isFlexible = first & 0x10 != 0
        if first & 0x20 != 0 { rest = rest.dropFirst(isFlexible ? 1 : 2) }
        if isFlexible, first & 0x40 != 0 { while let reference = rest.popFirst(), reference & 1 != 0 {} }
        let begins = first & 0x08 != 0
        if begins, frame.data.isEmpty { frame.isKey = first & 0x40 == 0 }
        if first & 0x02 != 0, !structure(&rest, &frame) { return false }
        guard begins || !frame.data.isEmpty else { return false }
        if frame.isKey, frame.data.isEmpty, frame.width == nil, let size = PictureSize.vp9(rest) { (frame.width, frame.height) = size }
        frame.data += rest
        return true
    }

    /// The scalability structure, which has the size.
    private func structure(_ rest: inout ArraySlice<UInt8>, _ frame: inout VideoFrame) -> Bool {
        guard let head = rest.popFirst() else { return false }
        if head & 0x10 != 0 {
            for _ in 0...(head >> 5) {
                let size = Array(rest.prefix(4))
                guard size.count == 4 else { return false }
                frame.width = Int(size[0]) << 8 | Int(size[1])
                frame.height = Int(size[2]) << 8 | Int(size[3])
                rest = rest.dropFirst(4)
            }
        }
        guard head & 0x08 != 0 else { return true }
        guard let count = rest.popFirst() else { return false }
        for _ in 0..<count {
            guard let picture = rest.popFirst() else { return false }
            rest = rest.dropFirst(Int(picture >> 2 & 3))
        }
        return true
    }
}
