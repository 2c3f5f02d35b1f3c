/// Decodes a codec of which a byte is a sample of 8,000 a second.
public enum SpeechDecoder: Sendable {
    case g711(G711)
    case g722(G722.Decoder)

    /// The next sample, and whether it is one of the two furthest from zero that the codec has.
    @inline(__always)
    public mutating func sample(_ code: UInt8) -> (value: Int16, isExtreme: Bool) {
        switch self {
        case .g711(let law): return (law.sample(code), law.isExtreme(code))
        case .g722(var decoder):
            let value = decoder.sample(code)
            self = .g722(decoder)
            return (value, value.magnitude >= G722.largest.magnitude)
        }
    }
}

/// Encodes samples, 8,000 a second, in such a codec.
public enum SpeechEncoder: Sendable {
    case g711(G711)
    case g722(G722.Encoder)

    public mutating func code(_ sample: Int16) -> UInt8 {
        switch self {
        case .g711(let law): return law.code(sample)
        case .g722(var encoder):
            let code = encoder.code(sample)
            self = .g722(encoder)
            return code
        }
    }
}
