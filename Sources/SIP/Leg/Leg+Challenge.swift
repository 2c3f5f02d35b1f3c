internal import CSofiaSIP
internal import EventLoop

/// Challenges to the requests of a leg (RFC 3261 section 22.2).
///
/// Sofia keeps a challenged request and waits: for credentials, with which it sends it again with the next CSeq, or for word
/// that there are none, upon which the request has failed. It waits as long as its count of retries allows.
extension Leg {
    /// Whether `response` is about a challenge and was seen to.
    func answers(_ response: StackResponse) -> Bool {
        let method = response.method.rawValue
        if response.status == Leg.noCredentials, let challenge = credentials[method]?.challenge {
            settle(method)
            endpoint?.receive(challenge, on: self)
            return true
        }
        guard !response.challenges.isEmpty, credentials[method]?.isLastTry != true else {
            if response.status >= 200 { settle(method) }
            return false
        }
        answer(response, method)
        return true
    }

    /// The status that Sofia gives to a request that it was to repeat without credentials.
    private static let noCredentials = 904

    private func answer(_ challenge: StackResponse, _ method: String) {
        var credentials = self.credentials[method] ?? Credentials()
        let (uri, authorizer) = (course.requestURI, method == "INVITE" && machine.state == .cancelling ? nil : authorizer)
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
        self.credentials[method] = credentials
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
        if credentials.removeValue(forKey: method) != nil { allow(retries: SIPStack.retries) }
        for waiting in credentials.values where waiting.isAnswered { repeatRequest(waiting) }
    }

    private func allow(retries: Int) {
        var tags = TagList()
        tags.add(tern_nutag_retry_count(), retries)
        tags.withTags { tern_nua_set_hparams(handle, $0) }
    }
}
