internal import Events
internal import Glibc

/// A time as people write it at the command line, and read it.
struct PointInTime {
    /// Since 1970, UTC.
    let milliseconds: Int

    init(milliseconds: Int) { self.milliseconds = milliseconds }

    /// `30m`, `1h`, `2d`: so long ago; `2026-01-31`, `2026-01-31T08:00`, `2026-01-31 08:00:59`: local time. Nil for anything else.
    init?(_ text: String, now: Int = EventTime.now.milliseconds) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
        if let last = text.last, let unit = units[last], let count = Int(text.dropLast()), (0...1_000_000).contains(count) {
            milliseconds = now - count * unit * 1_000
            return
        }
        let halves = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "T" || $0 == " " }
        guard let date = PointInTime.numbers(halves[0], "-"), date.count == 3, (1970...9_999).contains(date[0]), (1...12).contains(date[1]),
            (1...31).contains(date[2])
        else { return nil }
        var time = [0, 0, 0]
        if halves.count == 2 {
            guard let given = PointInTime.numbers(halves[1], ":"), (2...3).contains(given.count), (0...23).contains(given[0]),
                given.dropFirst().allSatisfy((0...59).contains)
            else { return nil }
            time.replaceSubrange(..<given.count, with: given)
        }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (Int32(date[0] - 1_900), Int32(date[1] - 1), Int32(date[2]))
        (parts.tm_hour, parts.tm_min, parts.tm_sec, parts.tm_isdst) = (Int32(time[0]), Int32(time[1]), Int32(time[2]), -1)
        let seconds = mktime(&parts)
        guard seconds >= 0 else { return nil }
        milliseconds = seconds * 1_000
    }

    private static func numbers(_ text: Substring, _ separator: Character) -> [Int]? {
        let numbers = text.split(separator: separator, omittingEmptySubsequences: false).map { part in
            part.count <= 4 && part.allSatisfy(\.isNumber) ? Int(part) : nil
        }
        return numbers.contains(nil) ? nil : numbers.compactMap { $0 }
    }

    /// Local time.
    ///
    /// - Parameter format: As strftime(3) has it.
    func text(_ format: String) -> String {
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
