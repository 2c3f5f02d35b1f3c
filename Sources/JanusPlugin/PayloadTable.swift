internal import Glibc

/// A payload type as one side knows it.
struct Payload {
    /// A hash of the codec's name and clock rate; 0 for a type that is not agreed.
    var key: UInt32 = 0
    /// A hash of the format parameters.
    var format: UInt32 = 0
    /// Units of its clock in a second.
    var clockRate: UInt32 = 0
    var codec = Codec.other
}

/// The codecs that are told apart: what is recorded, and DTMF digits.
enum Codec: UInt8 {
    case other, opus, g722, pcmu, pcma, telephoneEvent, vp8, vp9, h264, av1, h265

    init(name: String) {
        switch name {
        case "opus": self = .opus
        case "g722": self = .g722
        case "pcmu": self = .pcmu
        case "pcma": self = .pcma
        case "telephone-event": self = .telephoneEvent
        case "vp8": self = .vp8
        case "vp9": self = .vp9
        case "h264": self = .h264
        case "av1": self = .av1
        case "h265": self = .h265
        default: self = .other
        }
    }

    /// Whether it is a video codec.
    var isVideo: Bool {
        switch self {
        case .vp8, .vp9, .h264, .av1, .h265: true
        case .other, .opus, .g722, .pcmu, .pcma, .telephoneEvent: false
        }
    }

    /// Its name for a capture; nil where Janus cannot capture it.
    var captureName: StaticString? {
        switch self {
        case .opus: "opus"
        case .g722: "g722"
        case .pcmu: "pcmu"
        case .pcma: "pcma"
        case .vp8: "vp8"
        case .vp9: "vp9"
        case .h264: "h264"
        case .av1: "av1"
        case .h265: "h265"
        case .telephoneEvent, .other: nil
        }
    }
}

/// The agreed payload types of a medium: 128 entries, in memory that is never given back.
struct PayloadTable {
    static let size = 128
    private let entries: UnsafeMutablePointer<Payload>
    /// How many are agreed.
    private(set) var count = 0

    init() {
        entries = .allocate(capacity: PayloadTable.size)
        entries.initialize(repeating: Payload(), count: PayloadTable.size)
    }

    @inline(__always)
    subscript(type: UInt8) -> Payload { entries[Int(type & 0x7f)] }

    mutating func replace(with payloads: [PayloadDescription]) {
        clear()
        for payload in payloads {
            entries[Int(payload.type & 0x7f)] = payload.entry
            count = count &+ 1
        }
    }

    mutating func clear() {
        entries.update(repeating: Payload(), count: PayloadTable.size)
        count = 0
    }

    /// The type that this side has for what the other side calls `type`: the same one where it means the same here, else one of the same
    /// codec, of the same format if there is one. Nil where this side has not agreed on the codec.
    ///
    /// What the other side has not agreed on is passed as it is.
    @inline(__always)
    func type(for type: UInt8, _ payload: Payload) -> UInt8? {
        if payload.key == 0 || count == 0 || self[type].key == payload.key { return type }
        return search(payload)
    }

    private func search(_ payload: Payload) -> UInt8? {
        var found: UInt8?
        var index = 0
        while index < PayloadTable.size {
            let entry = entries[index]
            if entry.key == payload.key {
                if entry.format == payload.format { return UInt8(truncatingIfNeeded: index) }
                if found == nil { found = UInt8(truncatingIfNeeded: index) }
            }
            index = index &+ 1
        }
        return found
    }
}

/// A payload type as a request describes it.
struct PayloadDescription {
    let type: UInt8
    let codec: String
    let clockRate: UInt32
    let format: String

    var entry: Payload {
        Payload(
            key: max(PayloadDescription.hash(codec, seed: clockRate), 1), format: PayloadDescription.hash(format, seed: 0),
            clockRate: clockRate, codec: Codec(name: codec))
    }

    /// FNV-1a.
    private static func hash(_ text: String, seed: UInt32) -> UInt32 {
        text.utf8.reduce(2_166_136_261 ^ seed) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
}
