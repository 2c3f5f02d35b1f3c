internal import Calls
internal import Cluster
public import Configuration
internal import Glibc
internal import Janus
internal import JSON
public import Media
internal import ProxyCore
internal import Recording
internal import Registrar
public import Routing
internal import SIP
public import SIPNames
internal import TLS

// What the parts of the gateway take of the configuration, in types of their own.

extension GatewayConfiguration.Media {
    /// The addresses that phones' media comes to.
    var addresses: LegAddresses { LegAddresses(address, ip6: address6) }

    /// As the media engine has it.
    var engineLatching: EngineConfiguration.Latching { latching == .auto ? .auto : .off }
}

extension RoutingTable {
    /// The routes, users and trunks of a configuration.
    ///
    /// - Parameter places: Where each of the routes was written; empty while the defaults stand.
    public init(_ configuration: GatewayConfiguration, places: [ConfigurationOrigin] = []) {
        self.init(
            routes: configuration.routes, users: configuration.users.map { User(name: $0.name, displayName: $0.displayName) },
            trunks: configuration.trunks, domain: configuration.sip.domain, places: places)
    }
}

extension CallSettings {
    /// Sections `sip`, `calls` and `api`, the users and the trunks.
    init(_ configuration: GatewayConfiguration) {
        let users = configuration.users.map {
            User(name: $0.name, credential: $0.credential, displayName: $0.displayName, isAdmin: $0.isAdmin, isRecorded: $0.isRecorded)
        }
        self.init(domain: configuration.sip.domain, users: users, trunks: configuration.trunks)
        realm = configuration.sip.realm
        digest = configuration.sip.digest
        srtp = configuration.sip.srtp
        hasTLS = configuration.sip.listen.contains { $0.transport == .tls }
        maximumCalls = configuration.sip.maximumCalls
        strangers = StrangerLimits(configuration.limits, maximumCalls: configuration.sip.maximumCalls)
        exempt = configuration.exempt
        nat = configuration.natMapping
        sessionsPerUser = configuration.api.sessionsPerUser
        ringTimeout = configuration.calls.ringTimeout
        maximumDuration = configuration.calls.maximumDuration
        allowsDirectURIs = configuration.calls.allowsDirectURIs
        followsRedirections = configuration.calls.redirects == .follow
        lineTests = configuration.calls.lineTests
        admitsGuests = configuration.tokens.contains(where: \.admitsUnknownUsers)
    }
}

extension GatewayConfiguration {
    /// The addresses that phones are told: behind a NAT the public one, but in local networks.
    var toldAddresses: LegAddresses {
        guard let nat = natMapping else { return media.addresses }
        return LegAddresses(nat.publicAddress.description, ip6: media.address6, local: media.address)
    }

    /// Addresses that no limit by address counts: those of `limits.exempt`, and those that trunks' calls come from.
    var exempt: ExemptAddresses { ExemptAddresses(limits.exempt + trunks.flatMap(\.inbound.addresses)) }
}

extension StrangerLimits {
    /// As section `limits` has them, or shares of all calls.
    init(_ limits: GatewayConfiguration.Limits, maximumCalls: Int) {
        self.init()
        perAddress = limits.strangersPerAddress ?? max(10, maximumCalls / 10)
        perPrefix = limits.strangersPerPrefix ?? max(20, maximumCalls / 5)
        unacknowledged = limits.unacknowledged ?? max(10, maximumCalls / 20)
    }
}

extension OverloadControl.Limits {
    /// As section `limits` has them.
    init(_ limits: GatewayConfiguration.Limits) {
        self.init()
        setUps = limits.setUps
        loopDelay = limits.loopDelay
        // A set-up takes several turns of the loop, and as many answers of Janus.
        setUpTime = limits.loopDelay * 5
        callsPerSecond = limits.callsPerSecond
    }
}

extension MediaServers {
    /// As section `janus` has it.
    public init(_ configuration: GatewayConfiguration) {
        switch configuration.janus.mode {
        case .managed:
            let janus = configuration.janus, isOne = janus.count == 1
            let processes = configuration.media.rtpPortShares(janus.count).enumerated().map { index, ports in
                let name = MediaBackend.name(index)
                return JanusProcessConfiguration(
                    name: isOne ? nil : name, executable: janus.executable, engine: janus.plugin,
                    directory: isOne ? janus.directory : "\(janus.directory)/\(name)", rtpPorts: ports, localAddress: configuration.media.address,
                    publicAddress: configuration.natMapping?.publicAddress.description,
                    eventLoops: janus.eventLoops, memoryLimit: janus.memoryLimit)
            }
            self = .managed(processes, phones: configuration.media.addresses)
        case .external:
            let servers = configuration.janus.urls.map { janus in
                ExternalServer(url: janus.url, addresses: janus.address.map { LegAddresses($0, ip6: janus.address6) })
            }
            self = .external(servers, apiSecret: configuration.janus.apiSecret?.value)
        }
    }
}

extension GatewayConfiguration.Registrar {
    /// As the registrar takes them. Parts of a second count as a whole one: SIP knows whole seconds.
    var limits: RegistrarLimits {
        var limits = RegistrarLimits()
        limits.minimumExpires = Self.wholeSeconds(minimumExpires)
        limits.maximumExpires = Self.wholeSeconds(maximumExpires)
        limits.contactsPerUser = contactsPerUser
        return limits
    }

    private static func wholeSeconds(_ time: Duration) -> Int {
        let (seconds, attoseconds) = time.components
        return Int(seconds) + (attoseconds > 0 ? 1 : 0)
    }
}

extension ClusterSettings {
    /// Section `cluster`; nil where registrations are in no Redis.
    init?(_ configuration: GatewayConfiguration) {
        guard case .redis(let redis) = configuration.registrar.database, let node = configuration.cluster.node,
            let secret = configuration.cluster.secret, let address = configuration.cluster.address
        else { return nil }
        let places = redis.places.map { RedisServer.Place(host: $0.host, port: $0.port) }
        guard let first = places.first else { return nil }
        let cluster = configuration.cluster
        let server = RedisServer(
            redis.master.map { .sentinels(places, master: $0) } ?? .server(first), user: redis.user, password: redis.password, database: redis.database,
            sentinelPassword: cluster.sentinelPassword, security: redis.isSecure ? TLSClientSettings(authorities: cluster.authorities, identity: cluster.identity) : nil)
        self.init(
            node: node, address: address, secret: secret, redis: server, prefix: cluster.prefix,
            longest: configuration.registrar.limits.maximumExpires)
    }
}

extension RecordingConfiguration {
    /// The subcommand of this program that prepares a recording.
    static let subcommand = "prepare-recording"

    init(_ recordings: GatewayConfiguration.Recordings) {
        // By its process: the file of that name may be another by now.
        self.init(
            directory: recordings.directory, video: recordings.video, keepsCaptures: recordings.keepsCaptures, jobs: recordings.jobs,
            minimumFree: recordings.minimumFree, ffmpeg: recordings.ffmpeg,
            preparation: ["/proc/\(getpid())/exe", RecordingConfiguration.subcommand])
    }
}

extension RecordingService.Status {
    /// As `GET /status` has it.
    var json: JSONValue {
        [
            "running": .integer(running), "unfinished": .integer(unfinished), "waiting": .integer(waiting), "ready": .integer(ready), "failed": .integer(failed),
            "refused": .integer(refused),
        ]
    }
}
