public import JSON

/// What `tern top` shows of a gateway: rates, trunks, and calls, those with the worst MOS first.
public struct TopScreen {
    private let overview: JSONValue
    private let width: Int
    /// Share of one processor, 0 to 1 for each; nil where it is not known yet.
    private let load: Double?

    /// - Parameters:
    ///   - overview: What `get_overview` answers.
    ///   - former: The answer before, which the use of the processor is counted from.
    public init(_ overview: JSONValue, former: JSONValue? = nil, width: Int) {
        self.overview = overview
        self.width = max(40, width)
        func number(_ json: JSONValue?, _ name: String) -> Double? { json?[name]?.doubleValue }
        if let now = number(overview, "time"), let before = number(former, "time"), now > before, let used = number(overview, "cpu_seconds"),
            let usedBefore = number(former, "cpu_seconds")
        {
            load = max(0, used - usedBefore) / (now - before)
        } else {
            load = nil
        }
    }

    /// The picture, a line an element.
    ///
    /// - Parameter height: Lines at most; calls that find no room are counted.
    public func lines(height: Int) -> [String] {
        var lines = heading + trunks + ["", row(["CALLER", "DIALLED", "STATE", "FOR", "MOS", "LOSS", "JITTER", "TRUNK"])]
        let calls = sorted
        let count = max(overview["calls"]?["count"]?.intValue ?? 0, calls.count)
        let room = max(0, height - lines.count)
        // The last line says how many more there are.
        let shown = calls.prefix(count > room ? max(0, room - 1) : room)
        lines += shown.map(row)
        if count > shown.count { lines.append("and \(count - shown.count) more") }
        return lines.prefix(max(1, height)).map { String(LogText.plain($0).prefix(width)) }
    }

    private func integer(_ path: String...) -> Int {
        path.reduce(Optional(overview)) { $0?[$1] }?.intValue ?? 0
    }

    private var heading: [String] {
        var first = ["tern \(overview["version"]?.stringValue ?? "")", "up \(TopScreen.time(integer("uptime")))"]
        if let load { first.append("CPU \(TopScreen.rounded(load * 100, 10)) %") }
        first.append("memory \(integer("memory") >> 20) MB")
        if overview["draining"]?.boolValue == true { first.append("DRAINING") }
        let minute = "\(integer("rates", "last_minute", "started")) started, \(integer("rates", "last_minute", "answered")) answered, "
            + "\(integer("rates", "last_minute", "failed")) failed"
        let worst = sorted.compactMap { mos($0) }.first.map { "worst MOS \(TopScreen.rounded($0, 10))" } ?? "no MOS yet"
        let lines = [
            first.joined(separator: "  "),
            "calls \(integer("calls", "count")) (\(integer("calls", "answered")) answered)  last minute: \(minute)  \(worst)",
            "registrations \(integer("registrations", "count"))  clients \(integer("clients", "count"))  "
                + "sessions \(integer("limits", "sessions", "used")) of \(integer("limits", "sessions", "of"))",
        ]
        return lines + overload + (overview["obstacles"]?.arrayValue ?? []).compactMap(\.stringValue).map { "! \($0)" }
    }

    /// What is refused because of the load; empty where nothing is.
    private var overload: [String] {
        let load = overview["load"]
        guard let limit = load?["limit"]?.intValue else { return [] }
        return ["! overload: \(limit) new calls/s taken of \(integer("load", "demand")), \(integer("load", "refused_last_minute")) refused in the last minute"]
    }

    private var trunks: [String] {
        let trunks = overview["trunks"]?["list"]?.arrayValue ?? []
        guard !trunks.isEmpty else { return [] }
        let rows = trunks.map { trunk in
            let most = trunk["maximum_calls"]?.intValue.map { " of \($0)" } ?? ""
            return trunkRow(trunk["name"]?.stringValue ?? "", "\(trunk["calls"]?.intValue ?? 0)\(most)", trunk["state"]?.stringValue ?? "")
        }
        return ["", trunkRow("TRUNK", "CALLS", "STATE")] + rows
    }

    private func trunkRow(_ name: String, _ calls: String, _ state: String) -> String { "\(name.column(20)) \(calls.column(12)) \(state)" }

    // MARK: Calls

    private func mos(_ call: JSONValue) -> Double? { call["quality"]?["mos"]?.doubleValue }

    private var sorted: [JSONValue] {
        (overview["calls"]?["list"]?.arrayValue ?? []).sorted { one, other in
            let (first, second) = (mos(one) ?? .infinity, mos(other) ?? .infinity)
            return first == second ? (one["age"]?.doubleValue ?? 0) > (other["age"]?.doubleValue ?? 0) : first < second
        }
    }

    private func row(_ call: JSONValue) -> String {
        let quality = call["quality"]
        let percent = quality?["loss"]?.doubleValue.map { "\(TopScreen.rounded($0 * 100, 10)) %" }
        let age = call["answered_for"]?.doubleValue ?? call["age"]?.doubleValue ?? 0
        return row([
            call["caller"]?.stringValue ?? "", call["dialled"]?.stringValue ?? "", call["state"]?.stringValue ?? "",
            TopScreen.time(Int(min(max(0, age), 1e9))), mos(call).map { TopScreen.rounded($0, 10) } ?? "-", percent ?? "-",
            quality?["jitter"]?.intValue.map { "\($0) ms" } ?? "-", call["trunk"]?.stringValue ?? "",
        ])
    }

    private func row(_ cells: [String]) -> String {
        // Names get what the others leave.
        let names = max(10, min(28, (width - 48) / 2))
        return zip(cells, [names, names, 10, 8, 4, 7, 7, 12]).map { $0.column($1) }.joined(separator: " ")
    }

    /// `0:12`, `1:02:03`.
    private static func time(_ seconds: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
    }

    private static func rounded(_ value: Double, _ parts: Double) -> String { value.isFinite ? "\((value * parts).rounded() / parts)" : "-" }
}

extension String {
    /// Cut or filled up to a width.
    fileprivate func column(_ width: Int) -> String { count > width ? prefix(width - 1) + "…" : self + String(repeating: " ", count: width - count) }
}
