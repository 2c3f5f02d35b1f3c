@testable import Authentication
import Crypto
import Foundation
import Testing

@Suite("Tokens", .timeLimit(.minutes(1)))
struct TokenTests {
    private let signer = TokenSigner()
    private let now = Date(timeIntervalSince1970: 1_000_000)

    private func hs256(_ change: (inout TokenKey) -> Void = { _ in }) throws -> TokenKey {
        var key = try TokenKey(name: "hs", algorithm: .hs256, key: Secret(signer.secret))
        change(&key)
        return key
    }

    private func es256(_ change: (inout TokenKey) -> Void = { _ in }) throws -> TokenKey {
        var key = try TokenKey(name: "es", algorithm: .es256, key: Secret(signer.publicKey))
        change(&key)
        return key
    }

    private func user(_ token: String, _ keys: TokenKey...) async throws -> String {
        try await TokenVerifier(keys).verify(token, now: now).user
    }

    /// Why a verifier with these keys refuses; nil when it does not.
    private func fault(_ token: String, _ keys: TokenKey...) async -> TokenFault? {
        do throws(AuthenticationError) {
            _ = try await TokenVerifier(keys).verify(token, now: now)
            return nil
        } catch {
            guard case .token(let fault) = error else { return nil }
            return fault
        }
    }

    @Test("a token of either algorithm names its user", arguments: ["HS256", "ES256"])
    func valid(algorithm: String) async throws {
        let token = try signer.token(#"{"sub":"alice","exp":1000001,"name":"Alice Ä."}"#, algorithm: algorithm)
        let identity = try await TokenVerifier([hs256(), es256()]).verify(token, now: now)
        #expect(identity.user == "alice")
        #expect(identity.displayName == "Alice Ä.")
        #expect(identity.key.algorithm.rawValue == algorithm)
    }

    @Test("the examples of RFC 7515 are understood")
    func examples() async throws {
        let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        var secret = try TokenKey(
            name: "A.1", algorithm: .hs256,
            key: Secret("base64:AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))
        secret.userClaim = "iss"
        let first = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\(payload).dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        #expect(try await user(first, secret) == "joe")
        let point = try #require(
            Data(base64Encoded: "BH/Nzidw9sRdQYPL7m/bS3tYBzM1e+nvE7rPbjx70VRFx/FEzRu9m36HLN/tue659LNpXW6pCyStikYjKIWI5a0="))
        var pair = try TokenKey(
            name: "A.3", algorithm: .es256,
            key: Secret(try P256.Signing.PublicKey(x963Representation: point).pemRepresentation))
        pair.userClaim = "iss"
        let third = "eyJhbGciOiJFUzI1NiJ9.\(payload)."
            + "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        #expect(try await user(third, pair) == "joe")
        #expect(await fault(third, secret) == .algorithm)
    }

    @Test("a token of another key is refused, with each algorithm", arguments: ["HS256", "ES256"])
    func otherKey(algorithm: String) async throws {
        var other = TokenSigner()
        other.secret = "another secret, which is long enough too"
        let token = try other.token(#"{"sub":"alice","exp":1000001}"#, algorithm: algorithm)
        #expect(try await fault(token, hs256(), es256()) == .signature)
    }

    @Test("algorithm none, and every other that no key is for, is refused in whatever way it is written")
    func otherAlgorithm() async throws {
        let claims = #"{"sub":"alice","exp":1000001}"#
        for name in ["none", "None", "nOnE", "", "HS384", "hs256", "RS256", "ES384", "HS256 "] {
            let unsigned = try signer.token(claims, algorithm: "none", header: #"{"alg":"\#(name)"}"#)
            #expect(try await fault(unsigned, hs256(), es256()) == .algorithm, "\(name)")
            let signed = try signer.token(claims, header: #"{"alg":"\#(name)"}"#)
            #expect(try await fault(signed, hs256(), es256()) == .algorithm, "\(name)")
        }
        let unsigned = try signer.token(claims, algorithm: "none", header: #"{"alg":"HS256"}"#)
        #expect(try await fault(unsigned, hs256(), es256()) == .signature)
        #expect(try await fault(unsigned.dropLast().description, hs256()) == .signature)
    }

    @Test("a public key is not taken for a secret")
    func confusion() async throws {
        var forger = signer
        forger.secret = signer.publicKey
        let token = try forger.token(#"{"sub":"alice","exp":1000001}"#)
        #expect(try await fault(token, es256()) == .algorithm)
        #expect(try await fault(token, es256(), hs256()) == .signature)
        #expect(throws: AuthenticationError.self) { try TokenKey(name: "", algorithm: .hs256, key: Secret(signer.publicKey)) }
    }

    @Test("keys and addresses of keys in a token's header are not looked at")
    func headers() async throws {
        let other = TokenSigner()
        let header = #"{"alg":"ES256","kid":"../../etc/passwd","jku":"https://evil.example","jwk":{"kty":"EC"},"x5c":["x"]}"#
        let claims = #"{"sub":"alice","exp":1000001}"#
        #expect(try await fault(other.token(claims, algorithm: "ES256", header: header), es256()) == .signature)
        #expect(try await user(signer.token(claims, algorithm: "ES256", header: header), es256()) == "alice")
        let critical = #"{"alg":"HS256","crit":["b64"],"b64":false}"#
        #expect(try await fault(signer.token(claims, header: critical), hs256()) == .algorithm)
    }

    @Test(
        "times are kept to the second, with the clock skew added",
        arguments: [
            (#""exp":999970"#, 30, .expired), (#""exp":999971"#, 30, nil), (#""exp":999970.5"#, 30, nil), (#""exp":1000000"#, 0, .expired),
            (#""exp":1000001"#, 0, nil), (#""exp":2000000,"nbf":1000030"#, 30, nil), (#""exp":2000000,"nbf":1000031"#, 30, .notYetValid),
            (#""exp":2000000,"iat":1000030"#, 30, nil), (#""exp":2000000,"iat":1000031"#, 30, .issuedInFuture),
            (#""exp":2000000,"nbf":1000001"#, 0, .notYetValid), (#""iat":1"#, 30, .noExpiry), (#""exp":null"#, 30, .expired),
            (#""exp":"2000000""#, 30, .expired), (#""exp":2000000,"nbf":"x""#, 30, .notYetValid), (#""exp":1e300"#, 30, nil),
            (#""exp":-1e300"#, 30, .expired), (#""exp":1e999"#, 30, .expired), (#""exp":true"#, 30, .expired),
            (#""exp":2000000,"iat":[]"#, 30, .issuedInFuture),
        ] as [(String, Int, TokenFault?)])
    func times(claims: String, skew: Int, expected: TokenFault?) async throws {
        let token = try signer.token(#"{"sub":"alice",\#(claims)}"#)
        #expect(try await fault(token, hs256 { $0.clockSkew = .seconds(skew) }) == expected)
    }

    @Test("an expired token of another key is not told to be expired")
    func expiryIsKept() async throws {
        var other = TokenSigner()
        other.secret = "another secret, which is long enough too"
        #expect(try await fault(other.token(#"{"sub":"alice","exp":1}"#), hs256()) == .signature)
    }

    @Test(
        "issuer and audience must be those of the key",
        arguments: [
            (#""iss":"app","aud":"tern""#, nil), (#""iss":"app","aud":["x","tern"]"#, nil), (#""iss":"app2","aud":"tern""#, .issuer),
            (#""aud":"tern""#, .issuer), (#""iss":["app"],"aud":"tern""#, .issuer), (#""iss":"app","aud":"Tern""#, .audience),
            (#""iss":"app""#, .audience), (#""iss":"app","aud":[]"#, .audience), (#""iss":"app","aud":5"#, .audience),
            (#""iss":"app","aud":["x",["tern"]]"#, .audience),
        ] as [(String, TokenFault?)])
    func parties(claims: String, expected: TokenFault?) async throws {
        let token = try signer.token(#"{"sub":"alice","exp":2000000,\#(claims)}"#)
        let key = try hs256 {
            $0.issuer = "app"
            $0.audience = "tern"
        }
        #expect(await fault(token, key) == expected)
    }

    @Test("a key without audience takes no token that is meant for somebody")
    func audience() async throws {
        #expect(try await fault(signer.token(#"{"sub":"alice","exp":2000000,"aud":"other"}"#), hs256()) == .audience)
        #expect(try await fault(signer.token(#"{"sub":"alice","exp":2000000,"aud":[]}"#), hs256()) == nil)
    }

    @Test("of several keys with one algorithm the right one is found, and its own rules hold")
    func several() async throws {
        var other = TokenSigner()
        other.secret = "another secret, which is long enough too"
        let second = try TokenKey(name: "second", algorithm: .hs256, key: Secret(other.secret))
        let token = try other.token(#"{"sub":"alice","exp":2000000}"#)
        #expect(try await user(token, hs256(), second) == "alice")
        #expect(try await user(token, second, hs256()) == "alice")
        #expect(try await fault(token, hs256(), hs256 { $0.issuer = "x" }) == .signature)
        // The same key for two issuers.
        let issued = try signer.token(#"{"sub":"alice","exp":2000000,"iss":"b"}"#)
        #expect(try await user(issued, hs256 { $0.issuer = "a" }, hs256 { $0.issuer = "b" }) == "alice")
        #expect(await fault(token) == .algorithm)
    }

    @Test("the claim of the configuration names the user, and must be a text that can be shown")
    func userClaim() async throws {
        let key = try hs256 { $0.userClaim = "preferred_username" }
        #expect(try await user(signer.token(#"{"sub":"1","preferred_username":"bob","exp":2000000}"#), key) == "bob")
        for claims in [#""sub":"alice""#, #""preferred_username":"""#, #""preferred_username":5"#, #""preferred_username":["bob"]"#, #""preferred_username":"a\nb""#] {
            #expect(try await fault(signer.token(#"{"exp":2000000,\#(claims)}"#), key) == .subject)
        }
        let long = String(repeating: "x", count: 257)
        #expect(try await fault(signer.token(#"{"exp":2000000,"preferred_username":"\#(long)"}"#), key) == .subject)
    }

    @Test("garbage is refused")
    func garbage() async throws {
        let good = try signer.token(#"{"sub":"alice","exp":2000000}"#)
        let parts = good.split(separator: ".").map(String.init)
        for text in [
            "", ".", "..", "...", "a.b.c", "hello", "e30.e30.", good + ".x", "\(parts[0]).\(parts[1])", ".\(parts[1]).\(parts[2])",
            "\(parts[0])..\(parts[2])", "é.é.é", "\u{0}.\u{0}.\u{0}", TokenSigner.base64URL(Data("[1]".utf8)) + ".e30.x",
            String(repeating: ".", count: 8_000), try signer.token("[]"), try signer.token("{\"exp\""), try signer.token(""),
            try signer.token(String(repeating: "[", count: 4_000)), try signer.token("{}", header: String(repeating: "[", count: 2_000)),
        ] {
            #expect(try await fault(text, hs256(), es256()) != nil, "\(text.prefix(100))")
        }
        // Numbers that would not fit where a careless reader puts them.
        for number in ["1e300", "-1e300", "1e999", "18446744073709551616", "0.5"] {
            let token = try signer.token(#"{"sub":"alice","exp":2000000,"x":\#(number)}"#, header: #"{"alg":"HS256","x":\#(number)}"#)
            #expect(try await [nil, .malformed, .signature].contains(fault(token, hs256())))
        }
    }

    @Test("a changed token is refused, at whatever place it was changed")
    func changed() async throws {
        for algorithm in ["HS256", "ES256"] {
            let token = try signer.token(#"{"sub":"alice","exp":2000000}"#, algorithm: algorithm)
            let verifier = try await TokenVerifier([hs256(), es256()])
            // The last character carries bits that are not part of the signature.
            for index in token.indices.dropLast() {
                var changed = token
                changed.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
                await #expect(throws: AuthenticationError.self) { try await verifier.verify(changed, now: now) }
            }
        }
    }

    @Test("a token of a megabyte is refused without being looked at")
    func long() async throws {
        let token = try signer.token(#"{"sub":"alice","exp":2000000,"x":"\#(String(repeating: "x", count: 1 << 20))"}"#)
        let started = ContinuousClock.now
        #expect(try await fault(token, hs256()) == .tooLong)
        #expect(ContinuousClock.now - started < .milliseconds(500))
        let fitting = try signer.token(#"{"sub":"alice","exp":2000000,"x":"\#(String(repeating: "x", count: 5_900))"}"#)
        #expect(try await user(fitting, hs256()) == "alice")
    }

    @Test("keys that would be none are refused, and not repeated")
    func keys() throws {
        let short = String(repeating: "s", count: 31)
        let keys: [(TokenAlgorithm, String)] = [
            (.hs256, short), (.hs256, ""), (.hs256, "base64:c2hvcnQ="), (.hs256, "base64:!!"), (.hs256, signer.publicKey),
            (.es256, signer.secret), (.es256, signer.privateKey.pemRepresentation), (.es256, ""),
            (.es256, P384.Signing.PrivateKey().publicKey.pemRepresentation), (.es256, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"),
        ]
        for (algorithm, text) in keys {
            let error = try #require(throws: AuthenticationError.self) { try TokenKey(name: "", algorithm: algorithm, key: Secret(text)) }
            #expect(text.isEmpty || !error.description.contains(text))
        }
        #expect(throws: Never.self) { try TokenKey(name: "", algorithm: .es256, key: Secret(signer.publicKey)) }
    }
}
