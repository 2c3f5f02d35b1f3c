extension UInt8 {
    /// Whether this is one of 0-9 in ASCII.
    var isDigit: Bool { UInt8(ascii: "0") ... UInt8(ascii: "9") ~= self }

    /// Whether this is one of a-z, A-Z in ASCII.
    var isLetter: Bool { UInt8(ascii: "a") ... UInt8(ascii: "z") ~= self | 0x20 }

    /// Whether this is one of 0-9, a-f, A-F in ASCII.
    var isHexDigit: Bool { isDigit || UInt8(ascii: "a") ... UInt8(ascii: "f") ~= self | 0x20 }

    /// Whether this may be in a token (RFC 8866, section 9: token-char).
    var isTokenCharacter: Bool {
        switch self {
        case 0x21, 0x23 ... 0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x30 ... 0x39, 0x41 ... 0x5A, 0x5E ... 0x7E: true
        default: false
        }
    }

    /// Whether this is ASCII that shows: no space, no control character.
    var isVisible: Bool { 0x21 ... 0x7E ~= self }
}

extension Substring {
    /// A token of that many bytes (RFC 8866, section 9); nil for anything else. Spaces around it do no harm.
    func token(_ length: ClosedRange<Int>) -> String? { word(length, of: \.isTokenCharacter) }

    /// A word of that many bytes, all of which fulfil `condition`; nil for anything else. Spaces around it do no harm.
    func word(_ length: ClosedRange<Int>, of condition: (UInt8) -> Bool) -> String? {
        let word = trimmingSpaces()
        guard length ~= word.utf8.count, word.utf8.allSatisfy(condition) else { return nil }
        return String(word)
    }

    /// Whether this is `word`, in any case.
    func isSame(as word: StaticString) -> Bool {
        guard utf8.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { expected in
            zip(utf8, expected).allSatisfy { $0 == $1 || ($0.isLetter && $0 | 0x20 == $1 | 0x20) }
        }
    }

    /// This in lower case; the same memory where it is so already.
    var lowercasedIfNeeded: Substring {
        utf8.contains { UInt8(ascii: "A") ... UInt8(ascii: "Z") ~= $0 } ? Substring(lowercased()) : self
    }
}
