@testable import Configuration
@testable import Routing

extension HostAddresses {
    /// A machine with one interface and a default route.
    static let usual = HostAddresses(all: ["127.0.0.1", "198.51.100.7"], defaultRoute: "198.51.100.7")
}

extension RoutingTable {
    /// The routes, users and trunks of a configuration.
    init(_ configuration: GatewayConfiguration) {
        self.init(
            routes: configuration.routes, users: configuration.users.map { User(name: $0.name, displayName: $0.displayName) },
            trunks: configuration.trunks, domain: configuration.sip.domain)
    }
}
