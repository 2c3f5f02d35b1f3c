public import Authentication
public import ProxyCore
public import Resolver
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
        public var nameServers: [NameServer] = []
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
