internal import CSofiaSIP
internal import EventLoop

/// Requests of ours outside of dialogs.
extension SIPEndpoint {
    /// More at once are not sent: 503.
    static let mostRequests = 1_000

    /// Sends a request and waits for what becomes of it: its final response, or the end of its time.
    ///
    /// Challenges are answered by the request's `authorize`. A task that is cancelled gets 487 at once, all
    /// that wait when the endpoint stops 503. Nothing is repeated or refreshed later. A connection of ours on which the peer is
    /// silent is closed.
    public func request(_ request: SIPClientRequest) async -> SIPClientOutcome {
        let id = nextLegID()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { done in
                begin(id, request) { done.resume(returning: $0) }
                if Task.isCancelled { giveUp(id) }
            }
        } onCancel: {
            LoopActor.task { [weak self] in self?.giveUp(id) }
        }
    }

    private func giveUp(_ id: SIPLegID) {
        requests[id]?.end(SIPClientOutcome(status: 487, phrase: "Cancelled", isFromPeer: false))
    }

    private func begin(
        _ id: SIPLegID, _ request: SIPClientRequest, onEnd: @escaping @LoopActor (SIPClientOutcome) -> Void
    ) {
        func fail(_ status: Int, _ phrase: String) {
            onEnd(SIPClientOutcome(status: status, phrase: phrase, isFromPeer: false))
        }
        guard !isStopping, requests.count < SIPEndpoint.mostRequests else { return fail(503, "Too many requests") }
        guard let target = SIPTarget(request.target), target.uri == request.target, SIPTarget(request.from) != nil,
            request.to.map({ SIPTarget($0) != nil }) ?? true
        else { return fail(416, "Unsupported URI") }
        let way: Way
        switch self.way(by: request.hop, to: target) {
        case .failure(let refusal): return fail(refusal.status, refusal.phrase)
        case .success(let found): way = found
        }
        let magic = UnsafeMutableRawPointer(bitPattern: id.number)
        guard let handle = TagList().withTags({ tern_nua_handle(way.stack.nua, magic, $0) }) else {
            return fail(503, "Out of memory")
        }
        let contact = way.stack.contact(way.transport, peer: way.address, isSecure: target.isSecure)
        let transaction = ClientTransaction(
            id, request, handle: handle, contact: SIPEndpoint.contact(contact, user: request.contactUser),
            next: { [weak self] in self?.clientNames.next(request.key) ?? ClientNames.Name(dialog: .own(), sequence: 1) },
            onEnd: { [weak self] outcome in
                self?.requests[id] = nil
                let isSilent = outcome.status == 408 && !outcome.isFromPeer
                // A flow is the peer's: whether it is of use is for it to say.
                if isSilent, way.transport != .udp, request.hop?.flow == nil { self?.flowSockets.cut(way.address) }
                onEnd(outcome)
            })
        requests[id] = transaction
        transaction.send()
    }

    /// A Contact of ours with a user part, where there is one.
    private static func contact(_ contact: String, user: String) -> String {
        let user = HeaderText.user(user)
        guard !user.isEmpty, let colon = contact.firstIndex(of: ":") else { return contact }
        return "\(contact[...colon])\(user)@\(contact[contact.index(after: colon)...])"
    }

    /// While the endpoint stops: nothing waits longer.
    func endRequests() {
        for transaction in requests.values {
            transaction.end(SIPClientOutcome(status: 503, phrase: "Stopping", isFromPeer: false))
        }
    }
}
