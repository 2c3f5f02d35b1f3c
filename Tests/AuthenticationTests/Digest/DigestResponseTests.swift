@testable import Authentication
import Testing

@Suite("The proof of digest authentication")
struct DigestResponseTests {
    private let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
    private let clientNonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"

    @Test(
        "is that of RFC 7616 section 3.9.1, and of its variants for a session",
        arguments: [
            (.md5, false, "8ca523f5e9506fed4657c9700eebdbec"),
            (.sha256, false, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            (.md5, true, "e783283f46242139c486a698fec7211d"),
            (.sha256, true, "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"),
        ] as [(DigestAlgorithm, Bool, String)])
    func example(algorithm: DigestAlgorithm, isSession: Bool, expected: String) {
        let ha1 = algorithm.ha1(user: "Mufasa", realm: "http-auth@example.org", password: Secret("Circle of Life"))
        let response = DigestResponse(
            algorithm: algorithm, isSession: isSession, ha1: ha1, nonce: nonce,
            protection: .init(count: "00000001", clientNonce: clientNonce), method: "GET", uri: "/dir/index.html")
        #expect(response.text == expected)
    }

    @Test("is that of RFC 2617 section 3.5, and of RFC 2069 without quality of protection")
    func olderExamples() {
        let ha1 = DigestAlgorithm.md5.ha1(user: "Mufasa", realm: "testrealm@host.com", password: Secret("Circle Of Life"))
        func response(_ protection: DigestCredentials.Protection?) -> String {
            DigestResponse(
                algorithm: .md5, ha1: ha1, nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", protection: protection,
                method: "GET", uri: "/dir/index.html"
            ).text
        }
        #expect(response(.init(count: "00000001", clientNonce: "0a4f113b")) == "6629fae49393a05397450978507c4ef1")
        #expect(response(nil) == "670fd8c2df070c60b045671b8b24ff02")
    }
}
