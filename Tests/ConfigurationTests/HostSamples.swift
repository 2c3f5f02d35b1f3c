@testable import Configuration

extension HostAddresses {
    /// A machine with one interface and a default route.
    static let usual = HostAddresses(all: ["127.0.0.1", "198.51.100.7"], defaultRoute: "198.51.100.7")
    /// A machine with an interface that leads nowhere.
    static let isolated = HostAddresses(all: ["127.0.0.1", "10.1.2.3"], defaultRoute: nil)
    /// A machine with nothing but loopback.
    static let lonely = HostAddresses(all: ["127.0.0.1"], defaultRoute: nil)
}
