/// Phones behind routes of the tests' gateway: any number of them can be called at the same time.
enum SIPScenarioPhones {
    /// How a route leads to its phone.
    enum Kind: String, CaseIterable, Sendable {
        case plain, tcp, srtp
    }

    static let count = 80

    /// What a caller dials to reach the phone.
    static func name(_ number: Int, _ kind: Kind = .plain) -> String { "phone-\(kind.rawValue)-\(number)" }

    /// Where it listens. The namespace is the tests' own, and what takes a port of its choice gets a higher one.
    static func port(_ number: Int) -> Int { 5_200 + 2 * number }

    /// For the configuration: a route to each, of each kind.
    static func routes(to address: String) -> String {
        (0..<count).flatMap { number in
            Kind.allCases.map { kind in
                let transport = kind == .tcp ? ";transport=tcp" : "", srtp = kind == .srtp ? ", srtp: required" : ""
                return "  - {match: \(name(number, kind)), from: anyone, "
                    + "to: \"sip sip:{user}@\(address):\(port(number))\(transport)\"\(srtp)}"
            }
        }.joined(separator: "\n")
    }
}
