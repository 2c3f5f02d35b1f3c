internal import CSofiaSIP
internal import EventLoop
internal import Logging
public import SIPNames

/// Requests outside of dialogs, before Sofia makes a transaction and a handle of them: those that need none are answered without (RFC 3261 section
/// 8.2.7), and new calls beyond what the load allows are refused.
extension SIPEndpoint {
    /// Decides about a request. False leaves it to Sofia.
    func receiveOutside(_ request: OutsideRequest) -> Bool {
        if request.method == sip_method_ack {
            guard request.isOwnACK else { return false }
            if let address = request.source?.address { SilentSources.prove(address, at: .now) }
            request.drop()
            return true
        }
        if let refusal = refusal(ofForm: request) {
            return respond(to: request, refusal)
        }
        switch request.method {
        case sip_method_invite: return screenInvite(request)
        case sip_method_options: return respond(to: request, takesCalls() ? SIPResponse(status: 200) : SIPResponse(status: 503, retryAfter: SIPEndpoint.drainRetryAfter), isOptions: true)
        case sip_method_register: return receiveRegister(request)
        default: return respond(to: request, SIPResponse(status: request.methodName == "REFER" ? 403 : 481))
        }
    }

    private func supported(by stack: SIPStack) -> String { SIPStack.supportedExtensions + (onRegister == nil ? "" : ", path") }

    private var allowed: String { SIPStack.allowedMethods + (onRegister == nil ? "" : ", REGISTER") }

    /// Why a request is refused whatever it wants: its method, the scheme of its URI, an extension (RFC 3261 sections 8.2.1 to 8.2.2).
    private func refusal(ofForm request: OutsideRequest) -> SIPResponse? {
        let name = request.methodName
        guard SIPStack.isAllowed(name, registers: onRegister != nil) else {
            return SIPResponse(status: request.method == sip_method_unknown ? 501 : 405)
        }
        let scheme = request.sip.pointee.sip_request.map { Int32($0.pointee.rq_url.url_type) } ?? 0
        let served = [url_sip, url_sips, url_tel, url_im, url_pres].map { Int32($0.rawValue) }
        guard served.contains(scheme) else { return SIPResponse(status: 416) }
        let unsupported = request.unsupportedExtensions(of: supported(by: request.stack))
        guard unsupported.isEmpty else {
            return SIPResponse(status: 420, headers: [("Unsupported", unsupported.joined(separator: ", "))])
        }
        return nil
    }

    private func respond(to request: OutsideRequest, _ response: SIPResponse, isOptions: Bool = false) -> Bool {
        let status = (200...699).contains(response.status) ? response.status : 500
        let contact = isOptions ? request.stack.contact(request.transport, peer: request.source) : nil
        request.respond(
            response, status: status, agentName: agent, allow: allowed, supported: supported(by: request.stack),
            userAgent: HeaderText.line(configuration.userAgent, limit: 128)
        ) { tags in
            guard isOptions else { return }
            tags.add(tern_siptag_contact_str(), ifPresent: contact)
            tags.add(tern_siptag_accept_str(), "\(SIPStack.acceptedMultiparts), application/sdp")
        }
        return true
    }

    // MARK: INVITE

    private func screenInvite(_ request: OutsideRequest) -> Bool {
        let now = ContinuousClock.now
        let replaces = request.sip.pointee.sip_replaces.flatMap { SIPReplaces($0.pointee) }
        let call = SIPNewCall(request, replacesLeg: replaces.flatMap(leg(replacedBy:)) != nil)
        switch refused.refusal(of: request.number, at: now) {
        case .overload(let seconds)?: return respond(to: request, SIPResponse(status: 503, retryAfter: seconds))
        case .challenge?:
            if let challenge = onNewCall?(call, true).challenge { return respond(to: request, challenge) }
        case nil: break
        }
        let screening = onNewCall?(call, false) ?? SIPNewCall.Screening(isKnown: !call.authorizations.isEmpty)
        if let challenge = screening.challenge {
            refused.insert(request.number, .challenge, at: now)
            shed.count("INVITE", .stranger)
            return respond(to: request, challenge)
        }
        if screening.hasCredentials { prove(request) }
        guard let reason = refusal(isKnown: screening.isKnown, at: now) else { return false }
        let seconds = reason == .legs ? configuration.overloadRetryAfter : overload.retryAfter(request.number)
        refused.insert(request.number, .overload(retryAfter: seconds), at: now)
        shed.count("INVITE", reason)
        return respond(to: request, SIPResponse(status: 503, retryAfter: seconds))
    }

    /// A nonce that was made for the address that a request comes from has come to that address.
    private func prove(_ request: OutsideRequest) {
        guard request.transport == .udp, let address = request.source?.address else { return }
        SilentSources.prove(address, at: .now)
    }

    private func refusal(isKnown: Bool, at now: ContinuousClock.Instant) -> ShedRequests.Reason? {
        guard hasRoom else { return .legs }
        return overload.refusal(isKnown: isKnown, at: now).map { ShedRequests.Reason($0) }
    }

    // MARK: REGISTER

    /// One that brings no credentials with which it could succeed is answered here; what may succeed is Sofia's, whose transaction repeats the answer.
    private func receiveRegister(_ request: OutsideRequest) -> Bool {
        guard let onRegister, !isStopping else { return respond(to: request, SIPResponse(status: 503, retryAfter: configuration.overloadRetryAfter)) }
        switch SIPIncomingRegister.read(request.sip, flow: request.stack.flow(request.sip, message: request.message)) {
        case .failure(let refusal): return respond(to: request, refusal.response)
        case .success(let register):
            guard !mayAuthenticate(register) else {
                prove(request)
                guard overload.isLate else { return false }
                shed.count("REGISTER", .loopDelay)
                return respond(to: request, SIPResponse(status: 503, retryAfter: overload.retryAfter(request.number)))
            }
            onRegister(register, SIPRegisterReply { [weak self] response, _ in
                guard let self, response.status >= 300 else { return request.drop() }
                _ = respond(to: request, response)
            })
            return true
        }
    }

    // MARK: Load

    /// Tells how late the event loop is.
    public func note(loopDelay delay: Duration) {
        overload.note(loopDelay: delay, at: .now)
        shed.report(self)
    }

    /// How much is let in at the moment.
    public var load: SIPLoad {
        SIPLoad(
            setUps: overload.setUps, callsPerSecond: overload.limit, demand: overload.demand, refusedInLastMinute: shed.lastMinute(at: .now))
    }
}

/// A new call, as far as it is looked at before there is any state of it.
public struct SIPNewCall: Sendable {
    /// The address that it came from, without port.
    public let address: String
    public let transport: ListenAddress.Transport
    /// The host and the user of the Request-URI.
    public let requestHost, requestUser: String
    /// The values of Authorization and Proxy-Authorization headers.
    public let authorizations: [String]
    /// Whether that address has shown that it gets what is sent to it.
    public let isProven: Bool
    /// Whether it is to take the place of a leg, which it names (RFC 3891).
    public let replacesLeg: Bool

    public init(
        address: String, transport: ListenAddress.Transport = .udp, requestHost: String, requestUser: String, authorizations: [String] = [],
        isProven: Bool = false, replacesLeg: Bool = false
    ) {
        self.address = address
        self.transport = transport
        self.requestHost = requestHost
        self.requestUser = requestUser
        self.authorizations = authorizations
        self.isProven = isProven
        self.replacesLeg = replacesLeg
    }

    /// What becomes of one.
    public struct Screening: Sendable {
        /// Whether its sender is a trunk, or brings credentials that a decision can rest on.
        public var isKnown: Bool
        /// Whether it brings credentials with a nonce that was made for its address: so that address has got it.
        public var hasCredentials: Bool
        /// Asks for credentials; nil where the call is to be taken.
        public var challenge: SIPResponse?

        public init(isKnown: Bool, hasCredentials: Bool = false, challenge: SIPResponse? = nil) {
            self.isKnown = isKnown
            self.hasCredentials = hasCredentials
            self.challenge = challenge
        }
    }

    @LoopActor
    init(_ request: OutsideRequest, replacesLeg: Bool) {
        address = request.source?.address ?? ""
        transport = request.transport
        let uri = request.sip.pointee.sip_request.map { $0.pointee.rq_url }
        requestHost = SofiaText.field(uri?.url_host, limit: 256)
        requestUser = SofiaText.field(uri?.url_user, limit: 256)
        authorizations = request.authorizations
        isProven = transport != .udp || SilentSources.isProven(address, at: .now)
        self.replacesLeg = replacesLeg
    }
}

/// How much is let in, for operators.
public struct SIPLoad: Sendable {
    /// Calls in set-up.
    public let setUps: Int
    /// New calls a second that are taken at most; nil while there is no limit.
    public let callsPerSecond: Double?
    /// New calls that come a second, about.
    public let demand: Double
    /// Requests that were refused in the last minute because of the load.
    public let refusedInLastMinute: Int

    /// A rate in whole numbers.
    public static func whole(_ rate: Double) -> Int { rate.isFinite ? Int(min(max(0, rate.rounded()), 1e9)) : 0 }
}

extension OutsideRequest {
    @LoopActor var transport: ListenAddress.Transport {
        if stack.tls != nil { return .tls }
        return SofiaText.field(sip.pointee.sip_via?.pointee.v_protocol, limit: 32).uppercased().hasSuffix("/TCP") ? .tcp : .udp
    }
}
