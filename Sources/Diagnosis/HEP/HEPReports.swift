internal import Events
internal import JSON
internal import SIPNames

/// What was counted of media, in the two forms of JSON that Homer reads.
enum HEPReports {
    /// Seconds from 1900 to 1970 (RFC 5905 section 6).
    private static let eraOffset = 2_208_988_800

    /// As an RTCP sender report (RFC 3550 section 6.4.1) about what a side sends.
    static func rtcp(_ count: MediaCount, _ time: EventTime) -> JSONValue {
        let (received, sent) = (count.received, count.sent)
        let expected = received.packets + max(0, received.lost ?? 0)
        // The share since the beginning; an RTCP report has that of its interval.
        let fraction = expected > 0 ? max(0, received.lost ?? 0) * 256 / expected : 0
        // What is not known (sequence numbers, times of reports) is left out.
        let clock = count.kind == "video" ? 90 : count.codec?.lowercased().hasPrefix("opus") == true ? 48 : 8
        return [
            "type": 200, "ssrc": .integer(Int(sent.ssrc ?? 0)), "report_count": 1,
            "sender_information": [
                "ntp_timestamp_sec": .integer(time.microseconds / 1_000_000 + eraOffset), "ntp_timestamp_usec": .integer(time.microseconds % 1_000_000),
                "packets": .integer(sent.packets), "octets": .integer(sent.bytes),
            ],
            "report_blocks": [
                [
                    "source_ssrc": .integer(Int(received.ssrc ?? 0)), "fraction_lost": .integer(min(255, fraction)), "packets_lost": .integer(received.lost ?? 0),
                    "ia_jitter": .integer((received.jitter ?? 0) * clock),
                ],
            ],
            "sdes_ssrc": .integer(Int(sent.ssrc ?? 0)), "sdes_report_count": 0, "sdes_information": [],
        ]
    }

    /// As a report of a stream's quality: times in milliseconds, `TYPE` is `PERIODIC`, and `HANGUP` at the end.
    static func quality(
        _ count: MediaCount, _ time: EventTime, correlation: String, source: SocketAddress?, destination: SocketAddress?
    ) -> JSONValue {
        let received = count.received
        let lost = max(0, received.lost ?? 0)
        let jitter = JSONValue.integer(received.jitter ?? 0)
        var members: [String: JSONValue] = [
            "CORRELATION_ID": .string(correlation), "RTP_SIP_CALL_ID": .string(correlation), "REPORT_TS": .integer(time.microseconds / 1_000_000),
            "TOTAL_PK": .integer(received.packets), "EXPECTED_PK": .integer(received.packets + lost), "PACKET_LOSS": .integer(lost),
            "TL_BYTE": .integer(received.bytes), "JITTER": jitter, "MEAN_JITTER": jitter, "DELTA": .integer(count.roundTrip ?? 0),
            "SSRC": .integer(Int(received.ssrc ?? 0)), "MEDIA": .string(count.kind), "PARTY": .string(count.side),
            "REPORT_NAME": .string("\(count.side) \(count.kind)"), "SRC_IP": .string(source?.address ?? ""), "SRC_PORT": .integer(source?.port ?? 0),
            "DST_IP": .string(destination?.address ?? ""), "DST_PORT": .integer(destination?.port ?? 0),
            "TYPE": .string(count.isFinal ? "HANGUP" : "PERIODIC"),
        ]
        if let codec = count.codec { members["CODEC_NAME"] = .string(codec) }
        if let score = count.score {
            for name in ["MOS", "MEAN_MOS", "MIN_MOS"] { members[name] = .real((score * 1_000).rounded() / 1_000) }
        }
        return .object(members)
    }
}
