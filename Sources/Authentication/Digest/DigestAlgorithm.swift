internal import Cryptography

/// A hash of digest authentication (RFC 7616 section 3.2, RFC 8760 section 2).
public enum DigestAlgorithm: String, Sendable, Hashable, CaseIterable {
    case sha256 = "SHA-256"
    case md5 = "MD5"

    /// From best to worst, as they are offered and chosen.
    public static let byStrength: [DigestAlgorithm] = [.sha256, .md5]

    /// The algorithm of a parameter's value, in any case, and whether it is the variant for a session.
    static func named(_ text: String) -> (algorithm: DigestAlgorithm, isSession: Bool)? {
        let name = text.uppercased()
        let isSession = name.hasSuffix("-SESS")
        return DigestAlgorithm(rawValue: isSession ? String(name.dropLast(5)) : name).map { ($0, isSession) }
    }

    func name(isSession: Bool) -> String { isSession ? rawValue + "-sess" : rawValue }

    private var function: HashFunction {
        switch self {
        case .sha256: .sha256
        case .md5: .md5
        }
    }

    /// Characters of a hash in hexadecimal digits.
    var hexLength: Int { 2 * function.length }

    /// The hash of `text` in lower-case hexadecimal digits.
    func hash(_ text: String) -> String { Hexadecimal.text(function.hash(Array(text.utf8))) }

    /// HA1 without a session: the hash of `user:realm:password` (RFC 7616 section 3.4.2).
    func ha1(user: String, realm: String, password: Secret) -> Secret {
        Secret(hash("\(user):\(realm):\(password.value)"))
    }
}

/// The proof of digest authentication (RFC 7616 section 3.4.1), for both roles.
struct DigestResponse {
    let algorithm: DigestAlgorithm
    /// Whether it is `MD5-sess` or `SHA-256-sess`.
    var isSession = false
    let ha1: Secret
    let nonce: String
    let protection: DigestCredentials.Protection?
    let method: String
    let uri: String

    /// In lower-case hexadecimal digits.
    var text: String {
        let ha2 = algorithm.hash("\(method):\(uri)")
        guard let protection else { return algorithm.hash("\(secret):\(nonce):\(ha2)") }
        return algorithm.hash(
            "\(secret):\(nonce):\(protection.count):\(protection.clientNonce):\(protection.quality):\(ha2)")
    }

    private var secret: String {
        guard isSession else { return ha1.value }
        return algorithm.hash("\(ha1.value):\(nonce):\(protection?.clientNonce ?? "")")
    }
}

/// Bytes as hexadecimal digits and back.
enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".unicodeScalars)

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(text)
    }

    /// - Returns: Nil when it is something else than pairs of digits, of either case.
    static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for byte in text.utf8 {
            guard let digit = value(byte) else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return high == nil ? bytes : nil
    }

    static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
