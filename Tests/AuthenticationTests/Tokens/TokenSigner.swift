import Crypto
import Foundation

/// Makes tokens by hand, right ones and wrong ones.
struct TokenSigner {
    var secret = "a secret that is long enough for HS256"
    var privateKey = P256.Signing.PrivateKey()

    var publicKey: String { privateKey.publicKey.pemRepresentation }

    /// - Parameters:
    ///   - algorithm: What the signature is made with.
    ///   - header: By default the one for the algorithm.
    func token(_ claims: String, algorithm: String = "HS256", header: String? = nil) throws -> String {
        let text = Self.base64URL(Data((header ?? #"{"alg":"\#(algorithm)","typ":"JWT"}"#).utf8)) + "." + Self.base64URL(Data(claims.utf8))
        let signature: Data = switch algorithm {
        case "HS256": Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: Data(secret.utf8))))
        case "ES256": try privateKey.signature(for: Data(text.utf8)).rawRepresentation
        default: Data()
        }
        return text + "." + Self.base64URL(signature)
    }

    static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? "" : String($0) }.joined()
    }
}
