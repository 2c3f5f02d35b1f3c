public import Authentication
public import SDP
public import SIPNames
public import TLS
internal import Version

extension GatewayConfiguration {
    /// Section `sip`.
    public struct SIP: Sendable, Equatable {
        /// Key `sip.listen`: 1 to 16 of `udp:ADDRESS:PORT`, `tcp:ADDRESS:PORT` or `tls:ADDRESS:PORT`, IPv6 in
        /// brackets; port 5061 where `tls` has none.
        /// Default: UDP and TCP on 127.0.0.1, port 5060.
        public var listen: [ListenAddress] = [
            ListenAddress(transport: .udp, address: "127.0.0.1", port: 5060),
            ListenAddress(transport: .tcp, address: "127.0.0.1", port: 5060),
        ]
        /// Key `sip.domain`: host name or address that stands in From and To of our own requests.
        /// Default: the address of media.
        public var domain = "127.0.0.1"
        /// Key `sip.realm`: what passwords and `ha1` are for, shown to whoever must authenticate; 1 to 128 characters, without
        /// quotes and backslashes. Default: `sip.domain`.
        public var realm = "127.0.0.1"
        /// Key `sip.digest`: the algorithms that challenges offer, `MD5` and `SHA-256`. Phones that do not know SHA-256 should
        /// leave such a challenge out (RFC 8760 section 2.4), but many fail on it. Default: MD5 alone.
        public var digest: [DigestAlgorithm] = [.md5]
        /// Key `sip.user_agent`: the User-Agent and Server header, 1 to 128 characters. Default: `Tern/` and the version.
        public var userAgent = "Tern/\(TernVersion.current)"
        /// Key `sip.name_servers`: up to 8 of `ADDRESS` or `ADDRESS:PORT`, IPv6 in brackets, asked in this order.
        /// Default: none, which means those of `/etc/resolv.conf`.
        public var nameServers: [SocketAddress] = []
        /// Key `sip.maximum_calls`: calls at once, 1 to 100,000; one more is refused with 503. Default: 1,000.
        public var maximumCalls = 1_000
        /// Key `sip.srtp`: whether media of phones is SRTP. Default: optional.
        public var srtp = SRTPPolicy.optional
        /// Keys `sip.tls.certificate` and `sip.tls.key`: PEM files, for listeners with `tls:`. Without a key it stands in the
        /// certificate's file. Default: none.
        public var tls: TLSFiles?
        /// Key `sip.tls.authorities`: a PEM file of those whose certificates are believed when we connect. Default: Debian's.
        public var authorities = "/etc/ssl/certs/ca-certificates.crt"

        public init() {}
    }
}

extension GatewayConfiguration {
    /// Section `registrar`: phones that register.
    public struct Registrar: Sendable, Equatable {
        /// Key `registrar.database`: what keeps registrations over a restart: a file, whose path is absolute here, and relative to the
        /// working directory where it was given relative; or a Redis, where other gateways see them. Default: `registrations.sqlite`.
        public var database = Database.file(AbsolutePath.of("registrations.sqlite"))
        /// Key `registrar.minimum_expires`: a phone that asks for less is told to ask for this, 1 s to 1 h. Default: 60 s.
        public var minimumExpires = Duration.seconds(60)
        /// Key `registrar.maximum_expires`: the longest that a registration lasts, 1 s to 7 days. Default: 1 h.
        public var maximumExpires = Duration.seconds(3_600)
        /// Key `registrar.contacts_per_user`: 1 to 100. Default: 10.
        public var contactsPerUser = 10

        /// Key `registrar.keepalive`: how often a phone behind NAT that registered over UDP is asked whether it is there, so
        /// that the NAT remembers it, 1 s to 5 min; `0` is never (nil). Default: 25 s.
        public var keepalive: Duration? = .seconds(25)

        public init() {}
    }
}
