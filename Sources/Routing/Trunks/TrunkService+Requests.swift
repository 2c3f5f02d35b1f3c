internal import Configuration
internal import EventLoop
internal import SIP
internal import SIPNames

/// What a trunk's machine asks of SIP: REGISTER and OPTIONS, each to the hops of its target in turn.
extension TrunkService {
    /// How long a hop may take to answer an OPTIONS: it is to tell whether it is there, not to be waited for.
    private static let optionsTimeout = Duration.seconds(8)
    /// How long one may take to answer a REGISTER.
    private static let registerTimeout = Duration.seconds(16)

    func register(_ entry: Entry, target index: Int, expires: Duration) {
        guard let target = entry.target(index) else { return }
        let request = registration(of: entry, at: target, expires: expires)
        LoopActor.task { [weak self] in
            guard let self else { return }
            let (outcome, hop, trouble) = await self.send(request, to: target)
            if (200..<300).contains(outcome.status) {
                entry.registrar = hop?.address
                self.handle(.registered(target: index, expires: .seconds(RegistrationGrant.seconds(outcome, asked: request.expires ?? 0))), of: entry)
            } else {
                self.handle(
                    .registerFailed(
                        target: index, status: outcome.status, trouble: trouble, retryAfter: outcome.retryAfter.map { .seconds($0) },
                        minimumExpires: outcome.minExpires.map { .seconds($0) }),
                    of: entry)
            }
        }
    }

    /// Nobody waits for the answer: the registration ends by itself if there is none.
    func unregister(_ entry: Entry, target index: Int) {
        guard let target = entry.target(index) else { return }
        entry.registrar = nil
        var request = registration(of: entry, at: target, expires: .zero)
        request.timeout = .seconds(2)
        let last = LoopActor.task { [weak self] in
            _ = await self?.send(request, to: target)
        }
        farewells.insert(last)
        LoopActor.task { [weak self] in
            await last.value
            self?.farewells.remove(last)
        }
    }

    func options(_ entry: Entry, target index: Int) {
        guard let target = entry.target(index) else { return }
        let trunk = entry.trunk
        let request = SIPClientRequest(
            .options, target: target.uri(user: ""), from: "sip:\(address(of: trunk, at: target))",
            authorize: authorizer(for: trunk), timeout: Self.optionsTimeout)
        LoopActor.task { [weak self] in
            guard let self else { return }
            let (outcome, _, trouble) = await self.send(request, to: target)
            let event: TrunkMachine.Event =
                outcome.isFromPeer
                ? .optionsAnswered(target: index, status: outcome.status) : .optionsFailed(target: index, trouble: trouble)
            self.handle(event, of: entry)
        }
    }

    private func registration(of entry: Entry, at target: TrunkTarget, expires: Duration) -> SIPClientRequest {
        let trunk = entry.trunk
        return SIPClientRequest(
            .register, target: target.uri(user: ""), from: "sip:\(address(of: trunk, at: target))",
            contactUser: trunk.registration?.contact ?? trunk.name, expires: Int(clamping: expires.components.seconds),
            key: "trunk \(trunk.name) \(target)", authorize: authorizer(for: trunk), timeout: Self.registerTimeout)
    }

    /// The address-of-record that we have with a trunk, without scheme.
    private func address(of trunk: Trunk, at target: TrunkTarget) -> String {
        let user = trunk.credentials?.username ?? trunk.registration?.contact ?? trunk.name
        return "\(SIPURI.escaped(user: user))@\(trunk.fromDomain ?? target.host)"
    }

    /// Sends a request to the hops of a target, one after the other, until one says something (RFC 3263 section 4.3).
    ///
    /// - Returns: The last outcome; the hop that said so; and why no peer said anything, in words, where none did.
    private func send(_ request: SIPClientRequest, to target: TrunkTarget) async -> (SIPClientOutcome, SIPHop?, trouble: String?) {
        var outcome = SIPClientOutcome(status: 503, phrase: "Stopping", isFromPeer: false)
        guard let hops else { return (outcome, nil, nil) }
        let found: [SIPHop]
        do throws(NextHops.Failure) { found = try await hops.find(target) } catch { return (outcome, nil, error.description) }
        var trouble: String?
        for hop in found {
            guard let endpoint else { break }
            var request = request
            request.hop = hop
            outcome = await endpoint.request(request)
            if outcome.isFromPeer, outcome.status != 503 { return (outcome, hop, nil) }
            trouble = TrunkService.trouble(outcome, at: hop, of: target)
            self.hops?.markFailed(hop)
        }
        return (outcome, nil, trouble)
    }

    /// Why a hop has not answered, in words; nil where it has.
    static func trouble(_ outcome: SIPClientOutcome, at hop: SIPHop, of target: TrunkTarget) -> String? {
        guard !outcome.isFromPeer else { return nil }
        let address = SocketAddress(address: hop.address, port: hop.port)?.description ?? hop.address
        let place = hop.address == target.host ? address : "\(target.host) (\(address))"
        return switch outcome.status {
        case 408: "nobody answered at \(place)"
        // Sofia's own word for whatever the system said of the socket.
        case 503 where outcome.phrase == "Service Unavailable": "connection refused, or no way to the host: \(place)"
        default: "\(place): \(outcome.phrase)"
        }
    }
}

extension TrunkService.Entry {
    func target(_ index: Int) -> TrunkTarget? {
        trunk.targets.indices.contains(index) ? trunk.targets[index] : nil
    }
}

/// How long a registrar keeps our Contact, as its 2xx to a REGISTER says.
///
/// Registrars give it back changed: with the address and port at which they saw us, another transport, further parameters; beside bindings of others;
/// or not at all. A 2xx is success nevertheless (RFC 3261 section 10.2.4).
enum RegistrationGrant {
    /// Seconds: those of our own Contact, else of the only one, else of the Expires header, else what was asked for.
    static func seconds(_ outcome: SIPClientOutcome, asked: Int) -> Int {
        own(outcome)?.expires ?? outcome.expires ?? asked
    }

    /// The binding that is ours: of the same URI (section 19.1.4), else of our user, else the only one. Where our user has several, all but one are left
    /// from before, and the one that ends first is safe to go by.
    private static func own(_ outcome: SIPClientOutcome) -> SIPClientOutcome.Contact? {
        guard outcome.contacts.count > 1 else { return outcome.contacts.first }
        guard let own = SIPURI(outcome.ownContact) else { return nil }
        let contacts = outcome.contacts.map { (contact: $0, uri: SIPURI($0.uri)) }
        if let same = contacts.first(where: { $0.uri?.matches(own) == true }) { return same.contact }
        return contacts.filter { $0.uri?.user == own.user && own.user != nil }.map(\.contact)
            .min { ($0.expires ?? .max) < ($1.expires ?? .max) }
    }
}
