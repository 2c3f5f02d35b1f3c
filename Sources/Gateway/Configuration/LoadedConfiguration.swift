/// A configuration that can be used, and what is to be told about it.
public struct LoadedConfiguration: Sendable {
    public var configuration: GatewayConfiguration
    /// What is probably not meant, but does not stop the gateway.
    public var warnings: [ConfigurationProblem]
    /// Why `media.address` is what it is.
    public var mediaAddress: MediaAddress
    /// Where each of the routes was written; empty while the defaults stand.
    public var routePlaces: [ConfigurationOrigin]
}
