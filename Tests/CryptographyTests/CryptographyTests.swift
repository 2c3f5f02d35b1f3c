import COpenSSL
import Cryptography
import Foundation
import TestCertificates
import Testing

@Suite("Cryptography")
struct CryptographyTests {
    private func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

    @Test("hashes are those of RFC 1321 and FIPS 180-4")
    func hashes() {
        #expect(hex(HashFunction.md5.hash([])) == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(hex(HashFunction.md5.hash(Array("message digest".utf8))) == "f96b697d7cb7938d525a2f31aaf161d0")
        #expect(hex(HashFunction.sha256.hash([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(hex(HashFunction.sha256.hash(Array("abc".utf8))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test("authentication codes are those of RFC 4231, with keys that are shorter and longer than a block")
    func codes() {
        for (key, text, code) in [
            ([UInt8](repeating: 0x0b, count: 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (Array("Jefe".utf8), "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            ([UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
             "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
            ([], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
        ] {
            #expect(hex(HashFunction.sha256.authenticationCode(of: Array(text.utf8), key: key)) == code)
        }
    }

    @Test("what is sealed is opened with the same secret, purpose and context, and not when a bit of it is changed")
    func cipher() throws {
        let secret = Array("0123456789abcdef".utf8), cipher = AuthenticatedCipher(secret: secret, purpose: "a")
        for text in ["", "a", String(repeating: "z", count: 5_000)] {
            let sealed = try #require(cipher.seal(Array(text.utf8), context: Array("alice".utf8)))
            #expect(sealed.count == text.utf8.count + 28)
            #expect(cipher.open(sealed, context: Array("alice".utf8)) == Array(text.utf8))
            #expect(cipher.open(sealed, context: Array("bob".utf8)) == nil)
            #expect(AuthenticatedCipher(secret: secret, purpose: "b").open(sealed, context: Array("alice".utf8)) == nil)
            #expect(AuthenticatedCipher(secret: secret + [1], purpose: "a").open(sealed, context: Array("alice".utf8)) == nil)
            for index in Set([0, 12, sealed.count / 2, sealed.count - 1]) where sealed.indices.contains(index) {
                var changed = sealed
                changed[index] ^= 1
                #expect(cipher.open(changed, context: Array("alice".utf8)) == nil, "byte \(index) of \(sealed.count)")
            }
            #expect(cipher.open(Array(sealed.dropLast()), context: Array("alice".utf8)) == nil)
            #expect(cipher.seal(Array(text.utf8), context: Array("alice".utf8)) != sealed, "a nonce is used once")
        }
        for short in [[], [1], [UInt8](repeating: 0, count: 27), [UInt8](repeating: 0, count: 28)] { #expect(cipher.open(short, context: []) == nil) }
    }

    @Test("equal is what has the same length and the same bytes")
    func comparison() {
        #expect(ConstantTime.areEqual([], []))
        #expect(ConstantTime.areEqual([1, 2, 3], [1, 2, 3]))
        for other in [[], [1, 2], [1, 2, 4], [0, 2, 3], [1, 2, 3, 0]] as [[UInt8]] { #expect(!ConstantTime.areEqual([1, 2, 3], other)) }
    }

    @Test("a signature is of one message, by one key")
    func signatures() throws {
        let key = try PrivateKey(), message = Array("message".utf8)
        let publicKey = try #require(P256PublicKey(pem: key.publicPEM))
        // Some have numbers that are short.
        for _ in 0..<100 { #expect(publicKey.verify(try key.signature(of: message), of: message)) }
        let signature = try key.signature(of: message)
        #expect(!publicKey.verify(signature, of: message + [0]))
        #expect(!publicKey.verify(try PrivateKey().signature(of: message), of: message))
        #expect(!publicKey.verify(try PrivateKey(curve: "P-384").signature(of: message), of: message))
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1
            #expect(!publicKey.verify(changed, of: message))
        }
        for wrong in [[], Array(signature.dropLast()), signature + [0], Array(signature.suffix(32) + signature.prefix(32))] {
            #expect(!publicKey.verify(wrong, of: message))
        }
    }

    @Test("numbers that every message would have are no signature: zero, the order of the curve, the greatest")
    func degenerate() throws {
        let publicKey = try #require(P256PublicKey(pem: PrivateKey().publicPEM))
        let zero = [UInt8](repeating: 0, count: 32), one = Array(zero.dropLast()) + [1], greatest = [UInt8](repeating: 0xff, count: 32)
        let order: [UInt8] = [
            0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
        ]
        for first in [zero, one, order, greatest] {
            for second in [zero, one, order, greatest] { #expect(!publicKey.verify(first + second, of: [1])) }
        }
    }

    @Test("a key is one on P-256, and nothing asks the terminal for a passphrase")
    func keys() throws {
        let key = try PrivateKey()
        let encrypted = key.publicPEM.replacingOccurrences(
            of: "-----BEGIN PUBLIC KEY-----\n",
            with: "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n")
        for text in [
            "", "\0", key.privatePEM, encrypted, String(key.publicPEM.dropLast(40)), try PrivateKey(curve: "P-384").publicPEM,
            try PrivateKey(curve: "secp256k1").publicPEM, try PrivateKey(curve: nil).publicPEM,
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ] {
            #expect(P256PublicKey(pem: text) == nil, "\(text)")
        }
        #expect(P256PublicKey(pem: "# of the portal\n" + key.publicPEM + "\n") != nil)
    }

    /// SSL_get_error() takes what it finds there for an error of its own connection.
    @Test("what is refused leaves nothing in OpenSSL's queue of errors")
    func queue() throws {
        ERR_clear_error()
        let publicKey = try #require(P256PublicKey(pem: PrivateKey().publicPEM))
        _ = P256PublicKey(pem: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")
        #expect(ERR_peek_error() == 0)
        _ = publicKey.verify([UInt8](repeating: 0, count: 64), of: [])
        #expect(ERR_peek_error() == 0)
    }

    @Test("one key serves many threads")
    func threads() async throws {
        let key = try PrivateKey(), message = Array("message".utf8)
        let publicKey = try #require(P256PublicKey(pem: key.publicPEM)), signature = try key.signature(of: message)
        let right = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { (0..<50).allSatisfy { _ in publicKey.verify(signature, of: message) } } }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(right)
    }
}
