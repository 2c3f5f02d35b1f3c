/// The version that `tern --version`, the User-Agent header and the status page name.
public enum TernVersion {
    /// Semantic version of this source tree.
    public static let current = "0.1.0"
}
