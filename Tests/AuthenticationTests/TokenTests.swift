@testable import Authentication
import Foundation
import TestCertificates
import Testing

@Suite("Tokens", .timeLimit(.minutes(1)))
struct TokenTests {
    private let signer: TokenSigner
    private let now = Date(timeIntervalSince1970: 1_000_000)

    init() throws { signer = try TokenSigner() }

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

    private func user(_ token: String, _ keys: TokenKey...) throws -> String {
        try TokenVerifier(keys).verify(token, now: now).user
    }

    /// Why a verifier with these keys refuses; nil when it does not.
    private func fault(_ token: String, _ keys: TokenKey...) -> TokenFault? {
        do throws(AuthenticationError) {
            _ = try TokenVerifier(keys).verify(token, now: now)
            return nil
        } catch {
            guard case .token(let fault) = error else { return nil }
            return fault
        }
    }

    @Test("a token of either algorithm names its user", arguments: ["HS256", "ES256"])
    func valid(algorithm: String) throws {
        let token = try signer.token(#"{"sub":"alice","exp":1000001,"name":"Alice Ä."}"#, algorithm: algorithm)
        let identity = try TokenVerifier([hs256(), es256()]).verify(token, now: now)
        #expect(identity.user == "alice")
        #expect(identity.displayName == "Alice Ä.")
        #expect(identity.key.algorithm.rawValue == algorithm)
    }

    @Test("the examples of RFC 7515 are understood")
    func examples() throws {
        let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        var secret = try TokenKey(
            name: "A.1", algorithm: .hs256,
            key: Secret("base64:AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))
        secret.userClaim = "iss"
        let first = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\(payload).dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        #expect(try user(first, secret) == "joe")
        let publicKey = """
            -----BEGIN PUBLIC KEY-----
            MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7
            6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
            -----END PUBLIC KEY-----
            """
        var pair = try TokenKey(name: "A.3", algorithm: .es256, key: Secret(publicKey))
        pair.userClaim = "iss"
        let third = "eyJhbGciOiJFUzI1NiJ9.\(payload)."
            + "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        #expect(try user(third, pair) == "joe")
        #expect(fault(third, secret) == .algorithm)
    }

    @Test("a token of another key is refused, with each algorithm", arguments: ["HS256", "ES256"])
    func otherKey(algorithm: String) throws {
        var other = try TokenSigner()
        other.secret = "another secret, which is long enough too"
        let token = try other.token(#"{"sub":"alice","exp":1000001}"#, algorithm: algorithm)
        #expect(try fault(token, hs256(), es256()) == .signature)
    }

    @Test("algorithm none, and every other that no key is for, is refused in whatever way it is written")
    func otherAlgorithm() throws {
        let claims = #"{"sub":"alice","exp":1000001}"#
        for name in ["none", "None", "nOnE", "", "HS384", "hs256", "RS256", "ES384", "HS256 "] {
            let unsigned = try signer.token(claims, algorithm: "none", header: #"{"alg":"\#(name)"}"#)
            #expect(try fault(unsigned, hs256(), es256()) == .algorithm, "\(name)")
            let signed = try signer.token(claims, header: #"{"alg":"\#(name)"}"#)
            #expect(try fault(signed, hs256(), es256()) == .algorithm, "\(name)")
        }
        let unsigned = try signer.token(claims, algorithm: "none", header: #"{"alg":"HS256"}"#)
        #expect(try fault(unsigned, hs256(), es256()) == .signature)
        #expect(try fault(unsigned.dropLast().description, hs256()) == .malformed)
    }

    @Test("a public key is not taken for a secret")
    func confusion() throws {
        var forger = signer
        forger.secret = signer.publicKey
        let token = try forger.token(#"{"sub":"alice","exp":1000001}"#)
        #expect(try fault(token, es256()) == .algorithm)
        #expect(try fault(token, es256(), hs256()) == .signature)
        #expect(throws: AuthenticationError.self) { try TokenKey(name: "", algorithm: .hs256, key: Secret(signer.publicKey)) }
        #expect(throws: AuthenticationError.self) { try TokenKey(name: "", algorithm: .hs256, key: Secret(PrivateKey(curve: nil).publicPEM)) }
    }

    @Test("what is signed with a public key as a secret logs nobody in, whatever the header says")
    func forgeries() throws {
        let claims = #"{"sub":"alice","exp":1000001}"#
        let body = signer.publicKey.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
        for secret in [signer.publicKey, String(signer.publicKey.dropLast()), body] {
            var forger = signer
            forger.secret = secret
            for header in [
                #"{"alg":"HS256"}"#, #"{"alg":"ES256"}"#, #"{"alg":"ES256","alg":"HS256"}"#, #"{"alg":"HS256","alg":"ES256"}"#,
                #"{"alg":["HS256","ES256"]}"#, #"{"alg":"ES256","\u0061lg":"HS256"}"#, #"{"alg":"ES256\u0000"}"#,
            ] {
                let token = try forger.token(claims, header: header)
                #expect(try fault(token, es256()) != nil, "\(header)")
                // As long as a signature of ES256.
                let signature = try #require(token.split(separator: ".").last)
                let long = try #require(Base64URL.bytes(signature)) + [UInt8](repeating: 0, count: 32)
                #expect(try fault(token.dropLast(signature.count) + TokenSigner.base64URL(long), es256(), hs256()) != nil, "\(header)")
            }
        }
        #expect(try fault(signer.token(claims, header: #"{"alg":"HS256","alg":"HS256"}"#), hs256()) == .malformed)
    }

    @Test("what is odd and proves the same is taken: another type, claims of 64 bits, padding")
    func odd() throws {
        let claims = #"{"sub":"alice","exp":1000001,"id":18446744073709551615}"#
        #expect(try user(signer.token(claims, header: #"{"typ":"at+jwt","alg":"HS256","kid":"7","more":{}}"#), hs256()) == "alice")
        let padded = try signer.token(claims, algorithm: "ES256") + "=="
        #expect(try user(padded, es256()) == "alice")
    }

    @Test("keys and addresses of keys in a token's header are not looked at")
    func headers() throws {
        let other = try TokenSigner()
        let header = #"{"alg":"ES256","kid":"../../etc/passwd","jku":"https://evil.example","jwk":{"kty":"EC"},"x5c":["x"]}"#
        let claims = #"{"sub":"alice","exp":1000001}"#
        #expect(try fault(other.token(claims, algorithm: "ES256", header: header), es256()) == .signature)
        #expect(try user(signer.token(claims, algorithm: "ES256", header: header), es256()) == "alice")
        let critical = #"{"alg":"HS256","crit":["b64"],"b64":false}"#
        #expect(try fault(signer.token(claims, header: critical), hs256()) == .algorithm)
    }

    @Test(
        "times are kept to the second, with the clock skew added",
        arguments: [
            (#""exp":999970"#, 30, .expired), (#""exp":999971"#, 30, nil), (#""exp":999970.5"#, 30, nil), (#""exp":1000000"#, 0, .expired),
            (#""exp":1000001"#, 0, nil), (#""exp":2000000,"nbf":1000030"#, 30, nil), (#""exp":2000000,"nbf":1000031"#, 30, .notYetValid),
            (#""exp":2000000,"iat":1000030"#, 30, nil), (#""exp":2000000,"iat":1000031"#, 30, .issuedInFuture),
            (#""exp":2000000,"nbf":1000001"#, 0, .notYetValid), (#""iat":1"#, 30, .noExpiry), (#""exp":null"#, 30, .expired),
            (#""exp":"2000000""#, 30, .expired), (#""exp":2000000,"nbf":"x""#, 30, .notYetValid), (#""exp":1e300"#, 30, nil),
            (#""exp":-1e300"#, 30, .expired), (#""exp":1e999"#, 30, .malformed), (#""exp":true"#, 30, .expired),
            (#""exp":2000000,"iat":[]"#, 30, .issuedInFuture),
        ] as [(String, Int, TokenFault?)])
    func times(claims: String, skew: Int, expected: TokenFault?) throws {
        let token = try signer.token(#"{"sub":"alice",\#(claims)}"#)
        #expect(try fault(token, hs256 { $0.clockSkew = .seconds(skew) }) == expected)
    }

    @Test("an expired token of another key is not told to be expired")
    func expiryIsKept() throws {
        var other = try TokenSigner()
        other.secret = "another secret, which is long enough too"
        #expect(try fault(other.token(#"{"sub":"alice","exp":1}"#), hs256()) == .signature)
    }

    @Test(
        "issuer and audience must be those of the key",
        arguments: [
            (#""iss":"app","aud":"tern""#, nil), (#""iss":"app","aud":["x","tern"]"#, nil), (#""iss":"app2","aud":"tern""#, .issuer),
            (#""aud":"tern""#, .issuer), (#""iss":["app"],"aud":"tern""#, .issuer), (#""iss":"app","aud":"Tern""#, .audience),
            (#""iss":"app""#, .audience), (#""iss":"app","aud":[]"#, .audience), (#""iss":"app","aud":5"#, .audience),
            (#""iss":"app","aud":["x",["tern"]]"#, .audience),
        ] as [(String, TokenFault?)])
    func parties(claims: String, expected: TokenFault?) throws {
        let token = try signer.token(#"{"sub":"alice","exp":2000000,\#(claims)}"#)
        let key = try hs256 {
            $0.issuer = "app"
            $0.audience = "tern"
        }
        #expect(fault(token, key) == expected)
    }

    @Test("a key without audience takes no token that is meant for somebody")
    func audience() throws {
        #expect(try fault(signer.token(#"{"sub":"alice","exp":2000000,"aud":"other"}"#), hs256()) == .audience)
        #expect(try fault(signer.token(#"{"sub":"alice","exp":2000000,"aud":[]}"#), hs256()) == nil)
    }

    @Test("of several keys with one algorithm the right one is found, and its own rules hold")
    func several() throws {
        var other = try TokenSigner()
        other.secret = "another secret, which is long enough too"
        let second = try TokenKey(name: "second", algorithm: .hs256, key: Secret(other.secret))
        let token = try other.token(#"{"sub":"alice","exp":2000000}"#)
        #expect(try user(token, hs256(), second) == "alice")
        #expect(try user(token, second, hs256()) == "alice")
        #expect(try fault(token, hs256(), hs256 { $0.issuer = "x" }) == .signature)
        // The same key for two issuers.
        let issued = try signer.token(#"{"sub":"alice","exp":2000000,"iss":"b"}"#)
        #expect(try user(issued, hs256 { $0.issuer = "a" }, hs256 { $0.issuer = "b" }) == "alice")
        #expect(fault(token) == .algorithm)
    }

    @Test("the claim of the configuration names the user, and must be a text that can be shown")
    func userClaim() throws {
        let key = try hs256 { $0.userClaim = "preferred_username" }
        #expect(try user(signer.token(#"{"sub":"1","preferred_username":"bob","exp":2000000}"#), key) == "bob")
        for claims in [#""sub":"alice""#, #""preferred_username":"""#, #""preferred_username":5"#, #""preferred_username":["bob"]"#, #""preferred_username":"a\nb""#] {
            #expect(try fault(signer.token(#"{"exp":2000000,\#(claims)}"#), key) == .subject)
        }
        let long = String(repeating: "x", count: 257)
        #expect(try fault(signer.token(#"{"exp":2000000,"preferred_username":"\#(long)"}"#), key) == .subject)
    }

    @Test("garbage is refused")
    func garbage() throws {
        let good = try signer.token(#"{"sub":"alice","exp":2000000}"#)
        let parts = good.split(separator: ".").map(String.init)
        for text in [
            "", ".", "..", "...", "a.b.c", "hello", "e30.e30.", good + ".x", try signer.token(#"{"sub":"alice","exp":2000000}"#, algorithm: "ES256") + ".x", "\(parts[0]).\(parts[1])", ".\(parts[1]).\(parts[2])",
            "\(parts[0])..\(parts[2])", "é.é.é", "\u{0}.\u{0}.\u{0}", TokenSigner.base64URL("[1]".utf8) + ".e30.x",
            String(repeating: ".", count: 8_000), try signer.token("[]"), try signer.token("{\"exp\""), try signer.token(""),
            try signer.token(String(repeating: "[", count: 4_000)), try signer.token("{}", header: String(repeating: "[", count: 2_000)),
        ] {
            #expect(try fault(text, hs256(), es256()) != nil, "\(text.prefix(100))")
        }
        // Numbers that would not fit where a careless reader puts them.
        for number in ["1e300", "-1e300", "1e999", "18446744073709551616", "0.5"] {
            let token = try signer.token(#"{"sub":"alice","exp":2000000,"x":\#(number)}"#, header: #"{"alg":"HS256","x":\#(number)}"#)
            #expect(try [nil, .malformed, .signature].contains(fault(token, hs256())))
        }
    }

    @Test("a changed token is refused, at whatever place it was changed")
    func changed() throws {
        for algorithm in ["HS256", "ES256"] {
            let token = try signer.token(#"{"sub":"alice","exp":2000000}"#, algorithm: algorithm)
            let verifier = try TokenVerifier([hs256(), es256()])
            // The last character carries bits that are not part of the signature.
            for index in token.indices.dropLast() {
                var changed = token
                changed.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
                #expect(throws: AuthenticationError.self) { try verifier.verify(changed, now: now) }
            }
        }
    }

    @Test("a token of a megabyte is refused without being looked at")
    func long() throws {
        let token = try signer.token(#"{"sub":"alice","exp":2000000,"x":"\#(String(repeating: "x", count: 1 << 20))"}"#)
        let started = ContinuousClock.now
        #expect(try fault(token, hs256()) == .tooLong)
        #expect(ContinuousClock.now - started < .milliseconds(500))
        let fitting = try signer.token(#"{"sub":"alice","exp":2000000,"x":"\#(String(repeating: "x", count: 5_900))"}"#)
        #expect(try user(fitting, hs256()) == "alice")
    }

    @Test("keys that would be none are refused, and not repeated")
    func keys() throws {
        let short = String(repeating: "s", count: 31)
        let keys: [(TokenAlgorithm, String)] = [
            (.hs256, short), (.hs256, ""), (.hs256, "base64:c2hvcnQ="), (.hs256, "base64:!!"), (.hs256, signer.publicKey),
            (.es256, signer.secret), (.es256, signer.privateKey.privatePEM), (.es256, ""),
            (.es256, try PrivateKey(curve: nil).publicPEM), (.es256, try PrivateKey(curve: "P-384").publicPEM), (.es256, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"),
        ]
        for (algorithm, text) in keys {
            let error = try #require(throws: AuthenticationError.self) { try TokenKey(name: "", algorithm: algorithm, key: Secret(text)) }
            #expect(text.isEmpty || !error.description.contains(text))
        }
        #expect(throws: Never.self) { try TokenKey(name: "", algorithm: .es256, key: Secret(signer.publicKey)) }
    }

    @Test("for the log a token says whose it is and which key it names, proven or not; what is no token says nothing")
    func label() throws {
        let token = try signer.token(#"{"sub":"alice","exp":1}"#, header: #"{"alg":"HS256","kid":"key-7"}"#)
        #expect(TokenLabel(token).subject == "alice" && TokenLabel(token).keyID == "key-7")
        let odd = try signer.token(#"{"sub":"a\u000ab"}"#, header: #"{"alg":"none","kid":7}"#)
        for text in [odd, "", "a.b.c", String(repeating: "a", count: 9_000)] { #expect(TokenLabel(text).subject == nil && TokenLabel(text).keyID == nil) }
    }
}
