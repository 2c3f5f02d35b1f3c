internal import Authentication
internal import Configuration
public import EventLoop
internal import Logging
internal import Routing
public import SIP
internal import SIPNames

/// Finds out who sends a request over SIP: a trunk by its address, a user or a trunk by digest, or nobody that is known.
///
/// What a request says of itself in From, Via, Route or P-Asserted-Identity proves nothing here.
@LoopActor
public final class RequestAuthenticator {
    /// A request, as far as it matters for this.
    struct Request {
        let method: String
        let uri: String
        /// The user part of the Request-URI, and its host.
        let dialled: String
        let domain: String
        /// The address that it really came from, without port.
        let address: String
        let authorizations: [String]
        /// The port that it came from, for the log.
        var port: Int?
        var userAgent: String?
        /// Called when the verdict comes later, on purpose.
        var onDelay: (@LoopActor () -> Void)?
    }

    /// Makes the 401 for whoever has to have some credentials: most senders need none, and a nonce is work.
    typealias Challenge = @LoopActor () -> SIPResponse

    enum Verdict {
        case known(CallSource)
        /// It brought no credentials that a decision could rest on.
        case unproven(challenge: Challenge)
        /// Its credentials are wrong.
        case refused(SIPResponse)
    }

    private var realm = ""
    private var sources = SourceMatcher([])
    private var accounts: [String: (account: Account, source: CallSource)] = [:]
    private var algorithms: [DigestAlgorithm] = []
    private var verifier = DigestVerifier(nonces: NonceAuthority(now: .now))
    private var limiter = FailureLimiter()
    private var exempt = ExemptAddresses.none
    /// Answers that wait, as those who guess are slowed down; beyond the bound they are given at once.
    private var delayed = 0
    private static let mostDelayed = 200
    /// The trunk with whose registrar, at an address, we are registered; of several the one whose contact is dialled.
    private let registeredTrunk: @LoopActor (_ address: String, _ dialled: String) -> String?
    /// Whether a phone of the user is registered from an address.
    var isRegistered: @LoopActor (_ user: String, _ address: String) -> Bool = { _, _ in false }
    /// Hears of each ban when it begins.
    var onBan: @LoopActor (FailureLimiter.Ban) -> Void = { _ in }
    private let log: Logger
    private var lines = LineBudget(perSecond: 20)

    init(
        settings: CallSettings, log: Logger,
        registeredTrunk: @escaping @LoopActor (_ address: String, _ dialled: String) -> String?
    ) {
        self.registeredTrunk = registeredTrunk
        self.log = log
        apply(settings)
    }

    /// Takes the users and trunks of other settings. Nonces stay good, and failures count on.
    func apply(_ settings: CallSettings) {
        realm = settings.realm
        exempt = settings.exempt
        sources = SourceMatcher(settings.trunks)
        accounts = [:]
        for trunk in settings.trunks {
            guard let credentials = trunk.inbound.credentials else { continue }
            let account = Account(name: credentials.username, credential: credentials.credential)
            accounts[account.name] = (account, .trunk(trunk.name))
        }
        for user in settings.users.values {
            accounts[user.name] = (Account(name: user.name, credential: user.credential), .user(user.name))
        }
        // Where no account has a hash for what is to be offered, what they have.
        let possible = DigestVerifier.algorithms(for: accounts.values.map(\.account))
        let wanted = possible.filter(settings.digest.contains)
        algorithms = !wanted.isEmpty ? wanted : possible.isEmpty ? settings.digest : possible
    }

    /// Decides about a request. `then` is called once: at once, or a little later where a source has guessed before.
    func identify(_ request: Request, then: @escaping @LoopActor (Verdict) -> Void) {
        // Wrong passwords that came from a trunk's address shut out no call of the trunk, which needs none.
        if let trunk = sources.trunk(source: request.address, domain: request.domain)
            ?? registeredTrunk(request.address, request.dialled) {
            return then(.known(.trunk(trunk)))
        }
        identifyUser(request, then: then)
    }

    /// As ``identify(_:then:)``, but an address proves nothing: for what only users may do.
    func identifyUser(_ request: Request, then: @escaping @LoopActor (Verdict) -> Void) {
        let now = ContinuousClock.now
        // As if it had brought no credentials: who guesses does not learn whether they were right, nor that they were not looked at.
        guard !isBanned(request.authorizations, from: request.address, now: now) else { return then(unproven(request)) }
        check(request, now: now, then)
    }

    /// Whether a REGISTER brings credentials with which it could succeed.
    public func mayAuthenticate(_ register: SIPIncomingRegister) -> Bool { hasCredentials(register.authorizations, from: register.flow.peerAddress) }

    /// Whether a request brings credentials that a decision could rest on.
    func hasCredentials(_ authorizations: [String], from address: String) -> Bool {
        let now = ContinuousClock.now
        guard !authorizations.isEmpty, verifier.hasCredentials(authorizations, realm: realm, binding: address, now: now) else { return false }
        return !isBanned(authorizations, from: address, now: now)
    }

    /// Whether the sender of a new call is a trunk by its address.
    func isTrunk(_ call: SIPNewCall) -> Bool {
        sources.trunk(source: call.address, domain: call.requestHost) != nil || registeredTrunk(call.address, call.requestUser) != nil
    }

    /// Whether anybody has credentials to prove.
    var hasAccounts: Bool { !accounts.isEmpty }

    /// What asks the sender at an address for credentials; nil where nobody has any.
    func challenge(for address: String) -> SIPResponse? {
        accounts.isEmpty ? nil : challenge(binding: address)
    }

    private func isBanned(_ authorizations: [String], from address: String, now: ContinuousClock.Instant) -> Bool {
        guard !authorizations.isEmpty else { return false }
        let user = Request.claimedUser(authorizations)
        if case .banned = limiter.verdict(address: counted(address), user: user, isKnown: isKnown(user, at: address), now: now) { return true }
        return false
    }

    /// The address that failures count for; nil where it stands for many.
    private func counted(_ address: String) -> String? { exempt.contain(address) ? nil : address }

    private func isKnown(_ user: String?, at address: String) -> Bool { user.map { isRegistered($0, address) } ?? false }

    private func check(_ request: Request, now: ContinuousClock.Instant, _ then: @escaping @LoopActor (Verdict) -> Void) {
        let verdict = verifier.verify(
            request.authorizations, method: request.method, uri: request.uri, realm: realm, binding: request.address, now: now
        ) { accounts[$0]?.account }
        switch verdict {
        case .valid(let name):
            guard let source = accounts[name]?.source else { return then(unproven(request)) }
            limiter.proved(address: request.address, user: name, now: now)
            then(.known(source))
        case .challenge(let stale):
            then(unproven(request, stale: stale))
        case .refused(let refusal):
            noteFailure(request, ["method": "\(request.method)", "reason": "\(refusal.rawValue)"])
            failed(request, then)
        }
    }

    /// A line about wrong credentials: whose they should be, from where, by which program.
    private func noteFailure(_ request: Request, _ fields: Logger.Metadata) {
        let (isAdmitted, omitted) = lines.admit()
        guard isAdmitted else { return }
        var fields = fields
        let source = request.port.flatMap { SocketAddress(address: request.address, port: $0) }
        fields["source"] = "\(source?.description ?? request.address)"
        fields["user"] = request.claimedUser.map { "\($0)" }
        fields["user_agent"] = request.userAgent.map { "\($0)" }
        if omitted > 0 { fields["omitted"] = "\(omitted)" }
        log.notice("wrong credentials", metadata: fields)
    }

    /// A wrong password is answered by a fresh challenge, as a person may have mistyped it; who goes on guessing waits for it.
    private func failed(_ request: Request, _ then: @escaping @LoopActor (Verdict) -> Void) {
        let refused = Verdict.refused(challenge(binding: request.address))
        let user = request.claimedUser
        let (verdict, ban) = limiter.failed(address: counted(request.address), user: user, isKnown: isKnown(user, at: request.address), now: .now)
        if let ban { onBan(ban) }
        guard case .delay(let delay) = verdict, delayed < RequestAuthenticator.mostDelayed else { return then(refused) }
        delayed += 1
        request.onDelay?()
        _ = LoopTimer.schedule(after: delay) { [self] in
            delayed -= 1
            then(refused)
        }
    }

    /// How much is not looked at at the moment.
    var banCount: Int { limiter.banCount(now: .now) }

    /// Those whose credentials are not looked at at the moment.
    var bans: [FailureLimiter.Ban] { limiter.bans(now: .now) }

    /// Lifts bans; see ``FailureLimiter/lift(address:user:now:)``.
    func lift(address: String?, user: String?) -> [FailureLimiter.Ban] { limiter.lift(address: address, user: user, now: .now) }

    private func unproven(_ request: Request, stale: Bool = false) -> Verdict {
        .unproven { [self] in challenge(binding: request.address, stale: stale) }
    }

    private func challenge(binding: String, stale: Bool = false) -> SIPResponse {
        let values = verifier.challenges(
            realm: realm, binding: binding, now: .now, stale: stale,
            algorithms: algorithms)
        return SIPResponse(status: 401, headers: values.map { ("WWW-Authenticate", $0) })
    }
}

extension RequestAuthenticator.Request {
    /// The name in the first credentials that can be read, proven or not.
    fileprivate var claimedUser: String? { Self.claimedUser(authorizations) }

    fileprivate static func claimedUser(_ authorizations: [String]) -> String? {
        authorizations.lazy.compactMap { (try? DigestCredentials.parse($0))?.first?.username }.first
    }
}
