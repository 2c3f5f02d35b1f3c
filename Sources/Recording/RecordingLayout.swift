/// Which of a session's captures have whom in them.
public enum RecordingLayout: String, Sendable, CaseIterable {
    /// One handle of NoSIP; the caller has the WebRTC side.
    case userCalls = "user_calls"
    /// One handle of NoSIP; the caller has the plain side.
    case peerCalls = "peer_calls"
    /// A handle of VideoCall for each side.
    case twoHandles = "two_handles"
    /// EchoTest: what comes in goes out again.
    case echo

    /// What Janus is told as the file's name, for the handle of that side.
    public func base(_ name: String, side: Track.Side) -> String {
        self == .twoHandles ? "\(name)-\(side.rawValue)" : name
    }

    /// The captures of a recording, and whom each has in it. An echo has the caller alone.
    func captures(of name: String) -> [(side: Track.Side, file: String)] {
        bases(name).flatMap { side, base in ["audio", "video"].map { (side, "\(base)-\($0).mjr") } }
    }

    /// All that Janus may have written, data channels included.
    func files(of name: String) -> [String] {
        bases(name).flatMap { _, base in ["audio", "video", "data"].map { "\(base)-\($0).mjr" } }
    }

    private func bases(_ name: String) -> [(Track.Side, String)] {
        switch self {
        case .userCalls: [(.caller, "\(name)-user"), (.callee, "\(name)-peer")]
        case .peerCalls: [(.caller, "\(name)-peer"), (.callee, "\(name)-user")]
        case .twoHandles: [(.caller, "\(name)-caller"), (.callee, "\(name)-callee")]
        case .echo: [(.caller, name)]
        }
    }
}
