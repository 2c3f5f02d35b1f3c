/// The credentials of one request, as they add up from challenge to challenge.
struct Credentials {
    /// Challenges of one request that are answered: one, and another for a nonce that was stale or for a further proxy.
    static let most = 2

    /// The last challenge; nil before the first.
    private(set) var challenge: StackEvent?
    /// Which challenge of the request it is, from 1.
    private(set) var attempt = 0
    /// Whether a further challenge is the request's final response.
    var isLastTry = false
    private var values: [Value] = []

    private struct Value: Equatable {
        let status: Int
        let realm: String
        let text: String
    }

    var isAnswered: Bool { !values.isEmpty }

    mutating func note(_ challenge: StackEvent) {
        self.challenge = challenge
        attempt += 1
    }

    /// Adds the answer to a 401 or 407. It takes the place of one for the same realm: each realm has its own (RFC 3261
    /// section 22.3).
    mutating func add(_ text: String, status: Int) {
        let realm = Credentials.realm(of: text)
        values.removeAll { $0.status == status && $0.realm == realm }
        values.append(Value(status: status, realm: realm, text: text))
    }

    /// The values for the header that answers `status`, in the order of their challenges.
    func values(for status: Int) -> [String] {
        values.filter { $0.status == status }.map(\.text)
    }

    /// The `realm` parameter; empty when there is none.
    private static func realm(of text: String) -> String {
        guard let start = text.firstRange(of: "realm=\"")?.upperBound else { return "" }
        var isEscaped = false
        let realm = text[start...].prefix { character in
            defer { isEscaped = character == "\\" && !isEscaped }
            return character != "\"" || isEscaped
        }
        return String(realm)
    }
}
