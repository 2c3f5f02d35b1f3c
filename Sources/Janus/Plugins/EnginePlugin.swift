/// Tern's own plugin for Janus, the media engine: plain RTP and WebRTC in any combination.
enum EnginePlugin {
    /// Its package name, by which Janus finds it.
    static let name = "janus.plugin.tern"
}
