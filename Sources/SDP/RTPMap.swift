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
