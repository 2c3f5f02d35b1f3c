internal import EventLoop
internal import JSON

/// A Janus session with one handle of Tern's plugin, for asking whether the plugin answers.
///
/// Janus' core answers `ping` and `keepalive` even while the plugin hangs. The question changes nothing, and Janus logs nothing about it.
/// The handle ends with the connection.
@LoopActor
struct PluginProbe {
    private let channel: JanusChannel
    private let secret: String
    private let session: UInt64
    /// The handle's id.
    let handle: UInt64

    /// Makes the session and attaches the handle.
    ///
    /// - Parameter channel: An open connection that nothing else uses.
    /// - Throws: `.unusable` when Tern's plugin is missing or another one.
    init(_ channel: JanusChannel, secret: String) async throws(JanusError) {
        self.channel = channel
        self.secret = secret
        let created = try await channel.request(["janus": "create", "apisecret": .string(secret)], until: .success)
        guard let session = created.dataID else { throw .malformed("a session without an id") }
        self.session = session
        handle = try await EngineCheck(channel: channel, secret: secret, session: session).attach(expecting: .current)
    }

    /// Whether the plugin answers in the channel's time; one that refuses the question has answered.
    ///
    /// - Throws: When Janus' core refuses, or the connection is lost.
    func answers() async throws(JanusError) -> Bool {
        let question: [String: JSONValue] = [
            "janus": "message", "session_id": .id(session), "handle_id": .id(handle), "body": ["request": "version"],
            "apisecret": .string(secret),
        ]
        do throws(JanusError) {
            _ = try await channel.request(question, until: .plugin)
            return true
        } catch .timeout {
            return false
        }
    }
}
