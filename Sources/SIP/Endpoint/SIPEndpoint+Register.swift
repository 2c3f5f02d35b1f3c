internal import CSofiaSIP
internal import EventLoop

/// REGISTER: from Sofia's callback to the core's answer (RFC 3261 section 10.3).
extension SIPEndpoint {
    /// A REGISTER that waits for its answer.
    struct PendingRegister {
        let handle: OpaquePointer
        let request: HeldRequest
        let limit: LoopTimer
    }

    func receiveRegister(
        _ register: Result<SIPIncomingRegister, SIPRefusal>, _ request: HeldRequest, _ handle: OpaquePointer
    ) {
        guard let onRegister else { return nua_handle_destroy(handle) }
        guard pendingRegisters.count < configuration.maximumLegs, !isStopping else {
            let refusal = SIPResponse(status: 503, retryAfter: configuration.overloadRetryAfter)
            return respondToRegister(request, handle, refusal, contacts: [])
        }
        switch register {
        case .failure(let refusal):
            respondToRegister(request, handle, refusal.response, contacts: [])
        case .success(let register):
            let number = nextRegisterNumber()
            let limit = LoopTimer.schedule(after: configuration.decisionLimit) { [weak self] in
                self?.answerRegister(number, SIPResponse(status: 503), contacts: [])
            }
            pendingRegisters[number] = PendingRegister(handle: handle, request: request, limit: limit)
            onRegister(register, SIPRegisterReply { [weak self] response, contacts in
                self?.answerRegister(number, response, contacts: contacts)
            })
        }
    }

    func answerRegister(_ number: UInt, _ response: SIPResponse, contacts: [String]) {
        guard let pending = pendingRegisters.removeValue(forKey: number) else { return }
        pending.limit.cancel()
        respondToRegister(pending.request, pending.handle, response, contacts: contacts)
    }

    /// While the endpoint stops: nothing waits longer.
    func refuseRegisters() {
        for number in Array(pendingRegisters.keys) {
            answerRegister(number, SIPResponse(status: 503), contacts: [])
        }
    }

    private func respondToRegister(
        _ request: HeldRequest, _ handle: OpaquePointer, _ response: SIPResponse, contacts: [String]
    ) {
        let status = (200...699).contains(response.status) ? response.status : 500
        var tags = TagList()
        tags.add(tern_nutag_with(), request.message)
        tags.add(response, status: status, agent: agent)
        for contact in contacts.prefix(256) {
            tags.add(tern_siptag_header_str(), "Contact: \(HeaderText.line(contact, limit: 4_096))")
        }
        tags.withTags {
            tern_nua_respond(handle, Int32(clamping: status), SofiaPhrases.pointer(response.phrase, status: status), $0)
        }
        nua_handle_destroy(handle)
    }
}
