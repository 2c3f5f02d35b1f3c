/// A `sip:` or `sips:` URI (RFC 3261 section 19.1.1) as it was written, and its parts.
///
/// Messages are taken apart by Sofia; this is for URIs that Tern's own code takes apart. Both agree on where the user ends: at the first `@`.
/// A user with an `@` of its own that should have been escaped, as in `sip:alice@example.org@proxy`, is read all the same where no `;` or `?`
/// stands between the two; no `@` behind these ever makes a host.
public struct SIPURI: Sendable, Hashable, CustomStringConvertible {
    /// As it was written.
    public let text: String
    public let isSecure: Bool
    /// Without password, its escapes decoded, but for those of control characters; nil where there is none.
    public let user: String?
    /// User and password in the form by which they are compared: only what needs escapes has them (RFC 3261 section 19.1.4).
    let userinfo: String?
    /// A name in lower case or a numeric address in its shortest form, without brackets.
    public let host: String
    /// 1 to 65535; nil where there is none.
    public let port: Int?
    /// Names and values in lower case; an absent value is empty. Where one is named twice, the first counts.
    public let parameters: [String: String]
    /// Names in lower case, with their values, in the order of both.
    public let headers: [String]
    /// Whether it follows the grammar in all parts (RFC 3261 section 25.1): escapes, parameters and headers are complete, a user is not empty.
    public let isWellFormed: Bool

    /// The same without headers, for a Request-URI: there they would become header fields (RFC 3261 section 19.1.5).
    public let target: String
    /// The scheme in lower case, user, host and port as they were written: for a To header.
    public let plain: String

    public var description: String { text }

    /// Parameter `transport`, in lower case.
    public var transport: String? { parameters["transport"].flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether requests to it go by TLS (RFC 3261 sections 19.1.1 and 26.2.2).
    public var needsTLS: Bool { isSecure || transport == "tls" }

    /// The host where it is a numeric address.
    public var address: IPAddress? { IPAddress(host) }

    /// The host as a URI has it: IPv6 in brackets.
    public var uriHost: String { host.contains(":") ? "[\(host)]" : host }

    /// Whether both name the same place by RFC 3261 section 19.1.4.
    ///
    /// What one leaves out is not what the other spells out as a default: `sip:a@b` is neither `sip:a@b:5060` nor
    /// `sip:a@b;transport=udp`. Parameters that only one has are ignored, but for those that change where it leads.
    public func matches(_ other: SIPURI) -> Bool {
        guard isSecure == other.isSecure, userinfo == other.userinfo, host == other.host, port == other.port, headers == other.headers
        else { return false }
        for (name, value) in parameters {
            if let counterpart = other.parameters[name] {
                if counterpart != value { return false }
            } else if SIPURI.telling.contains(name) {
                return false
            }
        }
        return SIPURI.telling.allSatisfy { other.parameters[$0] == nil || parameters[$0] != nil }
    }

    private static let telling: Set<String> = ["transport", "user", "ttl", "method", "maddr"]

    // MARK: Escapes

    /// `user` as the user part of a URI, which it stays whatever a peer dialled (RFC 3261 section 25.1).
    ///
    /// - Parameter user: Without escapes: a `%` is one. If escapes were taken as they are, `%2530` would pass the rules as
    ///   `%30` and leave as `0`.
    public static func escaped(user: String) -> String {
        var result: [UInt8] = []
        for byte in user.utf8 {
            if isUnreserved(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), hexadecimal(byte >> 4), hexadecimal(byte & 15)]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// What stands in a user part as it is.
    public static func isUnreserved(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "-_.!~*'()+".utf8.contains(byte)
    }

    /// Percent escapes of a URI part decoded; what is no valid escape, or would be a control character, stays as it is.
    public static func unescaped(_ text: some StringProtocol) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap(digit)
            if byte == UInt8(ascii: "%"), digits.count == 2, let high = digits.first, let low = digits.last, !isControl(high << 4 | low) {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    static func hexadecimal(_ digit: UInt8) -> UInt8 { digit < 10 ? 0x30 + digit : 0x41 + digit - 10 }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    // MARK: Reading

    /// Longest URI that is read, in bytes.
    public static let longestText = 1_024

    /// Reads a URI without angle brackets. What is merely odd is read as far as it can be, see ``isWellFormed``.
    ///
    /// - Returns: Nil for another scheme, a host or port that is none, characters that no URI has, and more than ``longestText`` bytes.
    public init?(_ text: String) {
        guard text.utf8.count <= SIPURI.longestText, text.utf8.allSatisfy(SIPURI.isAllowed), let pieces = Pieces(text),
            let place = SIPURI.place(pieces.hostAndPort)
        else { return nil }
        self.text = text
        isSecure = pieces.isSecure
        (host, port) = place
        let user = pieces.userinfo.map { SIPURI.unescaped($0.prefix { $0 != ":" }) }
        self.user = user?.isEmpty == true ? nil : user
        var isExact = pieces.userinfo?.isEmpty != true
        userinfo = pieces.userinfo.flatMap { $0.isEmpty ? nil : SIPURI.normalised($0, &isExact) }
        parameters = SIPURI.parameters(pieces.parameters, &isExact)
        headers = SIPURI.headers(pieces.headers, &isExact)
        isWellFormed = isExact
        target = String(text[..<pieces.headers.startIndex])
        plain = (isSecure ? "sips:" : "sip:") + text[pieces.start..<pieces.parameters.startIndex]
    }
}

/// The number of a `tel:` URI (RFC 3966), without its parameters.
public struct TelURI: Sendable, Hashable {
    public let number: String

    /// Nil for another scheme, and without a number.
    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), text[..<colon].lowercased() == "tel" else { return nil }
        number = String(text[text.index(after: colon)...].prefix { $0 != ";" })
        if number.isEmpty { return nil }
    }
}
