internal import CJanusPlugin
internal import RTP

/// Decodes the audio of a line test, to 8,000 samples a second.
enum LineDecoder {
    case speech(SpeechDecoder)
    /// libopus' decoder.
    case opus(OpaquePointer)

    /// - Returns: Nil for a codec that cannot be decoded here.
    init?(_ codec: Codec) {
        switch codec {
        case .pcmu: self = .speech(.g711(.muLaw))
        case .pcma: self = .speech(.g711(.aLaw))
        case .g722: self = .speech(.g722(G722.Decoder()))
        case .opus:
            guard let decoder = tern_opus_decoder(8_000) else { return nil }
            self = .opus(decoder)
        default: return nil
        }
    }

    /// Samples of the longest packet of Opus, 120 ms (RFC 6716 section 2.1.4).
    static let longest = 960

    /// Decodes a payload, sample by sample. What is malformed gives none.
    mutating func decode(
        _ payload: UnsafeRawPointer, length: Int, _ samples: UnsafeMutablePointer<Int16>, _ body: (Int16, Bool) -> Void
    ) {
        switch self {
        case .speech(var decoder):
            for index in 0..<length {
                let (value, isExtreme) = decoder.sample(payload.load(fromByteOffset: index, as: UInt8.self))
                body(value, isExtreme)
            }
            self = .speech(decoder)
        case .opus(let decoder):
            let count = tern_opus_decode(
                decoder, payload.assumingMemoryBound(to: UInt8.self), Int32(truncatingIfNeeded: length), samples, Int32(LineDecoder.longest))
            for index in 0..<min(max(Int(count), 0), LineDecoder.longest) { body(samples[index], samples[index].magnitude >= 32_767) }
        }
    }

    func end() { if case .opus(let decoder) = self { tern_opus_decoder_end(decoder) } }
}

/// Makes the packets of a line test's signals, of 20 ms each.
enum LineEncoder {
    case speech(SpeechEncoder)
    /// libopus' encoder.
    case opus(OpaquePointer)

    /// - Returns: Nil for a codec in which nothing can be made here.
    init?(_ codec: Codec) {
        switch codec {
        case .pcmu: self = .speech(.g711(.muLaw))
        case .pcma: self = .speech(.g711(.aLaw))
        case .g722: self = .speech(.g722(G722.Encoder()))
        case .opus:
            guard let encoder = tern_opus_encoder(48_000, 32_000) else { return nil }
            self = .opus(encoder)
        default: return nil
        }
    }

    /// Samples in a second.
    var rate: Double {
        switch self {
        case .speech: 8_000
        case .opus: 48_000
        }
    }

    /// Samples in a packet, and steps of its timestamp.
    var size: Int { Int(rate) / 50 }

    /// Samples in the longest packet, and room for its bytes.
    static let longest = 960, room = 1_400

    /// Makes the next payload.
    ///
    /// - Parameters:
    ///   - payload: ``room`` bytes.
    ///   - samples: ``longest`` samples to work with.
    /// - Returns: Its length; 0 where there is none.
    mutating func encode(
        _ generator: inout SignalGenerator, to payload: UnsafeMutableRawPointer, _ samples: UnsafeMutablePointer<Int16>
    ) -> Int {
        switch self {
        case .speech(var encoder):
            for index in 0..<size { payload.storeBytes(of: encoder.code(generator.next()), toByteOffset: index, as: UInt8.self) }
            self = .speech(encoder)
            return size
        case .opus(let encoder):
            for index in 0..<size { samples[index] = generator.next() }
            return max(0, Int(tern_opus_encode(
                encoder, samples, Int32(size), payload.assumingMemoryBound(to: UInt8.self), Int32(LineEncoder.room))))
        }
    }

    func end() { if case .opus(let encoder) = self { tern_opus_encoder_end(encoder) } }
}
