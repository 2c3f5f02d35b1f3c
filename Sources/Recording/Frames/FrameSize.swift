/// The size of video frames, as the parameters before them say.
enum FrameSize {
    private static let largest = 16_384

    private static func checked(_ width: Int, _ height: Int) -> (width: Int, height: Int)? {
        (1...largest).contains(width) && (1...largest).contains(height) ? (width, height) : nil
    }

    /// Of a sequence parameter set of H.264 (ITU-T H.264 section 7.3.2.1.1), its header included.
    static func h264(_ unit: ArraySlice<UInt8>) -> (width: Int, height: Int)? {
        var reader = BitReader(unit: unit.dropFirst())
        guard let profile = reader.bits(8), reader.skip(16) != nil, reader.number() != nil else { return nil }
        var chroma = 1
        if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(profile) {
            guard let format = reader.number() else { return nil }
            chroma = format
            if format == 3, reader.bit() == nil { return nil }
            guard reader.number() != nil, reader.number() != nil, reader.bit() != nil, let hasLists = reader.flag() else { return nil }
            if hasLists {
                for list in 0..<(format == 3 ? 12 : 8) {
                    guard let isThere = reader.flag(), !isThere || skipList(list < 6 ? 16 : 64, &reader) else { return nil }
                }
            }
        }
        guard reader.number() != nil, let order = reader.number() else { return nil }
        if order == 0 {
            guard reader.number() != nil else { return nil }
        } else if order == 1 {
            guard reader.bit() != nil, reader.signed() != nil, reader.signed() != nil, let count = reader.number(), count <= 255 else { return nil }
            for _ in 0..<count { if reader.signed() == nil { return nil } }
        }
        guard reader.number() != nil, reader.bit() != nil, let width = reader.number(), let height = reader.number(),
            let isProgressive = reader.bit(), isProgressive == 1 || reader.bit() != nil, reader.bit() != nil, let isCropped = reader.flag(),
            width < largest, height < largest
        else { return nil }
        let crop = isCropped ? window(&reader) : (0, 0)
        guard let crop else { return nil }
        let unitWidth = chroma == 1 || chroma == 2 ? 2 : 1, unitHeight = (chroma == 1 ? 2 : 1) * (2 - isProgressive)
        return checked((width + 1) * 16 - crop.0 * unitWidth, (height + 1) * 16 * (2 - isProgressive) - crop.1 * unitHeight)
    }

    private static func skipList(_ count: Int, _ reader: inout BitReader) -> Bool {
        var last = 8, next = 8
        for _ in 0..<count {
            if next != 0 {
                guard let delta = reader.signed() else { return false }
                next = (last &+ delta) & 0xff
            }
            last = next == 0 ? last : next
        }
        return true
    }

    /// What is cut off: at both sides together, above and below together.
    private static func window(_ reader: inout BitReader) -> (Int, Int)? {
        guard let left = reader.number(), let right = reader.number(), let top = reader.number(), let bottom = reader.number(),
            max(left, right, top, bottom) < largest
        else { return nil }
        return (left + right, top + bottom)
    }

    /// Of a sequence parameter set of H.265 (ITU-T H.265 section 7.3.2.2.1), its header included.
    static func h265(_ unit: ArraySlice<UInt8>) -> (width: Int, height: Int)? {
        var reader = BitReader(unit: unit.dropFirst(2))
        guard reader.skip(4) != nil, let layers = reader.bits(3), reader.skip(1 + 96) != nil else { return nil }
        var present: [(profile: Bool, level: Bool)] = []
        for _ in 0..<layers {
            guard let profile = reader.flag(), let level = reader.flag() else { return nil }
            present.append((profile, level))
        }
        if layers > 0, reader.skip(2 * (8 - layers)) == nil { return nil }
        for layer in present where reader.skip((layer.profile ? 88 : 0) + (layer.level ? 8 : 0)) == nil { return nil }
        guard reader.number() != nil, let chroma = reader.number(), chroma != 3 || reader.bit() != nil, let width = reader.number(),
            let height = reader.number(), width <= largest, height <= largest, let isCropped = reader.flag()
        else { return nil }
        let crop = isCropped ? window(&reader) : (0, 0)
        guard let crop else { return nil }
        return checked(width - crop.0 * (chroma == 1 || chroma == 2 ? 2 : 1), height - crop.1 * (chroma == 1 ? 2 : 1))
    }

    /// Of a sequence header of AV1 (AV1 specification section 5.5.1), as browsers write it: without a timing of its own.
    static func av1(_ payload: ArraySlice<UInt8>) -> (width: Int, height: Int)? {
        var reader = BitReader(payload)
        guard reader.skip(4) != nil, let isReduced = reader.flag() else { return nil }
        if isReduced {
            guard reader.skip(5) != nil else { return nil }
        } else {
            guard let hasTiming = reader.flag(), !hasTiming, let hasDelay = reader.flag(), let count = reader.bits(5) else { return nil }
            for _ in 0...count {
                guard reader.skip(12) != nil, let level = reader.bits(5), level <= 7 || reader.bit() != nil else { return nil }
                if hasDelay {
                    guard let isThere = reader.flag(), !isThere || reader.skip(4) != nil else { return nil }
                }
            }
        }
        guard let widthBits = reader.bits(4), let heightBits = reader.bits(4), let width = reader.bits(widthBits + 1),
            let height = reader.bits(heightBits + 1)
        else { return nil }
        return checked(width + 1, height + 1)
    }

    /// Of the uncompressed header of a keyframe of VP9 (VP9 specification section 6.2), profile 0.
    static func vp9(_ data: ArraySlice<UInt8>) -> (width: Int, height: Int)? {
        var reader = BitReader(data.prefix(16))
        // Marker, profile 0, no repetition, a keyframe; then its own start code.
        guard reader.bits(2) == 2, reader.bits(2) == 0, reader.bit() == 0, reader.bit() == 0, reader.skip(2) != nil,
            reader.bits(24) == 0x498342, let space = reader.bits(3), space != 7, reader.skip(1) != nil, let width = reader.bits(16),
            let height = reader.bits(16)
        else { return nil }
        return checked(width + 1, height + 1)
    }
}

/// Reads numbers of any width, and those of H.264 and H.265 that say their own (ITU-T H.264 section 9.1).
struct BitReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// What a NAL unit has in it, without the bytes that keep start codes out of it (ITU-T H.264 section 7.4.1).
    init(unit: ArraySlice<UInt8>) {
        var bytes: [UInt8] = [], zeros = 0
        for byte in unit {
            if zeros >= 2, byte == 3 {
                zeros = 0
                continue
            }
            zeros = byte == 0 ? zeros + 1 : 0
            bytes.append(byte)
        }
        self.bytes = bytes
    }

    mutating func bit() -> Int? {
        guard position < bytes.count * 8 else { return nil }
        defer { position += 1 }
        return Int(bytes[position / 8] >> (7 - UInt8(position % 8)) & 1)
    }

    mutating func flag() -> Bool? { bit().map { $0 == 1 } }

    /// - Parameter count: 32 at most.
    mutating func bits(_ count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let bit = bit() else { return nil }
            value = value << 1 | bit
        }
        return value
    }

    mutating func skip(_ count: Int) -> Void? {
        guard count <= bytes.count * 8 - position else { return nil }
        position += count
        return ()
    }

    /// `ue(v)`.
    mutating func number() -> Int? {
        var zeros = 0
        while let bit = bit(), bit == 0 {
            zeros += 1
            guard zeros <= 31 else { return nil }
        }
        return bits(zeros).map { (1 << zeros) - 1 + $0 }
    }

    /// `se(v)`.
    mutating func signed() -> Int? { number().map { $0 & 1 == 1 ? ($0 + 1) / 2 : -$0 / 2 } }
}
