internal import COpenSSL
import Foundation

/// Makes JSON Web Tokens by hand, right ones and wrong ones.
public struct TokenSigner: Sendable {
    public var secret = "a secret that is long enough for HS256"
    public var privateKey: PrivateKey

    public init() throws { privateKey = try PrivateKey() }

    /// What ES256 tokens are verified with.
    public var publicKey: String { privateKey.publicPEM }

    /// - Parameters:
    ///   - algorithm: What the signature is made with; none for anything else than HS256 and ES256.
    ///   - header: By default the one for the algorithm.
    public func token(_ claims: String, algorithm: String = "HS256", header: String? = nil) throws -> String {
        let text = Self.base64URL((header ?? #"{"alg":"\#(algorithm)","typ":"JWT"}"#).utf8) + "." + Self.base64URL(claims.utf8)
        let signature = switch algorithm {
        case "HS256": Self.code(of: Array(text.utf8), secret: Array(secret.utf8))
        case "ES256": try privateKey.signature(of: Array(text.utf8))
        default: [UInt8]()
        }
        return text + "." + Self.base64URL(signature)
    }

    public static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? "" : String($0) }.joined()
    }

    /// HMAC with SHA-256.
    private static func code(of bytes: [UInt8], secret: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        HMAC(EVP_sha256(), secret, Int32(secret.count), bytes, bytes.count, &code, nil)
        return code
    }
}

/// A new private key, and what is made with it.
public final class PrivateKey: @unchecked Sendable {
    public struct Failure: Error {}

    private let key: OpaquePointer

    /// - Parameter curve: As OpenSSL calls it, `P-256` or `P-384`; nil makes a key for RSA.
    public init(curve: String? = "P-256") throws {
        var key: OpaquePointer?
        guard let context = EVP_PKEY_CTX_new_id(curve == nil ? EVP_PKEY_RSA : EVP_PKEY_EC, nil) else { throw Failure() }
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_keygen_init(context) == 1, curve.map({ EVP_PKEY_CTX_set_group_name(context, $0) == 1 }) ?? true,
            EVP_PKEY_generate(context, &key) == 1, let key
        else { throw Failure() }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    /// `-----BEGIN PUBLIC KEY-----`
    public var publicPEM: String { pem { PEM_write_bio_PUBKEY($0, key) } }
    /// `-----BEGIN PRIVATE KEY-----`
    public var privatePEM: String { pem { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) } }

    /// ECDSA with SHA-256: r and s, each as long as the curve's numbers.
    public func signature(of bytes: [UInt8]) throws -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw Failure() }
        defer { EVP_MD_CTX_free(context) }
        var encoded = [UInt8](repeating: 0, count: Int(EVP_PKEY_get_size(key))), count = encoded.count
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &encoded, &count, bytes, bytes.count) == 1
        else { throw Failure() }
        let pair = encoded.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_ECDSA_SIG(nil, &start, count)
        }
        guard let pair else { throw Failure() }
        defer { ECDSA_SIG_free(pair) }
        let length = (Int(EVP_PKEY_get_bits(key)) + 7) / 8
        return [ECDSA_SIG_get0_r(pair), ECDSA_SIG_get0_s(pair)].flatMap { number in
            var bytes = [UInt8](repeating: 0, count: length)
            BN_bn2binpad(number, &bytes, Int32(length))
            return bytes
        }
    }

    private func pem(_ write: (OpaquePointer?) -> Int32) -> String {
        guard let bio = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(bio) }
        _ = write(bio)
        var text: UnsafeMutablePointer<CChar>?
        let length = tern_bio_text(bio, &text)
        return String(decoding: UnsafeRawBufferPointer(start: text, count: length), as: UTF8.self)
    }
}
