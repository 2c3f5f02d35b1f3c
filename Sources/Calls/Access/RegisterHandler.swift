public import EventLoop
public import Logging
public import Registrar
public import SIP

/// Answers REGISTER: who it is, whether it may, and what becomes of its contacts (RFC 3261 section 10.3).
@LoopActor
public final class RegisterHandler {
    private let authenticator: RequestAuthenticator
    private let registrar: RegistrarService
    /// Whether a host is a domain of ours.
    private let isOurs: @LoopActor (String) -> Bool
    private let log: Logger

    public init(authenticator: RequestAuthenticator, registrar: RegistrarService, log: Logger, isOurs: @escaping @LoopActor (String) -> Bool) {
        self.authenticator = authenticator
        self.registrar = registrar
        self.isOurs = isOurs
        self.log = log
    }

    public func handle(_ request: SIPIncomingRegister, _ reply: SIPRegisterReply) {
        guard isOurs(request.to.host) else {
            return reply.respond(SIPResponse(status: 404, warning: "\(request.to.host) is no domain of this registrar"))
        }
        let identity = RequestAuthenticator.Request(
            method: "REGISTER", uri: request.requestURI, dialled: "", domain: request.requestHost, address: request.flow.peerAddress,
            authorizations: request.authorizations, port: request.flow.peerPort, userAgent: request.userAgent)
        // An address of a trunk proves nothing here: it is for calls.
        authenticator.identifyUser(identity) { [self] verdict in
            switch verdict {
            case .known(.user(let name)) where name == request.to.user: register(request, user: name, reply)
            case .known(let source):
                log.notice("registration for somebody else", metadata: [
                    "source": "\(request.flow.peer)", "user": "\(source)", "for": "\(request.to.user)", "user_agent": "\(request.userAgent ?? "")",
                ])
                reply.respond(SIPResponse(status: 403, warning: "these credentials are not for \(request.to.user)"))
            case .unproven(let challenge): reply.respond(challenge())
            case .refused(let response): reply.respond(response)
            }
        }
    }

    private func register(_ request: SIPIncomingRegister, user: String, _ reply: SIPRegisterReply) {
        let outcome = registrar.handle(RegisterRequest(request, user: user))
        switch outcome {
        case .accepted(let bindings, _):
            var headers: [(name: String, value: String)] = []
            // RFC 3327 section 5.3: a phone that knows what a Path is hears which one was taken.
            if request.supportsPath { headers += request.path.map { ("Path", "<\($0)>") } }
            reply.respond(
                SIPResponse(status: 200, headers: headers), contacts: bindings.map { $0.contactHeader(at: .now) })
        case .intervalTooBrief(let minimum):
            reply.respond(SIPResponse(status: 423, headers: [("Min-Expires", "\(minimum)")]))
        case .badRequest(let reason):
            reply.respond(SIPResponse(status: 400, warning: reason))
        case .tooManyContacts(let limit):
            reply.respond(SIPResponse(status: 403, warning: "more than \(limit) contacts of one user"))
        case .outOfOrder, .full:
            reply.respond(SIPResponse(status: outcome.status, phrase: outcome.phrase, retryAfter: outcome.status == 503 ? 60 : nil))
        }
    }
}

extension RegisterRequest {
    init(_ request: SIPIncomingRegister, user: String) {
        self.init(
            user: user,
            contacts: request.contacts.map {
                Contact(
                    $0.uri, q: $0.q == 1_000 ? nil : $0.q, expires: $0.expires.map { Int(clamping: $0) }, instance: $0.instance,
                    registrationID: $0.registrationID.map { Int(clamping: $0) })
            },
            isWildcard: request.isWildcard, expires: request.expires.map { Int(clamping: $0) }, callID: request.callID,
            cSeq: request.cSeq, path: request.path, flow: request.flow.description, userAgent: request.userAgent,
            received: request.flow.peer)
    }
}

extension Binding {
    /// As a Contact in a response (RFC 3261 section 10.3, step 8).
    func contactHeader(at now: ContinuousClock.Instant) -> String {
        let preference = q.map { thousandths in
            let digits = String(max(0, min(1_000, thousandths)))
            return thousandths >= 1_000 ? ";q=1" : ";q=0." + String(repeating: "0", count: 3 - digits.count) + digits
        }
        return "<\(contact.text)>\(preference ?? "");expires=\(remainingSeconds(at: now))"
    }
}
