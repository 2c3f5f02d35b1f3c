internal import RTP

// Verdicts on the audio, the DTMF digits, and on what was agreed.

extension LineTestResult {
    /// dBov.
    private static let leastLevel = -40.0
    /// Shares.
    private static let clippingLimit = 0.001, offsetLimit = 0.03, silenceLimit = 0.99
    /// Share of packets of a payload type that is no accident.
    private static let foreignLimit = 0.005

    var audioVerdicts: [LineVerdict] {
        var found: [LineVerdict] = []
        if let audio, audio.silence > LineTestResult.silenceLimit {
            found.append(LineVerdict(
                .warning, .silent, "RTP comes, but the audio in it is silence (\(LineText.number(audio.level)) dBov).",
                "The microphone is muted, or a device on the way sends packets without audio."))
        } else if let audio, let level = audio.activeLevel, level < LineTestResult.leastLevel {
            found.append(LineVerdict(
                .warning, .level, "The audio is too quiet: \(LineText.number(level)) dBov while somebody speaks.", "Raise the gain of the caller; speech is at -20 to -30 dBov."))
        }
        if let audio, audio.clipping > LineTestResult.clippingLimit {
            found.append(LineVerdict(
                .warning, .clipping, "The audio is clipped: \(LineText.percent(audio.clipping)) of all samples.", "Lower the gain of the caller."))
        }
        if let audio, abs(audio.offset) > LineTestResult.offsetLimit {
            found.append(LineVerdict(
                .notice, .offset, "The audio has a DC offset of \(LineText.percent(abs(audio.offset))).", "An analogue input on the way is faulty."))
        }
        if doubledDigits > 0 {
            found.append(LineVerdict(
                .warning, .doubledDigits, "\(doubledDigits) of \(digitCount) DTMF digits came by two methods at once.",
                "Use one method: with RFC 4733, switch INFO and in-band tones off, else a menu takes each digit twice."))
        }
        let inBand = digits.count { $0.method == .inBand }
        if inBand > 0, codec?.takesEvents == true, doubledDigits == 0 {
            found.append(LineVerdict(
                .warning, .inBandDigits, "\(inBand) DTMF digits came as tones, although RFC 4733 was agreed.",
                "Set the caller to RFC 4733: tones do not survive every codec, and a menu that waits for events takes none."))
        }
        return found
    }

    var agreementVerdicts: [LineVerdict] {
        var found: [LineVerdict] = []
        let packets = max(Double(received.packets), 1)
        let foreign = received.payloadTypes.filter {
            !$0.isAgreed && $0.type != StreamMeter.comfortNoise && Double($0.packets) / packets > LineTestResult.foreignLimit
        }
        if let codec, !foreign.isEmpty {
            let types = foreign.map { "\($0.type) (\($0.packets) packets)" }.joined(separator: ", ")
            found.append(LineVerdict(
                .warning, .codec, "Payload types came that were not agreed: \(types). Agreed was \(codec.name) as \(codec.payloadType).",
                "The caller ignores the SDP answer, or a device on the way changes the codec."))
        }
        if let agreed = codec?.packetTime, let seen = received.packetTime, agreed != seen {
            found.append(LineVerdict(
                .notice, .packetTime, "Packets have \(seen) ms of audio; \(agreed) ms was agreed.",
                "Some devices play other packet times wrongly: set the caller's ptime."))
        }
        return found
    }
}
