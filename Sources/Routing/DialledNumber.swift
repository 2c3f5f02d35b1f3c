/// A number as people, phones and carriers write it, and as the routes are asked about it: in one way only. Else what a route
/// forbids as `00870123` would pass as `00-870-123`, and mean the same to the carrier.
public enum DialledNumber {
    /// `text` without the parameters of a number (RFC 3966 section 3; in a SIP URI RFC 3261 section 19.1.6), which could tell a carrier
    /// to route by another number, and, where it is a number, without visual separators (RFC 3966 section 5.1.1) and blanks.
    ///
    /// - Parameter isName: Whether a text is a name and stays as it is, though it may look like a number.
    public static func plain(_ text: String, isName: (String) -> Bool = { _ in false }) -> String {
        guard !isName(text) else { return text }
        let number = text.prefix { $0 != ";" }
        guard isNumber(number), !isName(String(number)) else { return String(number) }
        return String(decoding: number.utf8.filter { !separators.contains($0) }, as: UTF8.self)
    }

    private static let separators = Array("-.() ".utf8)

    /// Digits, `*`, `#` and separators, behind a `+` or none; and at least one digit.
    private static func isNumber(_ text: Substring) -> Bool {
        let bytes = text.utf8.drop { separators.contains($0) }
        let digits = bytes.first == UInt8(ascii: "+") ? bytes.dropFirst() : bytes
        return digits.contains(where: isDigit)
            && digits.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "#") || separators.contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
