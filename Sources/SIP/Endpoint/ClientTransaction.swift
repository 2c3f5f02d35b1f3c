internal import CSofiaSIP
internal import EventLoop
internal import SIPNames

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
        case .publish: publishTags().withTags { tern_nua_method(handle, $0) }
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

    /// A PUBLISH that Sofia does not take for one: it would refresh what is published, and take it back when the handle goes.
    private func publishTags() -> TagList {
        var tags = tags()
        tags.add(tern_nutag_method(), request.method.rawValue)
        tags.add(tern_nutag_dialog(), 0)
        tags.add(tern_nutag_url(), request.target)
        if let body = request.body { tags.addBody(body.text, type: body.type) }
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

/// What the requests of a registration have in common: Call-ID and From tag, and a CSeq that rises (RFC 3261 section 10.2).
struct ClientNames {
    struct Name {
        let dialog: DialogName
        var sequence: UInt32
    }

    /// More registrations than this are not remembered; they stem from the configuration.
    static let most = 1_024
    private var names: [String: Name] = [:]

    /// The name for the next request with `key`, or one that is used once.
    mutating func next(_ key: String?) -> Name {
        guard let key else { return Name(dialog: .own(), sequence: 1) }
        var name = names[key] ?? Name(dialog: .own(), sequence: 0)
        name.sequence = name.sequence < 0x7FFF_0000 ? name.sequence + 1 : 1
        if names[key] == nil, names.count >= ClientNames.most { names.removeAll() }
        names[key] = name
        return name
    }
}

extension SIPClientOutcome {
    /// A final response. Sofia has statuses from 900 on for troubles of its own.
    init(status: Int, phrase: String, _ sip: UnsafePointer<sip_t>?, isFromPeer: Bool) {
        self.init(status: status < 700 ? status : 503, phrase: phrase, isFromPeer: isFromPeer)
        guard let sip = sip?.pointee else { return }
        reason = sip.sip_reason.map { SIPReason(header: $0.pointee) }
        minExpires = sip.sip_min_expires.map { Int(clamping: $0.pointee.me_delta) }
        retryAfter = sip.sip_retry_after.map { Int(clamping: $0.pointee.af_delta) }
        expires = sip.sip_expires.map { Int(clamping: $0.pointee.ex_delta) }
        var next = sip.sip_contact
        while let contact = next?.pointee, contacts.count < SIPClientOutcome.mostContacts {
            next = contact.m_next
            let own = contact.m_expires.flatMap { UInt32(NameAddress.unquoted(SofiaText.field($0, limit: 32))) }.map { Int($0) }
            contacts.append(Contact(uri: SofiaURI.text(contact.m_url), expires: own ?? expires))
        }
    }
}
