public import SIPNames

extension GatewayConfiguration {
    /// Section `nat`: a NAT that leads a public address to this machine, each port to the same port (1:1 NAT), as clouds have it.
    public struct NAT: Sendable, Equatable {
        /// Key `nat.public_address`: the IPv4 address that phones, trunks and browsers are told in place of `media.address`; nil where no NAT is
        /// before the gateway. Default: nil.
        public var publicAddress: IPAddress?
        /// Key `nat.local_networks`: up to 64 IPv4 ranges whose phones and trunks are told `media.address` nevertheless.
        /// Default: the private networks of RFC 1918 and RFC 6598.
        public var localNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"].compactMap(AddressRange.init)

        public init() {}
    }

    /// What others are told in place of `media.address`; nil where no NAT is before the gateway.
    public var natMapping: NATMapping? {
        guard let publicAddress = nat.publicAddress, let ownAddress = IPAddress(media.address) else { return nil }
        return NATMapping(publicAddress: publicAddress, ownAddress: ownAddress, localNetworks: nat.localNetworks)
    }
}
