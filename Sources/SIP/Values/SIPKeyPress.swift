/// A key of a telephone, as INFO carries it.
public struct SIPKeyPress: Hashable, Sendable {
    /// The two forms of it, by their content type.
    public enum Form: String, Hashable, Sendable {
        /// `Signal=5` and `Duration=160`, a line each.
        case relay = "application/dtmf-relay"
        /// The key alone.
        case plain = "application/dtmf"
    }

    /// One of `0` to `9`, `A` to `D`, `*`, `#`, or `!` for a hook flash.
    public var key: Character
    /// In milliseconds; nil where it was not said.
    public var duration: Int?

    /// Milliseconds of a key of which nothing else is said.
    public static let usualDuration = 100
    /// Milliseconds of the longest key.
    static let longest = 10_000
    /// Bytes of the longest body that is looked at.
    static let longestBody = 1_024

    public init(key: Character, duration: Int? = nil) {
        self.key = key
        self.duration = duration
    }
}

extension SIPKeyPress {
    /// Reads either form, whichever was announced: phones mix them. Nil where it names no key.
    init?(body: String) {
        guard body.utf8.count <= SIPKeyPress.longestBody else { return nil }
        var key: Character?
        var duration: Int?
        for line in body.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(SIPKeyPress.trimmed)
            switch (parts.first?.lowercased(), parts.count) {
            case ("signal", 2):
                guard key == nil, let read = SIPKeyPress.key(parts[1]) else { return nil }
                key = read
            case ("duration", 2):
                // The digit counts, however long it is said to be.
                duration = SIPKeyPress.milliseconds(parts[1]) ?? SIPKeyPress.usualDuration
            case (let text?, 1) where !text.isEmpty && key == nil:
                guard let read = SIPKeyPress.key(text) else { return nil }
                key = read
            default: break
            }
        }
        guard let key else { return nil }
        self.init(key: key, duration: duration)
    }

    /// 10 to 16 are the events of RFC 4733, section 3.2.
    private static func key(_ text: String) -> Character? {
        let keys: [Character] = Array("0123456789*#ABCD!")
        if let number = Int(text), text.utf8.count <= 2 { return keys.indices.contains(number) ? keys[number] : nil }
        guard let key = text.uppercased().first, text.utf8.count == 1 else { return nil }
        return keys.contains(key) ? key : nil
    }

    /// Nil for what is no number of milliseconds.
    private static func milliseconds(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
        return min(Int(text) ?? longest, longest)
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
