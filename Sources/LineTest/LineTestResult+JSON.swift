public import JSON
internal import RTP

extension LineTestResult {
    /// The result as the API writes it: what was not measured is `null`.
    public var json: JSONValue {
        let verdicts = verdicts
        return [
            "id": .string(id), "session_id": .string(session), "began": .integer(began), "duration": .integer(duration),
            "caller": .string(caller), "dialled": .of(dialled), "browser": .bool(isBrowser),
            "set_up": [
                "ringing": .of(setUp.ringing), "prack": .of(setUp.pracked), "answered": .of(setUp.answered), "ack": .of(setUp.acknowledged),
                "media_up": .of(setUp.mediaUp), "first_rtp": .of(setUp.firstPacket),
            ],
            "browser_stats": browser?.json ?? .null,
            "addresses": [
                "sip": .of(addresses.sip), "contact": .of(addresses.contact), "via": .of(addresses.via), "signalled": .of(addresses.signalled),
                "local": .of(addresses.local), "source": .of(addresses.source), "rtcp_source": .of(addresses.rtcpSource),
            ],
            "codec": codec?.json(received) ?? .null, "received": receivedJSON, "sent": sentJSON, "audio": audio?.json ?? .null,
            "quality": ["received": receivedQuality?.json ?? .null, "sent": sentQuality?.json ?? .null],
            "dtmf": [
                "count": .integer(digitCount), "doubled": .integer(doubledDigits), "last": .array(digits.map(\.json)),
            ],
            "verdict": .string(verdicts.first?.severity.rawValue ?? "good"), "verdicts": .array(verdicts.map(\.json)),
        ]
    }

    /// What a list of tests says of it.
    public var summary: JSONValue {
        [
            "id": .string(id), "began": .integer(began), "duration": .integer(duration), "caller": .string(caller), "browser": .bool(isBrowser),
            "codec": codec.map { ["name": .string($0.name)] } ?? .null, "mos": .of(receivedQuality?.score, 2),
            "verdict": .string(verdicts.first?.severity.rawValue ?? "good"), "verdicts": .array(verdicts.prefix(1).map(\.json)),
        ]
    }

    private var receivedJSON: JSONValue {
        [
            "packets": .of(received.packets), "bytes": .integer(bytes), "expected": .of(received.expected), "lost": .of(received.lost),
            "late": .of(received.late), "duplicates": .of(received.duplicates), "reordered": .of(received.reordered),
            "bursts": [
                "count": .of(received.bursts), "packets": .of(received.burstPackets),
                "lost": .of(received.burstLosses &- min(received.burstLate, received.burstLosses)), "late": .of(received.burstLate),
                "longest": .of(received.longestBurst), "ratio": .of(received.burstRatio),
            ],
            "jitter": ["mean": .of(received.jitterMean), "p95": .of(received.jitter95), "max": .of(received.jitterMaximum)],
            "largest_gap": .of(received.largestGap), "ssrc_changes": .of(received.sourceChanges),
            "sequence_jumps": .of(received.sequenceJumps), "timestamp_jumps": .of(received.timestampJumps),
            "rtcp_packets": .integer(rtcpPackets), "dropped": .integer(dropped), "srtp_rejected": .integer(rejected), "dscp": .of(marking),
        ]
    }

    private var sentJSON: JSONValue {
        [
            "packets": .integer(sent.packets), "bytes": .integer(sent.bytes), "lost": .of(sent.lost), "jitter": .of(sent.jitter),
            "round_trip": .of(sent.roundTrip), "unreachable": .bool(isUnreachable), "voip_metrics": sent.metrics ?? .null,
        ]
    }
}

extension LineTestResult.Codec {
    fileprivate func json(_ received: StreamFigures) -> JSONValue {
        [
            "name": .string(name), "payload_type": .integer(payloadType), "encrypted": .bool(isEncrypted), "telephone_event": .bool(takesEvents),
            "packet_time": ["agreed": .of(packetTime), "seen": .of(received.packetTime)],
            "clock_skew": .of(received.clockSkew), "clock_skew_error": .of(received.clockSkewError),
            "comfort_noise": .of(received.comfortNoise), "silences": .of(received.silences),
            "payload_types": .array(received.payloadTypes.map {
                ["type": .integer(Int($0.type)), "packets": .of($0.packets), "agreed": .bool($0.isAgreed)]
            }),
        ]
    }
}

extension AudioFigures {
    fileprivate var json: JSONValue {
        [
            "level": .of(level), "active_level": .of(activeLevel), "loudest_second": .of(loudestSecond), "peak": .of(peak),
            "clipping": .of(clipping, 6), "silence": .of(silence, 4), "dc_offset": .of(offset, 6), "seconds": .of(seconds),
        ]
    }
}

extension LineQuality {
    var json: JSONValue {
        [
            "model": .string(band.rawValue), "assumed": .bool(isAssumed), "r": .of(rating), "mos": .of(score, 2), "ie": .of(impairment), "bpl": .of(robustness), "burst_r": .of(burstRatio, 3),
            "loss": .of(loss, 5), "delay": .of(delay),
        ]
    }
}

extension DigitLog.Entry {
    fileprivate var json: JSONValue {
        [
            "digit": .string(String(digit)), "method": .string(method.rawValue), "time": .integer(time), "duration": .integer(duration),
            "level": .of(level),
        ]
    }
}

extension LineVerdict {
    public var json: JSONValue {
        [
            "severity": .string(severity.rawValue), "code": .string(code.rawValue), "evidence": .string(evidence), "remedy": .string(remedy),
        ]
    }
}

extension JSONValue {
    fileprivate static func of(_ value: Int?) -> JSONValue { value.map(JSONValue.integer) ?? .null }
    fileprivate static func of(_ value: UInt64) -> JSONValue { .integer(Int(clamping: value)) }
    fileprivate static func of(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }

    /// Rounded to that many digits behind the point.
    fileprivate static func of(_ value: Double?, _ digits: Int = 1) -> JSONValue {
        guard let value, value.isFinite, abs(value) < 1e12 else { return .null }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        return .real((value * scale).rounded() / scale)
    }
}
