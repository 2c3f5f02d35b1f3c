internal import EventLoop
internal import JSON

/// A Janus session with one handle of each plugin, for asking whether the plugins answer.
///
/// Janus' core answers `ping` and `keepalive` even while a plugin hangs. Each plugin works off its messages in one thread: a message
/// that it answers shows that this thread is alive. The messages change nothing, and Janus logs nothing about them. The handles end with
/// the connection.
@LoopActor
struct PluginProbe {
    private let channel: JanusChannel
    private let secret: String
    private let session: UInt64
    private let handles: [(plugin: JanusPlugin, id: UInt64)]

    /// Makes the session and attaches the handles.
    ///
    /// - Parameter channel: An open connection that nothing else uses.
    /// - Throws: `.unusable` when Tern's plugin is missing or another one.
    init(_ channel: JanusChannel, secret: String) async throws(JanusError) {
        self.channel = channel
        self.secret = secret
        func make(_ request: [String: JSONValue]) async throws(JanusError) -> UInt64 {
            let request = request.merging(["apisecret": .string(secret)]) { own, _ in own }
            guard let id = try await channel.request(request, until: .success).dataID else { throw .malformed("no id") }
            return id
        }
        let session = try await make(["janus": "create"])
        // A Janus without Tern's plugin needs no further look.
        let engine = try await EngineCheck(channel: channel, secret: secret, session: session).attach(expecting: .current)
        var handles: [(plugin: JanusPlugin, id: UInt64)] = [(.engine, engine)]
        for plugin in JanusPlugin.allCases where plugin != .engine {
            handles.append((plugin, try await make(["janus": "attach", "session_id": .id(session), "plugin": .string(plugin.rawValue)])))
        }
        self.session = session
        self.handles = handles
    }

    /// Asks all plugins at once. Returns the ones that do not answer in the channel's time; a plugin that refuses the message has
    /// answered.
    ///
    /// - Throws: When Janus' core refuses, or the connection is lost.
    func silentPlugins() async throws(JanusError) -> [JanusPlugin] {
        let questions = handles.map { plugin, id in (plugin, LoopActor.task { await ask(plugin, id) }) }
        var silent: [JanusPlugin] = []
        for (plugin, question) in questions {
            switch await question.value {
            case nil: break
            case .timeout: silent.append(plugin)
            case let error?: throw error
            }
        }
        return silent
    }

    /// The plugin that a handle of this probe's is of; nil for other handles.
    func plugin(of handle: UInt64) -> JanusPlugin? { handles.first { $0.id == handle }?.plugin }

    private func ask(_ plugin: JanusPlugin, _ id: UInt64) async -> JanusError? {
        let request: [String: JSONValue] = [
            "janus": "message", "session_id": .id(session), "handle_id": .id(id), "body": PluginProbe.question(plugin),
            "apisecret": .string(secret),
        ]
        do throws(JanusError) {
            _ = try await channel.request(request, until: .plugin)
            return nil
        } catch {
            return error
        }
    }

    private nonisolated static func question(_ plugin: JanusPlugin) -> JSONValue {
        switch plugin {
        case .echoTest: ["audio": true]
        case .noSIP: ["request": "recording", "action": "stop", "audio": true]
        case .videoCall: ["request": "set", "audio": true]
        case .engine: ["request": "version"]
        }
    }
}
