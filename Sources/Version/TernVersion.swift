/// The version that `tern --version`, the User-Agent header, the status page and the plugin in Janus name.
public enum TernVersion {
    /// Semantic version of this source tree.
    public static let current = "0.1.0"
    /// Number of the protocol between the gateway and the plugin in Janus: another one for each change that either side must know.
    public static let engineProtocol = 1
}
