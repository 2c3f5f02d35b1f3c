/// What a payload type stands for: `a=rtpmap` (RFC 8866, section 6.6).
public struct RTPMap: Sendable, Hashable {
    /// 0 to 127.
    public var payloadType: UInt8
    /// As sent; names are compared without regard to case.
    public var encoding: String
    /// In Hz, from 1000 on: real-time text has the slowest clock (RFC 4103, section 3).
    public var clockRate: UInt32
    /// The number of channels for audio, as sent; absent means one.
    public var parameters: String?

    public init(payloadType: UInt8, encoding: String, clockRate: UInt32, parameters: String? = nil) {
        self.payloadType = payloadType
        self.encoding = encoding
        self.clockRate = clockRate
        self.parameters = parameters
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let type = reader.number(UInt8.self), type < 128, let name = reader.next(), reader.next() == nil else { return nil }
        guard let (first, rest) = name.split(at: UInt8(ascii: "/")), let encoding = first.token(1 ... 64) else { return nil }
        let (clock, parameters) = rest.split(at: UInt8(ascii: "/")).map { ($0, String($1)) } ?? (rest, nil)
        guard let rate = UInt32(digits: clock), 1_000 ... 0x7FFF_FFFF ~= rate else { return nil }
        self.init(payloadType: type, encoding: encoding, clockRate: rate, parameters: parameters)
    }

    var value: String { "\(payloadType) \(encoding)/\(clockRate)" + (parameters.map { "/\($0)" } ?? "") }

    /// The meaning of a payload type that needs no `a=rtpmap` (RFC 3551, section 6); nil for all others.
    public static func wellKnown(_ payloadType: UInt8) -> RTPMap? {
        let (encoding, rate): (String, UInt32)
        switch payloadType {
        case 0: (encoding, rate) = ("PCMU", 8000)
        case 3: (encoding, rate) = ("GSM", 8000)
        case 4: (encoding, rate) = ("G723", 8000)
        case 8: (encoding, rate) = ("PCMA", 8000)
        case 9: (encoding, rate) = ("G722", 8000)
        case 13: (encoding, rate) = ("CN", 8000)
        case 15: (encoding, rate) = ("G728", 8000)
        case 18: (encoding, rate) = ("G729", 8000)
        case 26: (encoding, rate) = ("JPEG", 90000)
        case 31: (encoding, rate) = ("H261", 90000)
        case 34: (encoding, rate) = ("H263", 90000)
        default: return nil
        }
        return RTPMap(payloadType: payloadType, encoding: encoding, clockRate: rate)
    }
}

/// The parameters of one format: `a=fmtp` (RFC 8866, section 6.15).
public struct FormatParameters: Sendable, Hashable {
    /// The format as in the `m=` line; a payload type for RTP.
    public var format: String
    /// As sent: each codec has a syntax of its own, most `name=value;name=value`.
    public var text: String

    public init(format: String, text: String) {
        self.format = format
        self.text = text
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let format = reader.next() else { return nil }
        self.init(format: String(format), text: String(reader.remainder()))
        // The one parameter that names another payload type (RFC 4588, section 8.1).
        if let apt = self["apt"], UInt8(digits: apt).map({ $0 < 128 }) != true { return nil }
    }

    var value: String { text.isEmpty ? format : "\(format) \(text)" }

    /// The value of a parameter of the form `name=value`, its name without regard to case.
    public subscript(name: String) -> String? {
        for pair in text.utf8.split(separator: UInt8(ascii: ";")) {
            guard let (key, value) = Substring(pair).split(at: UInt8(ascii: "=")) else { continue }
            if key.trimmingSpaces().lowercased() == name.lowercased() { return String(value.trimmingSpaces()) }
        }
        return nil
    }
}

/// A kind of RTCP feedback that can be sent: `a=rtcp-fb` (RFC 4585, section 4.2).
public struct RTCPFeedback: Sendable, Hashable {
    /// A payload type, or `*` for all.
    public var format: String
    /// `nack`, `nack pli`, `ccm fir`, …
    public var feedback: String

    public init(format: String, feedback: String) {
        self.format = format
        self.feedback = feedback
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let format = reader.next(), format == "*" || UInt8(digits: format).map({ $0 < 128 }) == true else { return nil }
        let feedback = reader.remainder()
        guard !feedback.isEmpty else { return nil }
        self.init(format: String(format), feedback: String(feedback))
    }

    var value: String { "\(format) \(feedback)" }
}

/// An RTP header extension: `a=extmap` (RFC 8285, section 5).
public struct HeaderExtension: Sendable, Hashable {
    /// 1 to 255 on the wire; 4096 to 4351 while there are more offers than numbers.
    public var id: UInt16
    public var direction: Direction?
    public var uri: String
    /// What follows the URI, as sent.
    public var attributes: String

    public init(id: UInt16, direction: Direction? = nil, uri: String, attributes: String = "") {
        self.id = id
        self.direction = direction
        self.uri = uri
        self.attributes = attributes
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let entry = reader.next(), let uri = reader.next() else { return nil }
        let (number, name) = entry.split(at: UInt8(ascii: "/")) ?? (entry, "")
        guard let id = UInt16(digits: number), 1 ... 255 ~= id || 4_096 ... 4_351 ~= id else { return nil }
        let direction = Direction(rawValue: String(name.lowercasedIfNeeded))
        guard name.isEmpty || direction != nil else { return nil }
        self.init(id: id, direction: direction, uri: String(uri), attributes: String(reader.remainder()))
    }

    var value: String {
        "\(id)" + (direction.map { "/\($0.rawValue)" } ?? "") + " \(uri)" + (attributes.isEmpty ? "" : " \(attributes)")
    }
}
