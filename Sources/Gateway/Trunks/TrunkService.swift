internal import Authentication
internal import EventLoop
internal import Logging
internal import SIP

/// The trunks at work: runs a ``TrunkMachine`` for each, and does with SIP what it says.
@LoopActor
final class TrunkService {
    /// A trunk, its machine and its credentials.
    final class Entry {
        let trunk: Trunk
        var machine: TrunkMachine
        var timer: LoopTimer?
        var digest: DigestClient?

        init(_ trunk: Trunk) {
            self.trunk = trunk
            machine = TrunkMachine(trunk)
            digest = trunk.credentials.map {
                DigestClient(username: $0.username, credential: $0.credential, realm: $0.realm)
            }
        }
    }

    private let entries: [String: Entry]
    private let log: Logger

    init(configuration: GatewayConfiguration, log: Logger) {
        entries = Dictionary(configuration.trunks.map { ($0.name, Entry($0)) }) { first, _ in first }
        self.log = log
    }

    // MARK: Credentials

    /// Answers the challenges of a trunk; nil where we have nothing to answer them with.
    func authorizer(for trunk: Trunk) -> SIPAuthorizer? {
        guard let entry = entries[trunk.name], entry.digest != nil else { return nil }
        return { challenge in
            // Credentials that were refused are no better the second time, but for their nonce.
            guard challenge.attempt == 1 || entry.digest?.isStale(challenge.values) == true else { return nil }
            return entry.digest?.authorization(for: challenge.values, method: challenge.method, uri: challenge.requestURI)
        }
    }

    // MARK: Calls

    /// Where a call by this trunk is tried, in this order, each with its place in ``Trunk/targets``.
    func candidates(of trunk: Trunk) -> [(index: Int, target: TrunkTarget)] {
        (entries[trunk.name]?.machine.candidates ?? []).filter(trunk.targets.indices.contains).map { ($0, trunk.targets[$0]) }
    }

    /// A place for one more call, in either direction; nil where there are as many as there may be.
    func place(on trunk: Trunk) -> TrunkPlace? {
        guard let entry = entries[trunk.name], entry.machine.takeCall() else { return nil }
        return TrunkPlace { entry.machine.releaseCall() }
    }

    /// What a target said to a call: its final status, or nil when it rings.
    func note(_ status: Int?, from target: Int, of trunk: Trunk) {
        guard let entry = entries[trunk.name] else { return }
        let failed = status.map(trunk.failsOver) ?? false
        handle(failed ? .callFailed(target: target) : .callAnswered(target: target), of: entry)
    }

    // MARK: The machines

    private func handle(_ event: TrunkMachine.Event, of entry: Entry) {
        for action in entry.machine.handle(event, now: .now) { perform(action, of: entry) }
    }

    private func perform(_ action: TrunkMachine.Action, of entry: Entry) {
        switch action {
        case .sendRegister, .sendUnregister, .sendOptions: break
        case .schedule(let delay):
            entry.timer?.cancel()
            entry.timer = LoopTimer.schedule(after: delay) { [weak self] in self?.handle(.timer, of: entry) }
        case .cancelTimer:
            entry.timer?.cancel()
            entry.timer = nil
        case .report(let state):
            log.notice("trunk", metadata: ["trunk": "\(entry.trunk.name)", "state": "\(state)"])
        }
    }
}

/// The place of one call on a trunk, given back once.
@LoopActor
final class TrunkPlace {
    private var release: (@LoopActor () -> Void)?

    init(release: @escaping @LoopActor () -> Void) {
        self.release = release
    }

    func leave() {
        release?()
        release = nil
    }
}
