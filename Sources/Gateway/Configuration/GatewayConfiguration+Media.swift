internal import ProxyCore

extension GatewayConfiguration {
    /// Section `media`.
    public struct Media: Sendable, Equatable {
        /// Key `media.address`: the IPv4 address of this machine that phones send RTP to.
        /// Default: chosen by ``MediaAddress``; 127.0.0.1 where SIP listens on loopback only.
        public var address = "127.0.0.1"
        /// Key `media.address6`: the IPv6 address of this machine that phones send RTP to; nil where they have to use IPv4. A phone that
        /// offers an IPv6 address gets this one. Default: nil.
        public var address6: String?
        /// Key `media.rtp_ports`: UDP ports for RTP, `FIRST-LAST` within 1024 to 65535, at least 100 of them.
        /// Default: `20000-29999`.
        public var rtpPorts: ClosedRange<Int> = 20_000...29_999
        /// Key `media.timeout`: a call ends when a phone that should send media has sent neither RTP nor RTCP for this long, 1 s to 1 h;
        /// nil, which is 0 in the file, is never. Default: 1 min.
        public var timeout: Duration? = .seconds(60)

        public init() {}

        /// The addresses that phones are told.
        var addresses: LegAddresses { LegAddresses(address, ip6: address6) }
    }
}
