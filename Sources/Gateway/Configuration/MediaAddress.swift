/// The address that phones send RTP to, and why it is this one.
public struct MediaAddress: Sendable, Equatable {
    /// Why.
    public enum Reason: Sendable, Equatable {
        /// Key `media.address` says so.
        case configured
        /// SIP listens on it, and on no wildcard.
        case listener
        /// The machine reaches others from it.
        case defaultRoute
        /// The machine has no default route, but this address.
        case interface
        /// The machine has nothing else.
        case nothingElse
    }

    /// IPv4.
    public let address: String
    public let reason: Reason

    static let loopback = MediaAddress(address: "127.0.0.1", reason: .nothingElse)

    private init(address: String, reason: Reason) {
        self.address = address
        self.reason = reason
    }

    /// The configured one; else the one that SIP listens on, where that is one address rather than all; else the one that
    /// the default route starts from; else any.
    init(given: String?, sip listeners: [ListenAddress], host: HostAddresses) {
        if let given {
            self.init(address: given, reason: .configured)
            return
        }
        let own = listeners.filter { !$0.isWildcard && IPAddress($0.address)?.isIPv6 == false }
        let isWildcard = listeners.contains(where: \.isWildcard)
        if !isWildcard, let own = own.first(where: { !$0.isLoopback }) ?? own.first {
            self.init(address: own.address, reason: .listener)
        } else if let address = host.defaultRoute {
            self.init(address: address, reason: .defaultRoute)
        } else if let address = host.usable.first {
            self.init(address: address, reason: .interface)
        } else {
            self = .loopback
        }
    }

    /// What an operator should hear about it.
    func warnings(host: HostAddresses) -> [String] {
        if host.usable.isEmpty {
            return [
                """
                this machine has no address but loopback, which Janus' ICE leaves out: browsers will have no media, nor will \
                echo for phones; give the machine an interface with an address
                """
            ]
        }
        if reason == .configured, IPAddress(address)?.isLoopback == false, !host.all.contains(address) {
            return ["\(address) is not an address of this machine, whose are \(host.all.joined(separator: ", ")): RTP cannot be bound to it"]
        }
        return []
    }
}
