/// What a peer asks for in an INFO: a DTMF digit or a keyframe (RFC 6086 names these uses; none has an info package).
public enum SIPInfo: Hashable, Sendable {
    case digit(SIPDigit, SIPDigit.Form)
    /// The peer requests a keyframe (RFC 5168).
    case pictureFastUpdate

    /// What an INFO says.
    enum Reading: Equatable {
        case understood(SIPInfo)
        /// It is well formed, and asks for nothing that a gateway can do.
        case idle
        case malformed
        /// A body that is none of these.
        case unknown
    }

    /// Reads the body of an INFO.
    ///
    /// - Parameter contentType: In lower case, without parameters.
    static func read(contentType: String, body: String) -> Reading {
        if let form = SIPDigit.Form(rawValue: contentType) {
            return SIPDigit(body: body).map { .understood(.digit($0, form)) } ?? .malformed
        }
        guard contentType == mediaControlType else { return .unknown }
        if body.contains("picture_fast_update") { return .understood(.pictureFastUpdate) }
        return body.contains("media_control") ? .idle : .malformed
    }

    static let mediaControlType = "application/media_control+xml"

    public var contentType: String {
        switch self {
        case .digit(_, let form): form.rawValue
        case .pictureFastUpdate: SIPInfo.mediaControlType
        }
    }

    public var body: String {
        switch self {
        case .digit(let digit, .relay): "Signal=\(digit.character)\r\nDuration=\(digit.duration ?? SIPDigit.usualDuration)\r\n"
        case .digit(let digit, .plain): "\(digit.character)"
        case .pictureFastUpdate:
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<media_control><vc_primitive><to_encoder>"
                + "<picture_fast_update/></to_encoder></vc_primitive></media_control>\r\n"
        }
    }
}

/// A DTMF digit, as INFO carries it.
public struct SIPDigit: Hashable, Sendable {
    /// The two forms of it, by their content type.
    public enum Form: String, Hashable, Sendable {
        /// `Signal=5` and `Duration=160`, a line each.
        case relay = "application/dtmf-relay"
        /// The digit alone.
        case plain = "application/dtmf"
    }

    /// One of `0` to `9`, `A` to `D`, `*`, `#`, or `!` for a hook flash.
    public var character: Character
    /// In milliseconds; nil where it was not said.
    public var duration: Int?

    /// Milliseconds of a digit of which nothing else is said.
    public static let usualDuration = 100
    /// Milliseconds of the longest digit.
    static let longest = 10_000
    /// Bytes of the longest body that is looked at.
    static let longestBody = 1_024

    public init(_ character: Character, duration: Int? = nil) {
        self.character = character
        self.duration = duration
    }
}

extension SIPDigit {
    /// Reads either form, whichever was announced: phones mix them. Nil where it names no digit.
    init?(body: String) {
        guard body.utf8.count <= SIPDigit.longestBody else { return nil }
        var digit: Character?
        var duration: Int?
        for line in body.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(SIPDigit.trimmed)
            switch (parts.first?.lowercased(), parts.count) {
            case ("signal", 2):
                guard digit == nil, let read = SIPDigit.digit(parts[1]) else { return nil }
                digit = read
            case ("duration", 2):
                // The digit counts, however long it is said to be.
                duration = SIPDigit.milliseconds(parts[1]) ?? SIPDigit.usualDuration
            case (let text?, 1) where !text.isEmpty && digit == nil:
                guard let read = SIPDigit.digit(text) else { return nil }
                digit = read
            default: break
            }
        }
        guard let digit else { return nil }
        self.init(digit, duration: duration)
    }

    /// 10 to 16 are the events of RFC 4733, section 3.2.
    private static func digit(_ text: String) -> Character? {
        let digits: [Character] = Array("0123456789*#ABCD!")
        if let number = Int(text), text.utf8.count <= 2 { return digits.indices.contains(number) ? digits[number] : nil }
        guard let digit = text.uppercased().first, text.utf8.count == 1 else { return nil }
        return digits.contains(digit) ? digit : nil
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
