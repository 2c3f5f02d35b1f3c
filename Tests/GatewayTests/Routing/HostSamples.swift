@testable import Configuration

extension HostAddresses {
    /// A machine with one interface and a default route.
    static let usual = HostAddresses(all: ["127.0.0.1", "198.51.100.7"], defaultRoute: "198.51.100.7")
}
