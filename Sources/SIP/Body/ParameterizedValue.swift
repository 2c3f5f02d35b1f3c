internal import SIPNames

/// A header field's value with parameters: `multipart/mixed;boundary="a b"`, `signal;handling=optional` (RFC 3261 section 25.1).
struct ParameterizedValue: Equatable {
    /// Before the first semicolon, in lower case.
    let value: String
    /// By their names in lower case, without quotes. Of several with one name the first counts.
    private(set) var parameters: [String: String] = [:]

    /// More parameters are not read.
    private static let mostParameters = 16

    init(_ text: String) {
        var parts = QuotedText.split(text[...], at: ";")[...]
        value = QuotedText.trimmed(parts.popFirst() ?? "").lowercased()
        for part in parts.prefix(ParameterizedValue.mostParameters) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = QuotedText.trimmed(pair.first ?? "").lowercased()
            guard !name.isEmpty, parameters[name] == nil else { continue }
            parameters[name] = NameAddress.unquoted(QuotedText.trimmed(pair.count == 2 ? pair[1] : ""))
        }
    }
}
