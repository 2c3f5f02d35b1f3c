internal import EventLoop
internal import JSON
internal import Version

/// Checks that a Janus has loaded Tern's plugin, and that it is the one which belongs to this gateway.
@LoopActor
struct EngineCheck {
    /// Janus' error code for an unknown plugin (`JANUS_ERROR_PLUGIN_NOT_FOUND`).
    private static let pluginNotFound = 460

    let channel: JanusChannel
    let secret: String?
    let session: UInt64

    /// Attaches a handle to the plugin and asks for its version.
    ///
    /// - Returns: The handle's id.
    /// - Throws: `.unusable`, with what to do, when the plugin is missing or another one.
    func attach(expecting expected: EngineVersion) async throws(JanusError) -> UInt64 {
        let janus = JanusVersion(try await request(["janus": "info"], until: .success).json)
        let handle: UInt64?
        do throws(JanusError) {
            handle = try await request(
                ["janus": "attach", "session_id": .id(session), "plugin": .string(EnginePlugin.name)], until: .success
            ).dataID
        } catch .refused(code: EngineCheck.pluginNotFound, _) {
            throw .unusable(EngineCheck.missing(from: janus))
        }
        guard let handle else { throw .malformed("a handle without an id") }
        let reply = try await request(
            ["janus": "message", "session_id": .id(session), "handle_id": .id(handle), "body": ["request": "version"]], until: .plugin)
        guard case .plugin(let reply) = reply.kind, let found = EngineVersion(reply.data) else {
            throw .unusable(EngineCheck.reason("does not tell its version"))
        }
        if let problem = EngineCheck.problem(of: found, expecting: expected, in: janus) { throw .unusable(problem) }
        return handle
    }

    /// Attaches a handle and detaches it again.
    func run(expecting expected: EngineVersion) async throws(JanusError) {
        let handle = try await attach(expecting: expected)
        _ = try await request(["janus": "detach", "session_id": .id(session), "handle_id": .id(handle)], until: .success)
    }

    private func request(_ members: [String: JSONValue], until answer: JanusChannel.Answer) async throws(JanusError) -> JanusMessage {
        var members = members
        if let secret { members["apisecret"] = .string(secret) }
        return try await channel.request(members, until: answer)
    }

    /// Why a plugin cannot be used; `nil` when it can.
    nonisolated static func problem(of found: EngineVersion, expecting expected: EngineVersion, in janus: JanusVersion?) -> String? {
        if found.protocol != expected.protocol || found.version != expected.version {
            return reason(
                "is version \(found.version), protocol \(found.protocol), but this gateway is \(expected.version), protocol \(expected.protocol)")
        }
        if let api = found.api, let janus, let own = janus.pluginAPI, api > own {
            return "\(EnginePlugin.name) was built for a later Janus: its plugin API is \(api), that of Janus \(janus.text) is \(own). "
                + "Build it with the headers of this Janus, and restart Janus"
        }
        return nil
    }

    private nonisolated static func missing(from janus: JanusVersion?) -> String {
        "Janus\(janus.map { " \($0.text)" } ?? "") has not loaded \(EnginePlugin.name). Put \(EngineLibrary.name) into its plugins folder, "
            + "and restart Janus; if the file is there, Janus' log says why it is not loaded"
    }

    private nonisolated static func reason(_ what: String) -> String {
        "\(EnginePlugin.name) in Janus \(what). Install the \(EngineLibrary.name) of this gateway's build, and restart Janus"
    }
}

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

/// Tern's own plugin for Janus, the media engine: plain RTP and WebRTC in any combination.
enum EnginePlugin {
    /// Its package name, by which Janus finds it.
    static let name = "janus.plugin.tern"
}

/// The version of a Janus.
struct JanusVersion: Equatable {
    /// As Janus writes it: 1102 for 1.1.2.
    var number: Int
    var text: String

    /// From the reply to `info`.
    init?(_ info: JSONValue) {
        guard let number = info["version"]?.intValue, let text = info["version_string"]?.stringValue else { return nil }
        self.number = number
        self.text = text
    }

    /// Its `JANUS_PLUGIN_API_VERSION`; `nil` for a Janus later than 1.4.1.
    ///
    /// Janus itself skips a plugin that was built for an older API. It loads one that was built for a newer API, whose structures are larger than its own.
    var pluginAPI: Int? {
        switch number {
        case ..<1_004: 101
        case ..<1_201: 102
        case 1_201: 103
        case 1_202: 104
        case ..<1_301: 105
        case ...1_401: 106
        default: nil
        }
    }
}
