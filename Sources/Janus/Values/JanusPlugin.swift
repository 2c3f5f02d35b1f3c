/// The plugins that Tern uses, by their package names.
public enum JanusPlugin: String, Sendable, CaseIterable {
    /// WebRTC looped back to its sender.
    case echoTest = "janus.plugin.echotest"
    /// Plain RTP to WebRTC, the signalling being the caller's business.
    case noSIP = "janus.plugin.nosip"
    /// WebRTC to WebRTC.
    case videoCall = "janus.plugin.videocall"
    /// Tern's own media engine: plain RTP and WebRTC in any combination.
    case engine = "janus.plugin.tern"
}
