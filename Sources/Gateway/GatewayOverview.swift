internal import BrowserAPI
internal import Calls
internal import Configuration
internal import Diagnosis
internal import EventLoop
internal import JSON
internal import Logging
internal import Media
internal import Routing
internal import SIP
internal import Version

/// What operators see of the gateway at the moment, and what they may do to it: the commands `get_overview`,
/// `list_line_tests`, `hang_up`, `drain`, `drain_media`, `list_bans` and `lift_ban`.
@LoopActor
final class GatewayOverview {
    /// Entries of each list.
    static let maximumEntries = 500

    /// What is in force.
    var configuration: GatewayConfiguration
    private let switchboard: Switchboard
    private let sessions: SessionRegistry
    private let trunks: TrunkService
    private let media: MediaBackend
    private let api: BrowserAPI
    private let counter = CallCounter()
    /// Why no call can be taken at the moment.
    private let obstacles: @LoopActor () -> [String]
    private let log: Logger
    private let load: @LoopActor () -> SIPLoad?
    /// Whether the gateway ends with its last call.
    private let isStopping: @LoopActor () -> Bool
    /// The cluster; nil where this gateway is the only one.
    var cluster: (@LoopActor () -> JSONValue?)?

    init(
        configuration: GatewayConfiguration, switchboard: Switchboard, sessions: SessionRegistry, trunks: TrunkService, media: MediaBackend,
        api: BrowserAPI, log: Logger, load: @escaping @LoopActor () -> SIPLoad?, isStopping: @escaping @LoopActor () -> Bool,
        obstacles: @escaping @LoopActor () -> [String]
    ) {
        self.configuration = configuration
        self.switchboard = switchboard
        self.sessions = sessions
        self.trunks = trunks
        self.media = media
        self.api = api
        self.log = log
        self.load = load
        self.isStopping = isStopping
        self.obstacles = obstacles
    }

    /// Has the commands answered from here on.
    func register(in commands: AdminCommands) {
        addBanCommands(to: commands)
        commands["get_overview"] = { [weak self] _ throws(APIError) in
            guard let self else { throw APIError(.shuttingDown) }
            return json
        }
        commands["list_line_tests"] = { [weak self] fields throws(APIError) in
            let count = try fields.optionalInteger("limit", in: 1...GatewayOverview.maximumEntries) ?? 100
            return ["tests": .array(self?.switchboard.lineTests.latest(count) ?? [])]
        }
        commands["hang_up"] = { [weak self] fields throws(APIError) in
            guard let self else { throw APIError(.shuttingDown) }
            return try hangUp(fields)
        }
        commands["drain"] = { [weak self] fields throws(APIError) in
            guard let self else { throw APIError(.shuttingDown) }
            return try drain(fields)
        }
        commands["drain_media"] = { [weak self] fields throws(APIError) in
            guard let self else { throw APIError(.shuttingDown) }
            return try drainMedia(fields)
        }
    }

    // MARK: What is done

    /// `list_bans` and `lift_ban`.
    private func addBanCommands(to commands: AdminCommands) {
        commands["list_bans"] = { [weak self] _ throws(APIError) in ["bans": .array(self?.switchboard.bans.map(\.json) ?? [])] }
        commands["lift_ban"] = { [weak self] fields throws(APIError) in
            let address = try fields.optionalText("address", bytes: 1...64), user = try fields.optionalText("user", bytes: 1...256)
            let isAll = try fields.optionalFlag("all") ?? false
            guard isAll != (address != nil) else { throw APIError(.missingField, "`address` is missing, or `all`: one of them") }
            return ["lifted": .array(self?.switchboard.liftBans(address: address, user: user).map(\.json) ?? [])]
        }
    }

    private func hangUp(_ fields: Fields) throws(APIError) -> JSONValue {
        let id = try fields.text("call_id", bytes: 1...128)
        guard switchboard.hangUp(id) else { throw APIError.unknownCall() }
        log.notice("an operator has ended a call", metadata: ["call": "\(id)"])
        return [:]
    }

    private func drain(_ fields: Fields) throws(APIError) -> JSONValue {
        guard let isOn = try fields.optionalFlag("on") else { throw APIError(.missingField, "`on` is missing") }
        // Who waits for the last call's end waits for no further ones.
        guard isOn || !isStopping() else { throw APIError(.shuttingDown) }
        if isOn != switchboard.isDraining {
            switchboard.isDraining = isOn
            log.notice(isOn ? "no new calls are taken: an operator drains the gateway" : "calls are taken again")
        }
        return ["draining": .bool(isOn)]
    }

    private func drainMedia(_ fields: Fields) throws(APIError) -> JSONValue {
        let name = try fields.text("name", bytes: 1...64)
        guard let isOn = try fields.optionalFlag("on") else { throw APIError(.missingField, "`on` is missing") }
        let restarts = try fields.optionalFlag("restart") ?? false
        guard isOn || !restarts else { throw APIError(.invalidField, "`restart` goes with `on`: true") }
        switch media.drain(name, isOn, restarts: restarts) {
        case .unknown:
            throw APIError(.unknownObject, "`name`: there is no such media server; there are \(media.servers.map(\.name).joined(separator: ", "))")
        case .notOwn: throw APIError(.invalidField, "`restart`: \(name) runs elsewhere (janus.mode: external), and is restarted there")
        case .done: break
        }
        log.notice(
            isOn ? "a media server gets no new sessions: an operator drains it" : "a media server gets new sessions again",
            metadata: ["server": "\(name)", "restarts_when_empty": "\(restarts)"])
        return media.servers.first { $0.name == name }?.json ?? [:]
    }

    // MARK: What there is

    /// What grows with the number of users: where there are many it is gathered once a second, however many ask.
    private struct Crowd {
        let registrations: JSONValue
        let clients: JSONValue
        let made: ContinuousClock.Instant
    }

    private var last: Crowd?

    private func crowd(_ now: ContinuousClock.Instant) -> Crowd {
        let isSmall = max(switchboard.registrar?.count ?? 0, api.clientCount) <= GatewayOverview.maximumEntries
        if !isSmall, let last, last.made.duration(to: now) < .seconds(1) { return last }
        let crowd = Crowd(registrations: registrations(now), clients: clients, made: now)
        last = crowd
        return crowd
    }

    private var json: JSONValue {
        let process = ProcessFigures(), now = ContinuousClock.now
        let crowd = crowd(now)
        return [
            "version": .string(TernVersion.current), "time": .real(Overview.unixTime),
            "uptime": .integer(Int(process.age)), "memory": .integer(process.residentMemory),
            "cpu_seconds": .real(process.processorTime),
            "draining": .bool(switchboard.isDraining), "obstacles": .array(obstacles().map(JSONValue.string)),
            "load": load()?.json ?? .null, "calls": calls, "rates": rates(now), "registrations": crowd.registrations,
            "trunks": Overview.list(trunks.snapshots, GatewayOverview.maximumEntries) { $0.json },
            "januses": Overview.list(media.servers, GatewayOverview.maximumEntries) { $0.json },
            "clients": crowd.clients, "limits": limits(process),
            "bans": Overview.list(switchboard.bans, GatewayOverview.maximumEntries) { $0.json }, "cluster": cluster?() ?? .null,
        ]
    }

    private var calls: JSONValue {
        let calls = switchboard.snapshots(limit: GatewayOverview.maximumEntries)
        return [
            "count": .integer(switchboard.callCount), "answered": .integer(switchboard.answeredCallCount), "list": .array(calls.map(\.json)),
        ]
    }

    private func rates(_ now: ContinuousClock.Instant) -> JSONValue {
        ["last_minute": counter.rates.lastMinute(now: now).json, "minutes": .array(counter.rates.history(now: now).map(\.json))]
    }

    private func registrations(_ now: ContinuousClock.Instant) -> JSONValue {
        var bindings = switchboard.registrar?.all ?? []
        // In order only where all are shown: to sort a hundred thousand would hold up calls.
        if bindings.count <= GatewayOverview.maximumEntries { bindings.sort { ($0.user, $0.id) < ($1.user, $1.id) } }
        return Overview.list(bindings, GatewayOverview.maximumEntries) { $0.json(now: now) }
    }

    private var clients: JSONValue {
        var clients = api.allClients
        if clients.count <= GatewayOverview.maximumEntries { clients.sort { ($0.user.name, $0.id) < ($1.user.name, $1.id) } }
        return Overview.list(clients, GatewayOverview.maximumEntries) { $0.json }
    }

    private func limits(_ process: ProcessFigures) -> JSONValue {
        [
            "sessions": ["used": .integer(sessions.count), "of": .integer(configuration.sip.maximumCalls)],
            "descriptors": ["used": .integer(process.openDescriptors), "of": .integer(process.maximumDescriptors)],
            "rtp_ports": ["of": .integer(configuration.media.rtpPorts.count)],
        ]
    }
}

extension SIPLoad {
    /// As `get_overview` and `GET /status` have it; the rates are calls a second.
    var json: JSONValue {
        var fields: [String: JSONValue] = [
            "set_ups": .integer(setUps), "demand": .integer(SIPLoad.whole(demand)), "refused_last_minute": .integer(refusedInLastMinute),
        ]
        fields["limit"] = callsPerSecond.map { .integer(SIPLoad.whole($0)) }
        return .object(fields)
    }
}
