internal import Authentication
internal import BrowserAPI
internal import Calls
public import Configuration
internal import Diagnosis
public import EventLoop
internal import JSON
internal import Logging
internal import Media
internal import Registrar
internal import Routing
internal import SIP
internal import SIPNames
internal import WebSocket

/// Reads the configuration as at the start, on any thread.
public typealias ConfigurationRereader = @Sendable () -> Result<LoadedConfiguration, TernConfigurationError>

/// What came of reading the configuration again.
public enum ConfigurationReload: Sendable {
    /// What it changes, and warnings about what was read.
    case read(ConfigurationChange, warnings: [String])
    /// The configuration of before stays in force. One problem an entry.
    case refused([String])
}

extension Gateway {
    /// Reads the configuration and the certificates again. Calls, registrations and connections stay as they are; what is refused changes
    /// nothing. Each problem, and each key that needs a restart, has a line in the log.
    @discardableResult
    public func reload() async -> ConfigurationReload {
        let former = reloading
        let task = LoopActor.task { [self] in
            _ = await former?.value
            return await readAgain()
        }
        reloading = task
        return await task.value
    }

    private func readAgain() async -> ConfigurationReload {
        guard let reader else { return refuse(["this gateway was started without a configuration that could be read again"]) }
        switch await Task.detached(operation: reader).value {
        case .failure(let error): return refuse(error.problems.map(\.description))
        case .success(let loaded):
            guard !isStopping else { return refuse(["the gateway is stopping"]) }
            await certificates.reload()
            for warning in loaded.warnings { log.warning("configuration", metadata: ["key": "\(warning.key)", "problem": "\(warning)"]) }
            let change = ConfigurationChange(startedWith: first, current: configuration, read: loaded.configuration)
            apply(change.configuration, routePlaces: loaded.routePlaces)
            log.notice("configuration read again", metadata: ["changed": "\(change.live.isEmpty ? "nothing" : change.live.joined(separator: ", "))"])
            if !change.needRestart.isEmpty {
                log.warning("changes of the configuration need a restart", metadata: ["keys": "\(change.needRestart.joined(separator: ", "))"])
            }
            return .read(change, warnings: loaded.warnings.map(\.description))
        }
    }

    private func refuse(_ problems: [String]) -> ConfigurationReload {
        for problem in problems { log.error("configuration not read again", metadata: ["problem": "\(problem)"]) }
        return .refused(problems)
    }

    /// Hands each part what it takes of a configuration, from now on.
    private func apply(_ new: GatewayConfiguration, routePlaces: [ConfigurationOrigin]) {
        let former = configuration
        configuration = new
        trunks.apply(new.trunks)
        switchboard.apply(CallSettings(new), RoutingTable(new, places: routePlaces))
        service.take(tokens: new.tokens)
        revoke(former.users, new.users)
        switchboard.registrar?.limits = new.registrar.limits
        if new.registrar.keepalive != former.registrar.keepalive { keepFlows() }
        endpoint?.maximumLegs = new.sip.maximumLegs
        endpoint?.overloadLimits = OverloadControl.Limits(new.limits)
        applyExempt()
        server?.admit(origins: new.http.allowedOrigins, hosts: new.http.hosts)
        api.graceTime = new.api.graceTime
        if new.probes != former.probes { probes.apply(new.probes) }
        if new.media.timeout != former.media.timeout { watchMedia() }
        media.latching = new.media.engineLatching
        overview?.configuration = new
        // What an operator has set meanwhile stays, where the file says what it has said before.
        if new.log.level != former.log.level { logOutput.level = new.log.level }
        if new.log.format != former.log.format { logOutput.format = new.log.format }
        if new.log.sip != former.log.sip { sipMessages.isOn = new.log.sip }
    }

    /// Tells each part with limits by address which addresses these do not count. Connections over loopback are never counted.
    func applyExempt() {
        let exempt = ExemptAddresses.loopback.union(configuration.exempt)
        endpoint?.exempt = exempt
        server?.exempt = exempt
        api.exempt = exempt
    }

    /// Phones of users who are none any more are not called; browsers of users with other credentials or rights have to log in again.
    private func revoke(_ former: [GatewayConfiguration.User], _ new: [GatewayConfiguration.User]) {
        let users = Dictionary(new.map { ($0.name, $0) }) { first, _ in first }
        for user in former {
            let now = users[user.name]
            if now == nil { switchboard.registrar?.remove(user: user.name) }
            guard now?.credential != user.credential || now?.isAdmin != user.isAdmin else { continue }
            for client in api.clients(of: user.name) { api.revoke(client) }
        }
        revoking?.cancel()
        revoking = LoopTimer.schedule(after: .seconds(1), every: .seconds(1)) { [weak self] in
            guard let self, !api.endRevoked() else { return }
            revoking?.cancel()
        }
    }

    /// Ends calls whose phones send nothing any more, after the time that the configuration says.
    func watchMedia() {
        mediaWatch?.stop()
        mediaWatch = configuration.media.timeout.map { MediaWatch(limit: $0, sessions: sessions) }
        mediaWatch?.start()
    }

    /// `reload`: for operators.
    func addReloadCommand(to commands: AdminCommands) {
        commands["reload"] = { [weak self] _ throws(APIError) in
            guard let self else { throw APIError(.shuttingDown) }
            switch await reload() {
            case .refused(let problems):
                throw APIError(.wrongState, "the configuration of before stays in force:\n" + problems.joined(separator: "\n"))
            case .read(let change, let warnings):
                return [
                    "changed": .array(change.live.map(JSONValue.string)), "need_restart": .array(change.needRestart.map(JSONValue.string)),
                    "warnings": .array(warnings.map(JSONValue.string)),
                ]
            }
        }
    }
}

extension GatewayConfiguration.SIP {
    /// A call has two legs.
    var maximumLegs: Int { maximumCalls * 2 }
}
