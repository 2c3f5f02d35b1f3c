internal import JSON

/// Where a phone's packets come from.
public struct EngineAddress: Sendable, Hashable, CustomStringConvertible {
    /// IPv4 or IPv6 address.
    public var address: String
    /// UDP port.
    public var port: Int

    public init(address: String, port: Int) {
        self.address = address
        self.port = port
    }

    /// `nil` when `address` or `port` is missing.
    init?(_ json: JSONValue?) {
        guard let address = json?["address"]?.stringValue, let port = json?["port"]?.intValue else { return nil }
        self.init(address: address, port: port)
    }

    public var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}
