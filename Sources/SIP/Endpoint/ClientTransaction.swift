internal import CSofiaSIP
internal import EventLoop

/// One ``SIPClientRequest`` on its way, from its first try to its outcome.
@LoopActor
final class ClientTransaction {
    let id: SIPLegID
    let handle: OpaquePointer
    let request: SIPClientRequest
    /// Our Contact, with its angle brackets.
    private let contact: String
    private let next: @LoopActor () -> ClientNames.Name
    private let onEnd: @LoopActor (SIPClientOutcome) -> Void
    private var credentials = Credentials()
    private var limit: LoopTimer?
    private var name: ClientNames.Name?

    init(
        _ id: SIPLegID, _ request: SIPClientRequest, handle: OpaquePointer, contact: String,
        next: @escaping @LoopActor () -> ClientNames.Name, onEnd: @escaping @LoopActor (SIPClientOutcome) -> Void
    ) {
        self.id = id
        self.request = request
        self.handle = handle
        self.contact = contact
        self.next = next
        self.onEnd = onEnd
    }

    func send() {
        limit?.cancel()
        limit = LoopTimer.schedule(after: request.timeout) { [weak self] in
            self?.end(SIPClientOutcome(status: 408, phrase: "Request Timeout", isFromPeer: false))
        }
        switch request.method {
        case .register: registerTags().withTags { tern_nua_register(handle, $0) }
        case .options: optionsTags().withTags { tern_nua_options(handle, $0) }
        }
    }

    /// A final response, or what Sofia says in its place.
    func receive(_ outcome: SIPClientOutcome, _ response: StackResponse) {
        let isAnswered = credentials.answer(response) { [request] values, attempt in
            request.authorize?(SIPChallenge(
                status: response.status, method: request.method.rawValue, requestURI: request.target, values: values, attempt: attempt))
        }
        guard isAnswered else { return end(outcome) }
        send()
    }

    func end(_ outcome: SIPClientOutcome) {
        limit?.cancel()
        limit = nil
        nua_handle_destroy(handle)
        var outcome = outcome
        outcome.ownContact = String(contact.prefix { $0 != ">" }.dropFirst())
        onEnd(outcome)
    }

    // MARK: Tags

    private func tags() -> TagList {
        let name = name.map { ClientNames.Name(dialog: $0.dialog, sequence: next().sequence) } ?? next()
        self.name = name
        var tags = TagList()
        tags.add(tern_siptag_call_id_str(), name.dialog.callID)
        tags.add(tern_siptag_cseq_str(), "\(name.sequence) \(request.method.rawValue)")
        let from = HeaderText.party(displayName: request.displayName, uri: request.from)
        tags.add(tern_siptag_from_str(), "\(from);tag=\(name.dialog.fromTag)")
        tags.add(tern_siptag_to_str(), "<\(request.to ?? request.from)>")
        if let hop = request.hop { tags.add(tern_ntatag_default_proxy(), hop.uri) }
        // Each try is a request of its own: Sofia is to do nothing by itself, neither about 423 nor about challenges.
        tags.add(tern_nutag_retry_count(), 0)
        for value in credentials.values(for: 401) { tags.add(tern_siptag_authorization_str(), value) }
        for value in credentials.values(for: 407) { tags.add(tern_siptag_proxy_authorization_str(), value) }
        if let expires = request.expires { tags.add(tern_siptag_expires_str(), "\(max(0, expires))") }
        tags.add(headers: request.headers)
        return tags
    }

    private func optionsTags() -> TagList {
        var tags = tags()
        tags.add(tern_nutag_url(), request.target)
        tags.add(tern_siptag_contact_str(), contact)
        tags.add(tern_siptag_accept_str(), SIPStack.acceptedBodies)
        return tags
    }

    /// A REGISTER in which Sofia sees no Contact: for one that it sees it would refresh the registration by itself, and take it
    /// back when the handle goes. What stands as a header in a URI it puts into the request later.
    private func registerTags() -> TagList {
        var tags = tags()
        tags.add(tern_siptag_contact(), -1)
        // 0: it makes no dialog, so that the CSeq is ours.
        tags.add(tern_nutag_dialog(), 0)
        tags.add(tern_nutag_url(), "\(request.target)?Contact=\(HeaderText.escaped(contact))")
        return tags
    }
}
