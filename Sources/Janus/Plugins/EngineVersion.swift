internal import JSON
internal import Version

/// The plugin's protocol and version.
public struct EngineVersion: Sendable, Equatable, EngineReply {
    /// Number of the protocol between gateway and plugin.
    public var `protocol`: Int
    /// Tern's version that the plugin was built from.
    public var version: String
    /// `JANUS_PLUGIN_API_VERSION` of the headers that the plugin was built with; `nil` when it does not say.
    public var api: Int?

    /// Of the plugin that belongs to this gateway.
    public static let current = EngineVersion(protocol: TernVersion.engineProtocol, version: TernVersion.current)

    public init(protocol: Int, version: String, api: Int? = nil) {
        self.protocol = `protocol`
        self.version = version
        self.api = api
    }

    init?(_ data: JSONValue) {
        guard let number = data["protocol"]?.intValue, let version = data["version"]?.stringValue else { return nil }
        self.init(protocol: number, version: version, api: data["api"]?.intValue)
    }
}
