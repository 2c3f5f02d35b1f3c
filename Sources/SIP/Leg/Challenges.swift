internal import CSofiaSIP
internal import EventLoop
internal import SIPNames

/// The challenges to the requests of a leg.
struct Challenges {
    /// Answers them; none are answered without it.
    var authorizer: SIPAuthorizer?
    /// Of the requests that were challenged and have no final response yet, by method.
    var credentials: [String: Credentials] = [:]
}

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

/// What of a challenge's value decides whether it is worth an answer (RFC 7616 section 3.3).
struct ChallengeParameters: Equatable {
    private(set) var realm = ""
    private(set) var nonce = ""
    /// Whether the server says that the credentials were right, and only their nonce too old.
    private(set) var isStale = false

    /// - Parameter value: `Digest realm="a, b", nonce="…"`. What is no parameter is not read.
    init(_ value: String) {
        for part in QuotedText.split(value.drop { $0 != " " }, at: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            let text = NameAddress.unquoted(QuotedText.trimmed(pair[1]))
            switch QuotedText.trimmed(pair[0]).lowercased() {
            case "realm": realm = text
            case "nonce": nonce = text
            case "stale": isStale = text.lowercased() == "true"
            default: break
            }
        }
    }
}

/// Challenges to the requests of a leg (RFC 3261 section 22.2).
///
/// Sofia keeps a challenged request and waits: for credentials, with which it sends it again with the next CSeq, or for word
/// that there are none, upon which the request has failed. It waits as long as its count of retries allows.
extension Leg {
    /// Whether `response` is about a challenge and was seen to.
    func answers(_ response: StackResponse) -> Bool {
        let method = response.method.rawValue
        if response.status == Leg.noCredentials, let challenge = challenges.credentials[method]?.challenge {
            settle(method)
            endpoint?.receive(challenge, on: self)
            return true
        }
        guard !response.challenges.isEmpty, challenges.credentials[method]?.isLastTry != true else {
            if response.status >= 200 { settle(method) }
            return false
        }
        answer(response, method)
        return true
    }

    /// The status that Sofia gives to a request that it was to repeat without credentials.
    private static let noCredentials = 904

    private func answer(_ challenge: StackResponse, _ method: String) {
        var credentials = challenges.credentials[method] ?? Credentials()
        let (uri, authorizer) = (nextHop.requestURI, method == "INVITE" && machine.state == .cancelling ? nil : challenges.authorizer)
        let isAnswered = credentials.answer(challenge) { values, attempt in
            authorizer?(SIPChallenge(status: challenge.status, method: method, requestURI: uri, values: values, attempt: attempt))
        }
        if isAnswered {
            repeatRequest(credentials)
        } else if endsWithout(method) {
            TagList().withTags { tern_nua_authenticate(handle, $0) }
        } else {
            // Given up, it would take the dialog with it: so it goes once more as it was, and the answer to that is final.
            credentials.isLastTry = true
            repeatRequest(credentials)
        }
        challenges.credentials[method] = credentials
    }

    /// Whether nothing is lost when Sofia gives up the request: neither is an error of its own for a session that stands.
    private func endsWithout(_ method: String) -> Bool {
        guard case .established = machine.state else { return true }
        return method != "INVITE" && method != "UPDATE"
    }

    private func repeatRequest(_ credentials: Credentials) {
        allow(retries: credentials.isLastTry ? 0 : SIPStack.retriesWhenChallenged)
        var tags = TagList()
        // For any client: the plugin does not look at it.
        tags.add(tern_nutag_auth(), "digest:\"\":-:-")
        // What an earlier try had goes.
        let (server, proxy) = (credentials.values(for: 401), credentials.values(for: 407))
        if !server.isEmpty { tags.add(tern_siptag_authorization(), -1) }
        for value in server { tags.add(tern_siptag_authorization_str(), value) }
        if !proxy.isEmpty { tags.add(tern_siptag_proxy_authorization(), -1) }
        for value in proxy { tags.add(tern_siptag_proxy_authorization_str(), value) }
        // How big it is only Sofia knows.
        send(bytes: SIPStack.largestSafeDatagram, nil, tags, by: tern_nua_authenticate)
    }

    /// A request has its final response. Sofia hands credentials to the first request of its queue only: another that is still
    /// without gets them now.
    private func settle(_ method: String) {
        if challenges.credentials.removeValue(forKey: method) != nil { allow(retries: SIPStack.retries) }
        for waiting in challenges.credentials.values where waiting.isAnswered { repeatRequest(waiting) }
    }

    private func allow(retries: Int) {
        var tags = TagList()
        tags.add(tern_nutag_retry_count(), retries)
        tags.withTags { tern_nua_set_hparams(handle, $0) }
    }
}
