import Registrar

extension RegisterRequest {
    /// A REGISTER of alice's phone.
    static func sample(
        _ contacts: [Contact] = [], user: String = "alice", wildcard: Bool = false, expires: Int? = nil, callID: String = "call-1",
        cSeq: UInt32 = 1, path: [String] = [], flow: String = "udp 192.0.2.1:5060"
    ) -> RegisterRequest {
        RegisterRequest(
            user: user, contacts: contacts, isWildcard: wildcard, expires: expires, callID: callID, cSeq: cSeq, path: path, flow: flow,
            userAgent: "Phone/1.0", received: "192.0.2.1:5060")
    }
}

extension Registrar {
    /// Carries out a request that must be accepted, and gives its bindings.
    @discardableResult
    mutating func accept(_ request: RegisterRequest, now: ContinuousClock.Instant) throws -> [Binding] {
        let outcome = handle(request, now: now)
        guard case .accepted(let bindings, _) = outcome else { throw Refused(outcome: outcome) }
        return bindings
    }

    struct Refused: Error {
        let outcome: RegisterOutcome
    }

    /// The contacts of `user` with their remaining seconds, in no order.
    func contacts(of user: String = "alice", now: ContinuousClock.Instant) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: bindings(of: user, now: now).map { ($0.contact.text, $0.remainingSeconds(at: now)) })
    }
}
