/// Readers of single values: text in, typed value out, and a reason when it is none.
public enum ConfigurationText {
    /// Why a text is not the value that the key wants.
    struct Refusal: Error {
        let reason: String

        init(_ reason: String) {
            self.reason = reason
        }
    }

    static func trimmed(_ text: String) -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = text.drop(while: isSpace)
        return String(start.reversed().drop(while: isSpace).reversed())
    }

    /// `text` for a message: shortened, and with control characters escaped.
    public static func shown(_ text: String) -> String {
        let start = text.unicodeScalars.prefix(80).map { $0.escaped(asASCII: false) }.joined()
        return start + (text.unicodeScalars.count > 80 ? "…" : "")
    }

    public static func quoted(_ text: String) -> String { "\"\(shown(text))\"" }

    static func printable(_ text: String, in length: ClosedRange<Int>) throws(Refusal) -> String {
        guard length.contains(text.count) else {
            throw Refusal("\(length.lowerBound) to \(length.upperBound) characters are possible, not \(text.count)")
        }
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw Refusal("it has a control character")
        }
        return text
    }

    static func integer(_ text: String, in range: ClosedRange<Int>) throws(Refusal) -> Int {
        guard let number = Int(text.filter { $0 != "_" }), !text.hasPrefix("_") else {
            throw Refusal("\(quoted(text)) is not a whole number")
        }
        guard range.contains(number) else {
            throw Refusal("\(number) is not in \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    static func boolean(_ text: String) throws(Refusal) -> Bool {
        switch text.lowercased() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: throw Refusal("\(quoted(text)) is neither true nor false")
        }
    }

    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String, of type: Choice.Type
    ) throws(Refusal) -> Choice where Choice.RawValue == String {
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map(\.rawValue)
        let hint = Suggestion.hint(for: text, among: known)
        throw Refusal("\(quoted(text)) is none of \(known.joined(separator: ", "))\(hint)")
    }

    /// `20`, `1.5`, `500ms`, `30s`, `2m`, `1h`.
    static func duration(_ text: String, in range: ClosedRange<Duration>) throws(Refusal) -> Duration {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let units: [String: Double] = ["": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3_600]
        guard let value = Double(number), let unit = units[trimmed(String(text.dropFirst(number.count)))] else {
            throw Refusal("\(quoted(text)) is not a time: seconds, or 500ms, 30s, 2m, 1h")
        }
        // Bounded before the conversion, which traps on what does not fit.
        let duration = Duration.milliseconds(Int(min(value * unit * 1_000, 1e12)))
        guard range.contains(duration) else {
            throw Refusal("\(text) is not in \(shown(range.lowerBound)) to \(shown(range.upperBound))")
        }
        return duration
    }

    /// `4096`, `512K`, `256M`, `2G`: bytes, and multiples by 1,024.
    static func size(_ text: String, in range: ClosedRange<Int>) throws(Refusal) -> Int {
        let number = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["": 0, "K": 10, "M": 20, "G": 30, "T": 40]
        guard let value = Int(number), let shift = units[trimmed(String(text.dropFirst(number.count))).uppercased()] else {
            throw Refusal("\(quoted(text)) is not a size: bytes, or 512K, 256M, 2G")
        }
        let (size, overflow) = value.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow, range.contains(size) else { throw Refusal("\(shown(text)) is not in \(range.lowerBound) to \(range.upperBound) bytes") }
        return size
    }

    /// `FIRST-LAST`.
    static func ports(_ text: String, least: Int) throws(Refusal) -> ClosedRange<Int> {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { trimmed(String($0)) }
        guard parts.count == 2, let first = Int(parts[0]), let last = Int(parts[1]) else {
            throw Refusal("\(quoted(text)) is not a range of ports as in 20000-29999")
        }
        for port in [first, last] where !(1_024...65_535).contains(port) {
            throw Refusal("port \(port) is not in 1024 to 65535")
        }
        guard first <= last else { throw Refusal("the first port, \(first), is above the last, \(last)") }
        guard last - first + 1 >= least else {
            throw Refusal("\(last - first + 1) ports are too few: a call takes up to 8, and \(least) is the least")
        }
        return first...last
    }

    private static func shown(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        return seconds >= 3_600 && seconds % 3_600 == 0 ? "\(seconds / 3_600)h" : "\(seconds)s"
    }
}

extension ConfigurationText {
    /// A path, made absolute by the working directory.
    static func path(_ text: String) throws(Refusal) -> String {
        AbsolutePath.of(try printable(text, in: 1...1_024))
    }

    /// The name of a user, which is the user part of its SIP URI as well.
    static func userName(_ text: String) throws(Refusal) -> String {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(isNameByte) else {
            throw Refusal("\(quoted(text)) is not a name: 1 to 64 of letters, digits and . _ + - ~")
        }
        return text
    }

    /// Whether it can be the name of a user.
    public static func isUserName(_ text: String) -> Bool { (try? userName(text)) != nil }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "._+-~".utf8.contains(byte)
        }
    }
}
