/// A NAT that leads a public address to this machine, each port to the same port (1:1 NAT): what others are told in place of the machine's own address.
public struct NATMapping: Sendable, Hashable {
    /// The IPv4 address that others send to.
    public let publicAddress: IPAddress
    /// The machine's own IPv4 address, to which the NAT leads.
    public let ownAddress: IPAddress
    /// Networks whose hosts reach the own address: they are told that one.
    public let localNetworks: [AddressRange]

    public init(publicAddress: IPAddress, ownAddress: IPAddress, localNetworks: [AddressRange]) {
        self.publicAddress = publicAddress
        self.ownAddress = ownAddress
        self.localNetworks = localNetworks
    }

    /// Whether a peer is told the own address: it is in a local network, or is this machine. One that is reached over IPv6 may have its media over IPv4.
    public func isLocal(_ peer: IPAddress) -> Bool {
        let peer = peer.unmapped
        return peer.isLoopback || peer == ownAddress || localNetworks.contains { $0.contains(peer) }
    }
}
