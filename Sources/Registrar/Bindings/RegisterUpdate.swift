internal import SIPNames

/// What a REGISTER does to the bindings of its user, worked out before anything is changed (RFC 3261 10.3, steps 6 and 7).
struct RegisterUpdate {
    /// Why the request is not carried out.
    struct Refusal: Error {
        let outcome: RegisterOutcome
    }

    /// All bindings afterwards, the most recent first. New ones have no number yet.
    private(set) var after: [Binding] = []
    /// But for new bindings.
    private(set) var changes: [BindingChange] = []

    private let request: RegisterRequest
    private let limits: RegistrarLimits
    private let now: ContinuousClock.Instant

    /// - Parameter before: The user's bindings that have not ended.
    init(
        _ request: RegisterRequest, before: [Binding], limits: RegistrarLimits, now: ContinuousClock.Instant
    ) throws(Refusal) {
        self.request = request
        self.limits = limits
        self.now = now
        if let reason = request.flaw(limits) { throw Refusal(outcome: .badRequest(reason: reason)) }
        guard request.contacts.count <= limits.contactsPerRequest else {
            throw Refusal(outcome: .tooManyContacts(limit: limits.contactsPerUser))
        }
        if request.isWildcard {
            for binding in before { try end(binding, because: .unregistered) }
        } else {
            try apply(contacts(), to: before)
        }
    }

    // MARK: What is asked for

    /// A contact of the request, understood.
    private struct RequestedBinding {
        let contact: RegisterRequest.Contact
        let uri: SIPURI
        /// 0 ends the binding.
        let seconds: Int
    }

    /// Where a contact is named twice, the last one counts.
    private func contacts() throws(Refusal) -> [RequestedBinding] {
        var requested: [RequestedBinding] = []
        for contact in request.contacts {
            guard let uri = SIPURI(contact.uri), uri.isWellFormed else {
                throw Refusal(outcome: .badRequest(reason: "Contact Is Not A SIP URI"))
            }
            let asked = contact.expires ?? request.expires ?? limits.maximumExpires
            if asked > 0, asked < 3_600, asked < limits.minimumExpires {
                throw Refusal(outcome: .intervalTooBrief(minimum: limits.minimumExpires))
            }
            requested.removeAll { $0.uri.matches(uri) }
            requested.append(RequestedBinding(contact: contact, uri: uri, seconds: min(max(0, asked), limits.maximumExpires)))
        }
        return requested
    }

    // MARK: What it does

    private mutating func apply(_ requested: [RequestedBinding], to before: [Binding]) throws(Refusal) {
        // What the request names itself is never taken for a former contact of the same phone.
        var left = before.filter { binding in !requested.contains { $0.uri.matches(binding.contact) } }
        var fresh: [Binding] = []
        for wanted in requested {
            let named = before.first { $0.contact.matches(wanted.uri) }
            let former = left.filter { isFormer($0, of: wanted) }
            left.removeAll { isFormer($0, of: wanted) }
            if wanted.seconds == 0 {
                for binding in [named].compactMap({ $0 }) + former { try end(binding, because: .unregistered) }
                continue
            }
            let kept = named ?? former.first
            for binding in former where binding.id != kept?.id { try end(binding, because: .replaced) }
            if let kept { try checkOrder(kept) }
            let binding = binding(wanted, id: kept?.id ?? 0)
            fresh.append(binding)
            if kept != nil { changes.append(BindingChange(kind: .refreshed, binding: binding)) }
        }
        after = fresh + left
    }

    /// Whether `binding` is where the phone that now registers another contact was before: it has the same instance, or,
    /// where neither has one, it registers the same user of a URI with the same Call-ID over another flow. That is a phone
    /// whose address or whose port at the NAT has changed; contacts of one phone come over one flow.
    private func isFormer(_ binding: Binding, of wanted: RequestedBinding) -> Bool {
        if let instance = wanted.contact.instance {
            return binding.instance == instance && binding.registrationID == wanted.contact.registrationID
        }
        return binding.instance == nil && binding.callID == request.callID && binding.flow != request.flow
            && binding.contact.user == wanted.uri.user
    }

    private mutating func end(_ binding: Binding, because reason: BindingChange.Reason) throws(Refusal) {
        try checkOrder(binding)
        changes.append(BindingChange(kind: .unregistered(reason), binding: binding))
    }

    private func checkOrder(_ binding: Binding) throws(Refusal) {
        if binding.callID == request.callID, request.cSeq <= binding.cSeq { throw Refusal(outcome: .outOfOrder) }
    }

    private func binding(_ wanted: RequestedBinding, id: Int64) -> Binding {
        Binding(
            id: id, user: request.user, contact: wanted.uri, q: wanted.contact.q, expires: now + .seconds(wanted.seconds),
            updated: now, callID: request.callID, cSeq: request.cSeq, path: request.path, flow: request.flow,
            userAgent: request.userAgent.map(cut),
            received: cut(request.received), instance: wanted.contact.instance,
            registrationID: wanted.contact.registrationID)
    }

    private func cut(_ text: String) -> String { String(text.unicodeScalars.prefix(limits.textLength)) }
}
