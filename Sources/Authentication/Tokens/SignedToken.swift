internal import Foundation
internal import JSON

/// A token in its three parts (RFC 7515 section 3.1), of which nothing is proven yet.
struct SignedToken {
    /// `alg`: what the sender says that it is signed with.
    let algorithm: String
    /// Whether the header names parameters that must be understood (`crit`, RFC 7515 section 4.1.11). None is.
    let isCritical: Bool
    let claims: [UInt8]
    /// `kid`: which key its sender says that it is signed with; of 1 to 256 bytes, without control characters.
    let keyID: String?
    /// What the signature is of: header and claims as they were sent.
    let message: [UInt8]
    let signature: [UInt8]

    /// Everything else in the header is the sender's word and is not looked at: no key is ever taken from there.
    ///
    /// Nil for what is no token, and for a header that says a thing twice.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.bytes(parts[0]), let claims = Base64URL.bytes(parts[1]),
            let signature = Base64URL.bytes(parts[2]),
            case .object(let names) = try? JSONValue(parsing: header, limits: TokenVerifier.limits), case .string(let algorithm) = names["alg"]
        else { return nil }
        self.algorithm = algorithm
        isCritical = names["crit"] != nil
        self.claims = claims
        keyID = TokenClaims(names).name("kid", bytes: 1...256)
        message = Array("\(parts[0]).\(parts[1])".utf8)
        self.signature = signature
    }
}

/// The claims of a token (RFC 7519 section 4), of whatever kind: what they must be is checked by ``TokenVerifier``, at a
/// time that the caller gives.
struct TokenClaims {
    private let values: [String: JSONValue]

    init(_ values: [String: JSONValue]) { self.values = values }

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

/// What a token says of itself, proven or not: for the log alone.
public struct TokenLabel: Sendable, Hashable {
    /// Claim `sub`.
    public private(set) var subject: String?
    /// Parameter `kid` of the header.
    public private(set) var keyID: String?

    public init(_ text: String) {
        guard text.utf8.count <= TokenVerifier.maximumLength, let token = SignedToken(text) else { return }
        keyID = token.keyID
        subject = TokenClaims(token.claims)?.name("sub", bytes: 1...256)
    }
}

/// Base64 in either alphabet, with padding or without (RFC 4648 sections 4 and 5).
enum Base64URL {
    static func bytes(_ text: Substring) -> [UInt8]? {
        var base64 = text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : String($0) }.joined()
        while base64.hasSuffix("=") { base64.removeLast() }
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        return Data(base64Encoded: base64).map(Array.init)
    }
}
