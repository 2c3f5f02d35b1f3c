internal import Configuration
internal import Events

/// Calls as a table of 80 columns, the latest first.
struct CallList {
    let text: String

    private static let widths = [8, 14, 14, 14, 7, 3, 13]

    init(_ records: [CallRecord]) {
        guard !records.isEmpty else {
            text = "no such calls"
            return
        }
        let rows = [["ID", "BEGAN", "FROM", "TO", "LASTED", "MOS", "RESULT"]] + records.map(CallList.row)
        text = rows.map(CallList.line).joined(separator: "\n")
    }

    private static func row(_ record: CallRecord) -> [String] {
        let result = switch record.end {
        case nil: record.times.answered == nil ? "ringing" : "talking"
        case let end? where end.result == "answered": "answered"
        case let end?: "\(end.status) \(end.result)"
        }
        let taken = record.answeredBy.flatMap { $0 == record.dialled || $0.isEmpty ? nil : "\(record.dialled)>\($0)" }
        return [
            String(record.id.prefix(8)), PointInTime(milliseconds: record.times.began).text("%m-%d %H:%M:%S"), record.caller.user, taken ?? record.dialled,
            record.duration.map(CallText.length) ?? "", record.worstMOS.map(CallText.tenths) ?? "", result,
        ]
    }

    private static func line(_ cells: [String]) -> String {
        let padded = zip(cells, widths).map { cell, width in
            let shown = ConfigurationText.shown(cell)
            let cut = shown.count > width ? shown.prefix(width - 1) + "…" : shown[...]
            return cut + String(repeating: " ", count: width - cut.count)
        }
        let line = padded.joined(separator: " ")
        return String(line.reversed().drop { $0 == " " }.reversed())
    }
}

/// Numbers of calls, for people.
enum CallText {
    /// `1:23`, `1:02:03`.
    static func length(_ milliseconds: Int) -> String {
        let seconds = milliseconds / 1_000
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60)
        return (hours > 0 ? "\(hours):\(two(minutes))" : "\(minutes)") + ":" + two(seconds % 60)
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// One digit behind the point.
    static func tenths(_ number: Double) -> String {
        let tenths = Int((min(max(number, -1_000), 1_000) * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    /// `0.123 s`.
    static func seconds(_ milliseconds: Int) -> String {
        let rest = String(abs(milliseconds) % 1_000)
        return "\(milliseconds / 1_000).\(String(repeating: "0", count: 3 - rest.count))\(rest) s"
    }
}
