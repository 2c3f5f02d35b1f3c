internal import CSofiaSIP
internal import EventLoop
internal import Glibc

/// Values of the header fields that we write. What the core hands in may stem from a peer: nothing in it can end the
/// field, or begin another one.
enum HeaderText {
    /// One line: control characters become spaces.
    static func line(_ text: String, limit: Int = SofiaText.longestField) -> String {
        String(decoding: text.utf8.prefix(limit).map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
    }

    /// A quoted-string (RFC 3261 section 25.1).
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in line(text).unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }

    /// The user part of a URI, escaped as RFC 3261 section 25.1 asks (`user`).
    static func user(_ text: String) -> String {
        var result = ""
        for byte in text.utf8.prefix(256) {
            if isUnescapedInUser(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = Array("0123456789ABCDEF")
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return result
    }

    /// A text as the value of a header in a URI (RFC 3261 section 19.1.1): all but letters and digits is escaped.
    static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }

    private static func isUnescapedInUser(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "-_.!~*'()&=+$,;?/".utf8.contains(byte)
        }
    }

    /// `"Alice" <sip:alice@example.com>`.
    static func party(displayName: String?, uri: String) -> String {
        guard let displayName, !displayName.isEmpty else { return "<\(uri)>" }
        return "\(quoted(displayName)) <\(uri)>"
    }

    /// RFC 3326 section 2.
    static func reason(_ reason: SIPReason) -> String {
        var result = isToken(reason.protocolName) ? reason.protocolName : "SIP"
        if let cause = reason.cause { result += ";cause=\(cause)" }
        if let text = reason.text { result += ";text=\(quoted(text))" }
        return result
    }

    /// RFC 3261 section 20.43; 399 is a miscellaneous warning.
    static func warning(_ text: String, agent: String) -> String {
        "399 \(agent) \(quoted(text))"
    }

    /// RFC 3261 section 25.1, `token`.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64 && text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default:
                "-.!%*_+`'~".utf8.contains(byte)
            }
        }
    }
}

/// Reason phrases that live for ever: Sofia keeps the pointer until the transaction is over, and does not say when.
@LoopActor
enum SofiaPhrases {
    /// More phrases than this are not kept: what comes then gets the standard phrase of its status.
    private static let most = 256
    private static var kept: [String: UnsafePointer<CChar>] = [:]

    /// `phrase`, or RFC 3261's own for `status`.
    static func pointer(_ phrase: String?, status: Int) -> UnsafePointer<CChar>? {
        guard let phrase, !phrase.isEmpty else { return standard(status) }
        let line = HeaderText.line(phrase, limit: 96)
        if let known = kept[line] { return known }
        guard kept.count < most, let copy = strdup(line) else { return standard(status) }
        let pointer = UnsafePointer(copy)
        kept[line] = pointer
        return pointer
    }

    /// The standard phrase of `status`; empty where it has none.
    static func text(status: Int) -> String { SofiaText.field(standard(status), limit: 96) }

    /// Sofia's own table, in its constant data.
    private static func standard(_ status: Int) -> UnsafePointer<CChar>? {
        sip_status_phrase(Int32(clamping: status))
    }
}
