internal import Configuration
internal import Events

/// All that is known of a call, for people.
struct CallDetails {
    let text: String

    init(_ record: CallRecord) {
        var lines = ["Call \(record.id)"]
        for (name, value) in CallDetails.facts(record) {
            guard let value, !value.isEmpty else { continue }
            lines.append("  \(name)\(String(repeating: " ", count: max(1, 16 - name.count)))\(value)")
        }
        if !record.legs.isEmpty {
            lines += ["", "Called"]
            for leg in record.legs { lines += CallDetails.describe(leg, since: record.times.began) }
        }
        let media = [("caller", record.callerSide), ("callee", record.calleeSide)].flatMap { CallDetails.describe($0.0, $0.1) }
        if !media.isEmpty { lines += ["", "Media"] + media }
        text = lines.joined(separator: "\n")
    }

    private static func facts(_ record: CallRecord) -> [(String, String?)] {
        let (times, caller) = (record.times, record.caller)
        func after(_ time: Int?) -> String? { time.map { CallText.seconds($0 - times.began) } }
        let who = [caller.name.map { "\"\(shown($0))\"" }, shown(caller.user)].compactMap { $0 }.joined(separator: " ")
        return [
            ("began", PointInTime(milliseconds: times.began).text("%Y-%m-%d %H:%M:%S")),
            ("from", "\(who), \(caller.kind), proven: \(caller.source)"),
            ("  at", [caller.address, caller.userAgent].compactMap { $0.map(shown) }.joined(separator: ", ")),
            ("  Call-ID", record.callerSide.callID.map(shown)),
            ("dialled", shown(record.dialled)), ("route", record.route),
            ("went out as", record.number.map(shown)),
            ("went to", [record.trunk.map { "trunk \($0)" }, record.target.map(shown)].compactMap { $0 }.joined(separator: ", ")),
            ("  Call-ID", record.calleeSide.callID.map(shown)),
            ("rang after", after(times.rang)), ("answered after", after(times.answered)), ("media after", after(times.media)),
            ("answered by", record.answeredBy.map(shown)),
            ("lasted", record.duration.map(CallText.length)),
            ("ended", record.end.map { "\($0.status) \($0.result), by \($0.by)" } ?? "not yet"),
            ("  why", record.end.map { shown($0.why) }), ("  cause", record.end?.cause.map(shown)),
            ("line test", record.lineTest.map { "\($0.verdict): \($0.codes.joined(separator: ", "))" }),
            ("recordings", record.recordings.joined(separator: ", ")),
        ]
    }

    private static func describe(_ leg: CallRecord.Leg, since began: Int) -> [String] {
        func after(_ name: String, _ time: Int?) -> String? { time.map { "\(name) \(CallText.seconds($0 - began))" } }
        let trunk = leg.trunk.map { " by trunk \($0)" } ?? ""
        let times = [after("invited", leg.invited), after("rang", leg.rang), after("answered", leg.answered), after("ended", leg.ended)]
        let end = leg.status.map { ": \($0) \(leg.reason.map(shown) ?? "")" } ?? ""
        return ["  \(leg.kind) \(shown(leg.target))\(trunk)", "    \(times.compactMap { $0 }.joined(separator: ", "))\(end)"]
            + (leg.callID.map { ["    Call-ID \(shown($0))"] } ?? [])
    }

    private static func describe(_ name: String, _ side: CallRecord.Side) -> [String] {
        [("audio", side.audio), ("video", side.video)].flatMap { kind, medium -> [String] in
            guard let medium else { return [] }
            let mos = kind == "audio" ? side.mos.map { ", MOS \(CallText.tenths($0))" } ?? "" : ""
            return [
                "  \(name) \(kind) \(medium.codec ?? "")\(medium.from.map { " from \($0)" } ?? "")\(mos)",
                "    received \(describe(medium.received)); sent \(describe(medium.sent))",
            ]
        }
    }

    private static func describe(_ flow: CallRecord.Flow) -> String {
        [
            "\(flow.packets)", flow.lost.map { "\($0) lost" }, flow.jitter.map { "jitter \($0) ms" }, flow.roundTrip.map { "round trip \($0) ms" },
        ].compactMap { $0 }.joined(separator: ", ")
    }

    private static func shown(_ text: String) -> String { ConfigurationText.shown(text) }
}
