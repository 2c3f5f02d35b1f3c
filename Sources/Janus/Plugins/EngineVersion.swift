internal import JSON

/// The plugin's protocol and version.
public struct EngineVersion: Sendable, Equatable, EngineReply {
    /// Number of the protocol between gateway and plugin.
    public var `protocol`: Int
    /// Tern's version that the plugin was built from.
    public var version: String

    public init(protocol: Int, version: String) {
        self.protocol = `protocol`
        self.version = version
    }

    init?(_ data: JSONValue) {
        guard let number = data["protocol"]?.intValue, let version = data["version"]?.stringValue else { return nil }
        self.init(protocol: number, version: version)
    }
}
