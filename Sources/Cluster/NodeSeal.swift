internal import Authentication
internal import Cryptography

/// Makes what one node gives a client to keep, so that another one knows it: nobody else can read or change it, and it is the client's user's alone.
struct NodeSeal {
    /// Characters that are looked at.
    private static let longest = 16_384

    private let cipher: AuthenticatedCipher

    init(secret: Secret) { cipher = AuthenticatedCipher(secret: Array(secret.value.utf8), purpose: "tern-node-seal-1") }

    /// Hexadecimal digits; nil where it cannot be made.
    func seal(_ text: String, for user: String) -> String? {
        cipher.seal(Array(text.utf8), context: Array(user.utf8)).map(NodeCall.hexadecimal)
    }

    /// What was sealed; nil where it was not by a node with the same secret, or for another user.
    func open(_ sealed: String, of user: String) -> String? {
        guard sealed.utf8.count <= NodeSeal.longest, let bytes = NodeSeal.bytes(sealed) else { return nil }
        return cipher.open(bytes, context: Array(user.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        func value(_ digit: UInt8) -> UInt8? {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
