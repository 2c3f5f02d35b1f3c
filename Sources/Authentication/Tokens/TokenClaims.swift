internal import JSON

/// The claims of a token (RFC 7519 section 4), of whatever kind: what they must be is checked by ``TokenVerifier``, at a
/// time that the caller gives.
struct TokenClaims {
    private let values: [String: JSONValue]

    /// Nil for what is no JSON object.
    init?(_ bytes: [UInt8]) {
        // An identifier of 64 bits without a sign is a claim like another.
        guard case .object(let values) = try? JSONValue(parsing: bytes, limits: TokenVerifier.limits, integersAsReals: true) else { return nil }
        self.values = values
    }

    func text(_ name: String) -> String? {
        guard case .string(let text) = values[name] else { return nil }
        return text
    }

    /// - Returns: Nil when there is no such claim, and NaN when it is no number, which is then before and after nothing.
    func time(_ name: String) -> Double? {
        switch values[name] {
        case nil: nil
        case .real(let number): number
        default: .nan
        }
    }

    /// Claim `aud`: one or several.
    var audience: [String] {
        switch values["aud"] {
        case nil: []
        case .string(let text): [text]
        case .array(let list): list.map { if case .string(let text) = $0 { text } else { "" } }
        default: [""]
        }
    }

    /// A text that can be shown: of a bounded length, without control characters.
    func name(_ claim: String, bytes: ClosedRange<Int>) -> String? {
        guard let text = text(claim), bytes.contains(text.utf8.count),
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else { return nil }
        return text
    }
}
