public import Authentication

/// Everything that an operator can choose, as typed values. ``ConfigurationReader`` fills it from a file, the environment
/// and arguments; the initialiser gives the defaults, which are those of `config/tern.yaml`.
public struct GatewayConfiguration: Sendable, Equatable {
    /// Section `sip`: the listeners and the identity towards phones.
    public var sip = SIP()
    /// Section `http`: the page and the browser API.
    public var http = HTTP()
    /// Section `media`: where RTP goes.
    public var media = Media()
    /// Section `janus`: the media server.
    public var janus = Janus()
    /// Section `recordings`.
    public var recordings = Recordings()
    /// Section `registrar`: phones that register.
    public var registrar = Registrar()
    /// Section `calls`: limits in time.
    public var calls = Calls()
    /// Section `api`: the browser API.
    public var api = API()
    /// Section `log`.
    public var log = Log()
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

    /// The defaults: everything listens on loopback, with the sample users.
    public init() {}

    /// The user called `name`, if there is one.
    public func user(named name: String) -> User? {
        users.first { $0.name == name }
    }
}
