/// Whom a ``SIPResolver`` asks, what it may find, and how long it takes.
public struct ResolverConfiguration: Sendable {
    /// At most this many name servers are asked: c-ares watches 16 sockets, two for each.
    public static let maximumNameServers = 8

    /// Asked in this order; empty for those of `/etc/resolv.conf`, whose changes are then followed.
    public var nameServers: [NameServer]
    /// What we can send by, in order of preference.
    public var paths: [Hop.Path]
    /// Time for one destination, all queries together.
    public var locateLimit: Duration

    /// The part of ``locateLimit`` that NAPTR may use up: some name servers do not answer what they do not know.
    var pointerLimit = Duration.seconds(2)
    /// Milliseconds until a name server is asked again or the next is; doubled with each round, of which there are two, or three
    /// with a single server.
    var serverTimeout: Int32 = 600
    /// Time after which an expired answer serves, while the question is still under way.
    var staleDelay = Duration.seconds(1)
    /// Questions that c-ares has at once: what fits into a socket buffer of the usual size.
    var maximumQueries = 128
    /// Questions under way and waiting; one more is refused.
    var maximumQuestions = 4_096
    /// Answers that wait for somebody; one more is refused.
    var maximumWaiters = 16_384
    var files = SystemFiles()

    public init(
        nameServers: [NameServer] = [], paths: [Hop.Path] = Hop.Path.all(transports: [.udp, .tcp]),
        locateLimit: Duration = .seconds(5)
    ) {
        self.nameServers = nameServers
        self.paths = paths
        self.locateLimit = locateLimit
    }

    /// Where the system keeps what it knows of names.
    struct SystemFiles: Sendable {
        var nameServers = "/etc/resolv.conf"
        /// resolv.conf names no ports.
        var nameServerPort = NameServer.standardPort
        var hosts = "/etc/hosts"
        /// Both are looked at again at most this often.
        var checkInterval = Duration.seconds(30)
    }
}
