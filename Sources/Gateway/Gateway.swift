internal import Authentication
internal import BrowserAPI
internal import Calls
internal import Cluster
public import Configuration
internal import Control
public import Diagnosis
public import EventLoop
internal import Foundation
internal import JSON
public import Logging
internal import Media
internal import ProxyCore
internal import Recording
internal import Registrar
internal import Routing
internal import SIP
public import SIPNames
internal import TLS
internal import Web
internal import WebSocket

/// The gateway: phones on one side, browsers on the other, Janus between them.
///
/// It wires the parts together and owns them. ``start()`` returns when it listens; ``stop()`` ends its calls, tells whoever
/// was in them, and leaves nothing behind.
@LoopActor
public final class Gateway {
    /// How long `start()` waits for Janus. The gateway then runs without it and answers 503 until it comes.
    private static let mediaPatience = Duration.seconds(10)

    /// What is in force.
    var configuration: GatewayConfiguration
    /// What the gateway was made with: the parts that are made once have their values from it.
    let first: GatewayConfiguration
    /// Reads the configuration again, on any thread.
    let reader: ConfigurationRereader?
    var reloading: Task<ConfigurationReload, Never>?
    var revoking: LoopTimer?
    let log: Logger
    let media: MediaBackend
    var mediaWatch: MediaWatch?
    private let mediaHosts = MediaHosts()
    let recordings: RecordingService
    let sessions: SessionRegistry
    let trunks: TrunkService
    let switchboard: Switchboard
    let service: BrowserService
    let api: BrowserAPI
    let certificates: Certificates
    /// What other gateways have; nil where this is the only one.
    private(set) var cluster: ClusterService?
    private(set) var endpoint: SIPEndpoint?
    private(set) var hops: NextHops?
    private(set) var flowKeeper: FlowKeeper?
    private(set) var server: WebSocketServer?
    private var control: ControlServer?
    let probes: Probes
    private(set) var overview: GatewayOverview?
    /// Whether ``start()`` has come to its end.
    private var hasStarted = false
    /// Set when the gateway is to end: at once, or when its calls have ended.
    private(set) var isStopping = false
    let logOutput: LogOutput
    let sipMessages: SIPMessageLog
    let metrics: MetricsRegistry
    let traces: GatewayTraces
    private let loopDelay = LoopDelay()
    let records: RecordService
    let downloads = DownloadTickets()

    /// - Parameters:
    ///   - routePlaces: Where each of the routes was written, for the log.
    ///   - metrics: What the parts count into through swift-metrics, which has to be told before.
    ///   - logOutput: Where `logger` writes to, for admins who change its level.
    ///   - reader: Reads the configuration again, for ``reload()``; without one it stays as it is.
    public init(
        configuration: GatewayConfiguration, routePlaces: [ConfigurationOrigin] = [], metrics: MetricsRegistry = MetricsRegistry(), logger: Logger,
        logOutput: LogOutput = .standardError, reader: ConfigurationRereader? = nil
    ) {
        self.configuration = configuration
        first = configuration
        self.reader = reader
        self.metrics = metrics
        log = logger
        traces = GatewayTraces(configuration, log: logger)
        certificates = Certificates(log: logger)
        records = RecordService(RecordSettings(configuration.records, gateway: RecordSettings.gateway(of: configuration), authorities: configuration.sip.authorities), log: logger)
        media = MediaBackend(MediaServers(configuration), latching: configuration.media.engineLatching, log: logger)
        recordings = RecordingService(configuration: RecordingConfiguration(configuration.recordings), log: logger)
        let context = SessionContext(
            media: media, mediaAddresses: configuration.toldAddresses, recordings: recordings,
            recordingsDirectory: configuration.recordings.directory, hosts: mediaHosts, log: logger)
        let table = CallTable()
        let sessions = SessionRegistry(factory: context, table: table)
        self.sessions = sessions
        trunks = TrunkService(configuration.trunks, log: logger)
        switchboard = Switchboard(
            settings: CallSettings(configuration), routing: RoutingTable(configuration, places: routePlaces), table: table, sessions: sessions,
            trunks: trunks, log: logger)
        service = BrowserService(sessions: sessions, switchboard: switchboard, log: logger)
        var settings = BrowserAPIConfiguration()
        settings.graceTime = configuration.api.graceTime
        api = BrowserAPI(configuration: settings, handler: service)
        self.logOutput = logOutput
        sipMessages = SIPMessageLog(log: logger)
        sipMessages.isOn = configuration.log.sip
        sessions.api = api
        probes = Probes(configuration.probes, orders: switchboard.testCalls, socket: configuration.controlSocket, records: records, log: logger)
        recordings.onOutcome = { [weak sessions] name, outcome in sessions?.finished(name, outcome) }
        switchboard.api = api
    }

    /// Starts Janus and both listeners.
    ///
    /// - Throws: What cannot be listened on, read or written; nothing is left running then.
    public func start() async throws(GatewayError) {
        try prepareRecordings()
        records.start()
        let page: WebPage
        do throws(WebPage.Failure) { page = try WebPage() } catch { throw .webPage(error.description) }
        service.take(tokens: configuration.tokens)
        service.recordings = recordingLookup
        do throws(GatewayError) {
            try await startRegistrar()
            try await startSIP()
            try await startHTTP(page)
            startTrunks()
            applyExempt()
        } catch {
            await stop()
            throw error
        }
        traces.start(api.admin, hops: hops)
        startControl()
        media.start()
        watchMedia()
        loopDelay.onDelay = { [weak self] in self?.endpoint?.note(loopDelay: $0) }
        loopDelay.start()
        await recordings.start()
        await media.waitUntilReady(for: Gateway.mediaPatience)
        probes.start()
        hasStarted = true
        tellCluster()
        if !media.isReady { log.error("no media server yet: calls are answered 503 until there is one") }
    }

    private func prepareRecordings() throws(GatewayError) {
        let directory = configuration.recordings.directory
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
        } catch {
            throw .recordings("\(directory) cannot be made: \(error.localizedDescription)")
        }
        guard access(directory, W_OK) == 0 else { throw .recordings("\(directory) cannot be written to") }
    }

    private func startRegistrar() async throws(GatewayError) {
        let limits = configuration.registrar.limits, cluster = ClusterSettings(configuration)
        do throws(TLSError) {
            // Each connection reads it anew: what is watched is when it ends.
            certificates.watch(try await certificates.read(cluster?.redis.security?.identity)) { _ in }
        } catch {
            throw .registrar(error.description)
        }
        do throws(RegistrarError) {
            guard let settings = cluster else {
                switchboard.registrar = try await RegistrarService.start(database: "\(configuration.registrar.database)", limits: limits, log: log)
                return
            }
            let cluster = ClusterService(settings, isDraining: true, log: log)
            await cluster.start()
            self.cluster = cluster
            let registrar = try await RegistrarService.start(store: cluster.bindings, limits: limits, log: log)
            cluster.use(registrar)
            switchboard.registrar = registrar
            switchboard.others = cluster
            api.onPresence = { [weak cluster] user, isThere in cluster?.setBrowser(user, isThere: isThere) }
            switchboard.onDraining = { [weak self] _ in self?.tellCluster() }
            media.onChange = { [weak self] in self?.tellCluster() }
        } catch {
            throw .registrar("\(error)")
        }
    }

    /// Tells the other gateways whether calls may be handed on to this one.
    private func tellCluster() { cluster?.isDraining = !hasStarted || switchboard.isDraining || !media.isReady }

    /// Answers REGISTER from here on.
    private func takeRegistrations(_ endpoint: SIPEndpoint) {
        guard let registrar = switchboard.registrar else { return }
        let handler = RegisterHandler(authenticator: switchboard.authenticator, registrar: registrar, log: log) { [weak switchboard] host in
            switchboard?.ownAddresses.contain(host: host) ?? false
        }
        endpoint.onRegister = { [weak self] request, reply in
            guard self?.endpoint != nil else { return reply.respond(SIPResponse(status: 503, retryAfter: 10)) }
            handler.handle(request, reply)
        }
    }

    private func startSIP() async throws(GatewayError) {
        let needsTLS = configuration.sip.listen.contains { $0.transport == .tls }
        let identity: TLSIdentity?
        do throws(TLSError) {
            identity = try await certificates.read(needsTLS ? configuration.sip.tls : nil)
        } catch {
            throw .sip(error.description)
        }
        var settings = SIPEndpointConfiguration(
            listen: configuration.sip.listen, domain: configuration.sip.domain,
            userAgent: configuration.sip.userAgent)
        let hops = NextHops(nameServers: configuration.sip.nameServers, listening: configuration.sip.listen)
        settings.resolve = { name in await hops.locate(name) }
        mediaHosts.lookUp = { name in await hops.addresses(of: name) }
        self.hops = hops
        settings.maximumLegs = configuration.sip.maximumLegs
        settings.overload = OverloadControl.Limits(configuration.limits)
        settings.nat = configuration.natMapping
        settings.tls = identity.map {
            TLSEndpointContext.Settings(identity: $0, authorities: configuration.sip.authorities)
        }
        let endpoint = SIPEndpoint(configuration: settings) { [weak switchboard] event in switchboard?.handle(event) }
        takeRegistrations(endpoint)
        endpoint.onNewCall = { [weak switchboard] call, wasChallenged in
            switchboard?.screen(call, wasChallenged: wasChallenged) ?? SIPNewCall.Screening(isKnown: false)
        }
        endpoint.mayAuthenticate = { [weak switchboard] register in
            switchboard?.authenticator.mayAuthenticate(register) ?? true
        }
        endpoint.isKnownPeer = { [weak switchboard] in switchboard?.hasRegistered(from: $0) ?? false }
        endpoint.takesCalls = { [weak switchboard] in switchboard?.isDraining == false }
        do throws(SIPError) {
            try endpoint.start()
        } catch {
            throw .sip(error.description)
        }
        self.endpoint = endpoint
        switchboard.endpoint = endpoint
        certificates.watch(identity) { [weak endpoint] identity throws(TLSError) in try endpoint?.use(identity) }
        for address in endpoint.listening { log.info("listening for SIP", metadata: ["address": "\(address)"]) }
    }

    private func startTrunks() {
        guard let endpoint, let hops else { return }
        keepFlows()
        trunks.start(endpoint, hops: hops)
        if let collector = configuration.calls.lineTestReports {
            switchboard.lineTests.reporter = LineTestReporter(
                collector: collector, domain: configuration.sip.domain, endpoint: endpoint, locate: { name in await hops.locate(name) }, log: log)
        }
    }

    /// Begins to keep the way open to phones behind NAT, as often as the configuration says.
    func keepFlows() {
        guard let registrar = switchboard.registrar, let endpoint else { return }
        flowKeeper?.stop()
        flowKeeper = FlowKeeper(
            registrar: registrar, endpoint: endpoint, interval: configuration.registrar.keepalive, domain: configuration.sip.domain)
    }

    private func startHTTP(_ page: WebPage) async throws(GatewayError) {
        let listen = configuration.http.listen
        let identity: TLSIdentity?
        do throws(TLSError) { identity = try await certificates.read(configuration.http.tls) } catch { throw .http(error.description) }
        var settings = WebSocketServerConfiguration(address: listen.address, port: listen.port)
        settings.allowedOrigins = configuration.http.allowedOrigins
        settings.hosts = configuration.http.hosts
        settings.tls = identity
        let web = WebService(page: page, api: api, reports: reports, downloads: downloads)
        let server = WebSocketServer(configuration: settings, handler: web)
        do throws(WebSocketError) {
            try server.start()
        } catch {
            throw .http("\(error)")
        }
        self.server = server
        self.web = web
        certificates.watch(identity) { [weak server] identity throws(TLSError) in try server?.use(identity) }
        log.info("listening for \(identity == nil ? "HTTP" : "HTTPS")", metadata: ["address": "\(listen.address)", "port": "\(server.port)"])
    }

    /// A gateway without a control socket serves calls as well.
    private func startControl() {
        probes.address = { [weak self] in self?.switchboard.isDraining == false ? self?.localAddress : nil }
        probes.register(in: api.admin)
        let overview = GatewayOverview(
            configuration: configuration, switchboard: switchboard, sessions: sessions, trunks: trunks, media: media, api: api, log: log,
            load: { [weak self] in self?.endpoint?.load }, isStopping: { [weak self] in self?.isStopping ?? true }
        ) { [weak self] in self?.obstacles ?? [] }
        overview.cluster = { [weak self] in self?.cluster?.json }
        overview.register(in: api.admin)
        self.overview = overview
        api.admin["get_status"] = { [weak self] _ throws(APIError) in self?.status ?? [:] }
        addLogCommands(to: api.admin)
        addReloadCommand(to: api.admin)
        records.serve(api.admin)
        do throws(ControlError) {
            control = try ControlServer(path: configuration.controlSocket, commands: api.admin, log: log)
        } catch {
            log.warning("no commands are taken from this machine: there is no control socket", metadata: ["reason": "\(error)"])
        }
    }

    /// Where a program of this machine calls the gateway, and from which address.
    private var localAddress: (listener: ListenAddress, own: String)? {
        guard let listener = sipAddresses.first(where: { $0.transport == .udp }) ?? sipAddresses.first(where: { $0.transport == .tcp }),
            let address = IPAddress(listener.address)
        else { return nil }
        guard address.isUnspecified else { return (listener, "\(address)") }
        let media = configuration.media.address
        return (ListenAddress(transport: listener.transport, address: media, port: listener.port), media)
    }

    /// The server holds its handler weakly.
    private var web: WebService?

    /// Takes no new calls from now on, and says why to whoever asks.
    func takeNoMoreCalls() {
        isStopping = true
        switchboard.isDraining = true
    }

    /// Ends all calls and closes everything. Harmless when repeated.
    public func stop() async {
        takeNoMoreCalls()
        overview = nil
        revoking?.cancel()
        probes.stop()
        control?.stop()
        control = nil
        certificates.stop()
        mediaWatch?.stop()
        loopDelay.stop()
        switchboard.endAll()
        sessions.stopAll(.stopping)
        flowKeeper?.stop()
        flowKeeper = nil
        await trunks.stop()
        switchboard.lineTests.reporter?.stop()
        await endpoint?.stop()
        endpoint = nil
        switchboard.endpoint = nil
        api.stop()
        await server?.stop()
        server = nil
        web = nil
        await media.stop()
        await recordings.stop()
        traces.stop()
        await hops?.stop()
        hops = nil
        await records.stop()
        await switchboard.registrar?.stop()
        switchboard.registrar = nil
        await cluster?.stop()
        cluster = nil
    }

    /// The SIP addresses that are listened on, with their real ports.
    public var sipAddresses: [ListenAddress] { endpoint?.listening ?? [] }

    /// The HTTP address that is listened on, with its real port; nil while it is not.
    public var httpAddress: ListenAddress? {
        server.map { ListenAddress(transport: .tcp, address: configuration.http.listen.address, port: $0.port) }
    }
}
