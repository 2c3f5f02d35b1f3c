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
            frame.isKeyframe = true
            if head & 0x1f == 7, let size = FrameSize.h264(unit) { (frame.width, frame.height) = size }
        }
        frame.data += H264Payload.startCode + unit
    }
}

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
        // Frames that decoding may begin with, and the parameters before them.
        if (16...21).contains(type) || (32...34).contains(type) { frame.isKeyframe = true }
        if type == 33, let size = FrameSize.h265(unit) { (frame.width, frame.height) = size }
        frame.data += H265Payload.startCode + unit
    }
}

/// RFC 7741: a descriptor before each part of a frame.
struct VP8Payload: VideoPayload {
    mutating func add(_ payload: ArraySlice<UInt8>, to frame: inout VideoFrame) -> Bool {
        guard let first = payload.first else { return false }
        var rest = payload.dropFirst()
        if first & 0x80 != 0 {
            guard let extensions = rest.popFirst() else { return false }
            if extensions & 0x80 != 0, let pictureID = rest.popFirst(), pictureID & 0x80 != 0 { rest = rest.dropFirst() }
            if extensions & 0x40 != 0 { rest = rest.dropFirst() }
            if extensions & 0x30 != 0 { rest = rest.dropFirst() }
        }
        let begins = first & 0x10 != 0 && first & 0x07 == 0
        guard begins || !frame.data.isEmpty else { return false }
        if begins, frame.data.isEmpty { read(rest, into: &frame) }
        frame.data += rest
        return true
    }

    /// RFC 6386 section 9.1: a keyframe's first bytes have its size.
    private func read(_ data: ArraySlice<UInt8>, into frame: inout VideoFrame) {
        guard let tag = data.first, tag & 1 == 0 else { return }
        frame.isKeyframe = true
        let start = data.startIndex
        guard data.count >= 10, data[start + 3] == 0x9d, data[start + 4] == 0x01, data[start + 5] == 0x2a else { return }
        frame.width = (Int(data[start + 7]) << 8 | Int(data[start + 6])) & 0x3fff
        frame.height = (Int(data[start + 9]) << 8 | Int(data[start + 8])) & 0x3fff
    }
}

/// RFC 9628, section 4.2: a descriptor before each part of a frame. One spatial layer, as browsers send to one another.
struct VP9Payload: VideoPayload {
    mutating func add(_ payload: ArraySlice<UInt8>, to frame: inout VideoFrame) -> Bool {
        guard let first = payload.first else { return false }
        var rest = payload.dropFirst()
        if first & 0x80 != 0, let pictureID = rest.popFirst(), pictureID & 0x80 != 0 { rest = rest.dropFirst() }
        let isFlexible = first & 0x10 != 0
        if first & 0x20 != 0 { rest = rest.dropFirst(isFlexible ? 1 : 2) }
        if isFlexible, first & 0x40 != 0 { while let reference = rest.popFirst(), reference & 1 != 0 {} }
        let begins = first & 0x08 != 0
        if begins, frame.data.isEmpty { frame.isKeyframe = first & 0x40 == 0 }
        if first & 0x02 != 0, !structure(&rest, &frame) { return false }
        guard begins || !frame.data.isEmpty else { return false }
        if frame.isKeyframe, frame.data.isEmpty, frame.width == nil, let size = FrameSize.vp9(rest) { (frame.width, frame.height) = size }
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
            frame.isKeyframe = true
            if let size = FrameSize.av1(content) { (frame.width, frame.height) = size }
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
