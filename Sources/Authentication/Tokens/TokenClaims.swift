internal import JWTKit

/// The claims of a token (RFC 7519 section 4), of whatever kind: what they must be is checked by ``TokenVerifier``, at a
/// time that the caller gives.
struct TokenClaims: JWTPayload {
    enum Value: Codable {
        case text(String)
        case number(Double)
        case list([String])
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let list = try? container.decode([String].self) {
                self = .list(list)
            } else {
                self = .other
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .number(let number): try container.encode(number)
            case .list(let list): try container.encode(list)
            case .other: try container.encodeNil()
            }
        }
    }

    let values: [String: Value]

    init(_ values: [String: Value]) {
        self.values = values
    }

    init(from decoder: any Decoder) throws {
        values = try decoder.singleValueContainer().decode([String: Value].self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }

    func verify(using algorithm: some JWTAlgorithm) async throws {}

    func text(_ name: String) -> String? {
        guard case .text(let text) = values[name] else { return nil }
        return text
    }

    /// - Returns: Nil when there is no such claim, and NaN when it is no number, which is then before and after nothing.
    func time(_ name: String) -> Double? {
        switch values[name] {
        case nil: nil
        case .number(let number): number
        default: .nan
        }
    }

    /// Claim `aud`: one or several.
    var audience: [String] {
        switch values["aud"] {
        case nil: []
        case .text(let text): [text]
        case .list(let list): list
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
