/// The credentials of one request, as they add up from challenge to challenge (RFC 3261 section 22.3).
///
/// A proxy and the server behind it ask one after the other, each for its realm. What a realm is asked for again with the nonce that was answered is a
/// refusal, unless it is said to be stale.
struct Credentials {
    /// Responses with challenges, of one request, that are answered.
    static let most = 5
    /// Answers to one realm: one, and another for a nonce that was stale.
    static let mostPerRealm = 2

    /// The last challenge; nil before the first.
    private(set) var challenge: StackResponse?
    /// Which challenge of the request it is, from 1.
    private(set) var attempt = 0
    /// Whether a further challenge is the request's final response.
    var isLastTry = false
    private var values: [Value] = []
    /// The nonces that were answered.
    private var answered: [Realm: [String]] = [:]

    /// Realms of proxies and of servers are apart.
    private struct Realm: Hashable {
        let status: Int
        let name: String
    }

    private struct Value: Equatable {
        let status: Int
        let realm: String
        let text: String
    }

    var isAnswered: Bool { !values.isEmpty }

    /// Has `authorizer` answer a 401 or 407, realm by realm.
    ///
    /// - Parameter authorizer: Gets the values of one realm and the number of the challenge.
    /// - Returns: Whether there is a reason to send the request again.
    mutating func answer(_ challenge: StackResponse, by authorizer: (_ values: [String], _ attempt: Int) -> String?) -> Bool {
        self.challenge = challenge
        attempt += 1
        guard attempt <= Credentials.most else { return false }
        var isAnswered = false
        for (name, values) in Credentials.realms(of: challenge.challenges) {
            let realm = Realm(status: challenge.status, name: name)
            let open = values.filter { !isRefusal($0, of: realm) }
            guard !open.isEmpty, answered[realm, default: []].count < Credentials.mostPerRealm, let text = authorizer(open.map(\.text), attempt)
            else { continue }
            answered[realm, default: []].append(open[0].parameters.nonce)
            add(HeaderText.line(text, limit: 4_096), status: challenge.status)
            isAnswered = true
        }
        return isAnswered
    }

    private typealias Challenge = (text: String, parameters: ChallengeParameters)

    /// The values of each realm, in the order in which they came.
    private static func realms(of values: [String]) -> [(name: String, values: [Challenge])] {
        values.reduce(into: []) { realms, text in
            let parameters = ChallengeParameters(text)
            if let index = realms.firstIndex(where: { $0.name == parameters.realm }) {
                realms[index].values.append((text, parameters))
            } else {
                realms.append((parameters.realm, [(text, parameters)]))
            }
        }
    }

    private func isRefusal(_ challenge: Challenge, of realm: Realm) -> Bool {
        !challenge.parameters.isStale && answered[realm, default: []].contains(challenge.parameters.nonce)
    }

    /// Adds the answer to a 401 or 407. It takes the place of one for the same realm.
    private mutating func add(_ text: String, status: Int) {
        let realm = ChallengeParameters(text).realm
        values.removeAll { $0.status == status && $0.realm == realm }
        values.append(Value(status: status, realm: realm, text: text))
    }

    /// The values for the header that answers `status`, in the order of their challenges.
    func values(for status: Int) -> [String] {
        values.filter { $0.status == status }.map(\.text)
    }
}
