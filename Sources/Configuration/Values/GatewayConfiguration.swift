public import Authentication
public import Logging
public import SIPNames
public import TLS

/// Everything that an operator can choose, as typed values. ``ConfigurationReader`` fills it from a file, the environment
/// and arguments; the initialiser gives the defaults, which are those of `config/tern.yaml`.
public struct GatewayConfiguration: Sendable, Equatable {
    /// The version of what the keys mean that this Tern knows. One that is higher is refused; a lower one is read as it was meant.
    public static let latestVersion = 1

    /// Key `configuration_version`.
    public var version = latestVersion
    /// Section `sip`: the listeners and the identity towards phones.
    public var sip = SIP()
    /// Section `http`: the page and the browser API.
    public var http = HTTP()
    /// Section `media`: where RTP goes.
    public var media = Media()
    /// Section `nat`: a NAT before the gateway.
    public var nat = NAT()
    /// Section `janus`: the media server.
    public var janus = Janus()
    /// Section `recordings`.
    public var recordings = Recordings()
    /// Section `registrar`: phones that register.
    public var registrar = Registrar()
    /// Section `cluster`: this gateway as one of several.
    public var cluster = Cluster()
    /// Section `records`: what is kept of each call.
    public var records = Records()
    /// Section `calls`: limits in time.
    public var calls = Calls()
    /// Section `limits`: what is taken under load, and of strangers.
    public var limits = Limits()
    /// Section `api`: the browser API.
    public var api = API()
    /// Section `log`.
    public var log = Log()
    /// Section `traces`.
    public var traces = Traces()
    /// Section `hep`.
    public var hep = HEP()
    /// Key `users`: who may log in, and be called. At most 10,000. Default: the two sample users.
    public var users: [User] = SampleUsers.all
    /// Key `tokens`: whose tokens browsers may log in with. At most 32. Default: none.
    public var tokens: [TokenKey] = []
    /// Key `trunks`: carriers and PBXs. At most 100. Default: none.
    public var trunks: [Trunk] = []
    /// Key `routes`: the first that takes a call decides. At most 1,000. Default: `echo`, then every user by name.
    public var routes: [Route] = [
        Route(.exact("echo"), to: [.echo]),
        Route(.any, to: [.user(nil)]),
    ]

    /// Key `probes`: lines that are tested by calling them. At most 100. Default: none.
    public var probes: [Probe] = []

    /// The defaults: everything listens on loopback, with the sample users.
    public init() {}

    /// Absolute path of the socket by which programs of this machine ask the gateway: `tern calls` and others.
    public var controlSocket: String { janus.directory + "/control" }

    /// The user called `name`, if there is one.
    public func user(named name: String) -> User? {
        users.first { $0.name == name }
    }
}

extension GatewayConfiguration {
    /// Section `http`.
    public struct HTTP: Sendable, Equatable {
        /// Key `http.listen`: `ADDRESS:PORT`, IPv6 in brackets; port 0 takes any free one. Default: `127.0.0.1:8080`.
        public var listen = ListenAddress(transport: .tcp, address: "127.0.0.1", port: 8080)
        /// Key `http.allowed_origins`: origins (`https://example.org`) whose pages may open the WebSocket beside those of this
        /// gateway itself, at most 64. Default: empty. Programs that are no browsers send no origin and are not limited by it.
        public var allowedOrigins: [String] = []
        /// Key `http.hosts`: host names by which browsers reach the page, at most 64. With some, a page that was loaded by another name may not open the
        /// WebSocket; by an address it always may. Default: empty, which is any name.
        public var hosts: [String] = []
        /// Key `http.metrics_from`: addresses and ranges that may read `/metrics`, at most 64. Default: loopback. Requests that a proxy
        /// passes on, and says so, may not.
        public var metricsFrom = ["127.0.0.0/8", "::1"].compactMap(AddressRange.init)
        /// Keys `http.tls.certificate` and `http.tls.key`: PEM files. With them HTTPS and WSS are served, and nothing else.
        /// Without a key it stands in the certificate's file. Default: none.
        public var tls: TLSFiles?

        public init() {}
    }
}

extension GatewayConfiguration {
    /// Section `calls`. Times are numbers of seconds, or carry a unit: `500ms`, `30s`, `2m`, `1h`.
    public struct Calls: Sendable, Equatable {
        /// Key `calls.ring_timeout`: how long a called party may ring, 1 s to 1 h. Default: 60 s.
        public var ringTimeout = Duration.seconds(60)
        /// Key `calls.maximum_duration`: an answered call is ended after it, 1 s to 7 days; `0` is no limit (nil).
        /// Default: 12 h.
        public var maximumDuration: Duration? = .seconds(12 * 3_600)

        /// Key `calls.drain`: how long a gateway that is told to stop waits for its calls to end, 0 to 24 h. Default: 30 min.
        public var drain = Duration.seconds(30 * 60)

        /// Key `calls.direct_uris`: whether browsers may dial `sip:` URIs of other domains, past the routes. Default: where there is
        /// no trunk; a trunk that knows the gateway by its address would take such calls, whatever the routes say.
        public var allowsDirectURIs = true

        /// Key `calls.line_tests`: how many results of line tests are kept in memory, 0 to 10,000. Default: 200.
        public var lineTests = 200

        /// Key `calls.line_test_reports`: the SIP URI of a collector that gets the results of line tests (RFC 6035). Default: none.
        public var lineTestReports: String?

        /// Key `calls.redirects`: what becomes of a 3xx with which a phone of a user's answers. Default: `follow`.
        public var redirects = Redirects.follow

        /// What becomes of a redirection.
        public enum Redirects: String, Sendable, CaseIterable {
            /// It is followed, through the routes, as if the user had dialled the target. Those of trunks and URIs are passed on.
            case follow
            /// The caller gets it.
            case pass
        }

        public init() {}
    }
}

extension GatewayConfiguration {
    /// Section `api`.
    public struct API: Sendable, Equatable {
        /// Key `api.grace_time`: how long the calls of a lost WebSocket wait for its return, 0 to 1 h. Default: 10 s.
        public var graceTime = Duration.seconds(10)
        /// Key `api.sessions_per_user`: sessions that one user may have at once, 1 to 100,000. Default: 200.
        public var sessionsPerUser = 200

        public init() {}
    }
}

extension GatewayConfiguration {
    /// Section `log`.
    public struct Log: Sendable, Equatable {
        /// How a line is written.
        public enum Format: String, Sendable, CaseIterable {
            /// For people: time, level, label, message, `key=value`.
            case text
            /// For machines: one JSON object a line.
            case json
        }

        /// Key `log.level`: `trace`, `debug`, `info`, `notice`, `warning`, `error`, `critical`. Default: `info`.
        public var level = Logger.Level.info
        /// Key `log.format`: `text` or `json`. Default: `text`.
        public var format = Format.text
        /// Key `log.sip`: whether each SIP message has a line, its secrets removed. Default: no.
        public var sip = false

        public init() {}
    }
}
