public import EventLoop
internal import JSON

/// A leg of Tern's own plugin on a handle: plain RTP for a phone, or the handle's PeerConnection for a browser.
///
/// ``open(_:at:ports:)`` makes it plain. ``configure(_:)`` says all that the leg is to be, and can be repeated at any time. The leg ends with its handle.
/// Each function throws `.plugin` with one of the codes of ``EngineLeg/Refusal`` when the plugin refuses.
@LoopActor
public struct EngineLeg {
    public let handle: JanusHandle

    public init(_ handle: JanusHandle) { self.handle = handle }

    /// Attaches a fresh handle.
    ///
    /// - Parameter limit: Time for Janus' answer, where it is not the client's usual one.
    public static func attach(to client: JanusClient, within limit: Duration? = nil) async throws(JanusError) -> EngineLeg {
        EngineLeg(try await client.attach(within: limit))
    }

    /// Asks for the plugin's protocol and version.
    public func version() async throws(JanusError) -> EngineVersion {
        try await ask("version")
    }

    /// Asks for the leg's id, which another leg's ``EngineConfiguration/peer`` takes.
    public func id() async throws(JanusError) -> EngineLegID {
        try await ask("attach")
    }

    /// Makes the leg plain, and binds a pair of RTP and RTCP ports for each of these media that has none yet.
    ///
    /// - Parameters:
    ///   - address: IPv4 or IPv6 address to bind, the wildcard included; of one family for the leg's whole life.
    ///   - ports: Range of the ports.
    /// - Throws: `.plugin` with ``Refusal/noPorts`` when all are in use: then nothing that this call opened stays open.
    public func open(
        _ media: [JanusMediaKind], at address: String, ports: ClosedRange<Int>? = nil
    ) async throws(JanusError) -> EnginePorts {
        var members: [String: JSONValue] = [
            "address": .string(address), "media": .array(media.map { .string($0.rawValue) }),
        ]
        if let ports { members["ports"] = [.integer(ports.lowerBound), .integer(ports.upperBound)] }
        return try await ask("open", members)
    }

    /// Gives Janus the browser's offer or answer.
    ///
    /// - Throws: `.refused` when Janus' core cannot read it.
    public func take(_ jsep: JSEP) async throws(JanusError) {
        _ = try await reply(to: "take", jsep: jsep)
    }

    /// Has Janus complete an offer or answer for the browser with ICE and DTLS.
    ///
    /// - Parameters:
    ///   - sdp: Media lines as the browser is to see them.
    ///   - isUpdate: Whether it changes an established PeerConnection.
    /// - Returns: The offer or answer for the browser.
    public func give(_ sdp: String, _ type: JSEP.Kind, isUpdate: Bool = false) async throws(JanusError) -> JSEP {
        var members: [String: JSONValue] = ["type": .string(type.rawValue), "sdp": .string(sdp)]
        if isUpdate { members["update"] = true }
        guard let jsep = try await reply(to: "give", members).jsep else { throw .malformed("give returned no session description") }
        return jsep
    }

    /// Janus keeps the names of recordings, which the engine extends by `-audio.mjr` and the like, in 255 bytes and silently cuts what is longer.
    private static let longestRecordingName = 230

    /// Sets the leg's peer, media, bitrate limit and recording, all of them at once.
    public func configure(_ configuration: EngineConfiguration) async throws(JanusError) {
        if let record = configuration.record, !(1...EngineLeg.longestRecordingName).contains(record.utf8.count) {
            throw .invalid("the name of a recording has 1 to \(EngineLeg.longestRecordingName) bytes, this one \(record.utf8.count)")
        }
        _ = try await reply(to: "configure", configuration.members)
    }

    /// Asks the leg's party for a keyframe.
    ///
    /// - Returns: Whether a PLI or FIR was sent (RFC 4585 section 6.3.1, RFC 5104 section 4.3.1).
    public func requestKeyframe() async throws(JanusError) -> Bool {
        guard let asked = try await reply(to: "keyframe").data["asked"]?.boolValue else { throw .malformed("no member \"asked\"") }
        return asked
    }

    /// Has a leg under a line test send something instead of the echo.
    ///
    /// - Throws: `.plugin` with ``Refusal/conflict`` for a leg under none, or whose codec the signal cannot be made in.
    public func send(_ signal: EngineSignal) async throws(JanusError) {
        _ = try await reply(to: "signal", signal.members)
    }

    /// The counters of both directions.
    ///
    /// - Parameter limit: Time for the reply, where it is not the client's usual one.
    public func statistics(within limit: Duration? = nil) async throws(JanusError) -> EngineStatistics {
        try await ask("statistics", within: limit)
    }

    private func ask<Value: EngineReply>(
        _ request: String, _ members: [String: JSONValue] = [:], within limit: Duration? = nil
    ) async throws(JanusError) -> Value {
        guard let value = Value(try await reply(to: request, members, within: limit).data) else {
            throw .malformed("the reply to \"\(request)\" of \(EnginePlugin.name) is incomplete")
        }
        return value
    }

    private func reply(
        to request: String, _ members: [String: JSONValue] = [:], jsep: JSEP? = nil, within limit: Duration? = nil
    ) async throws(JanusError) -> JanusReply {
        var members = members
        members["request"] = .string(request)
        let reply = try await handle.message(.object(members), jsep: jsep, within: limit)
        guard reply.data["tern"] != nil else { throw .malformed("no member \"tern\"") }
        return reply
    }
}

/// A value that the plugin's reply to one request is read into.
protocol EngineReply {
    /// `nil` when the reply lacks what belongs to it.
    init?(_ data: JSONValue)
}

/// The id of a leg within its Janus: random, and another number than the id of its handle.
public struct EngineLegID: Sendable, Hashable, EngineReply {
    /// 1 to 2^53 - 1.
    public let value: Int

    /// `nil` outside of the range.
    public init?(_ value: Int) {
        guard value > 0, value < 1 << 53 else { return nil }
        self.value = value
    }

    init?(_ data: JSONValue) {
        guard let value = data["leg"]?.intValue else { return nil }
        self.init(value)
    }
}

extension EngineLeg {
    /// The codes of `JanusError.plugin` with which the plugin refuses a request.
    public enum Refusal {
        /// The request is malformed.
        public static let malformed = 400
        /// There is no leg of that id.
        public static let noSuchLeg = 404
        /// The leg's state does not allow the request, as another `open` with an address of another family.
        public static let conflict = 409
        /// A limit is reached, as that of all legs.
        public static let limit = 429
        /// The plugin failed.
        public static let failure = 500
        /// All ports are in use.
        public static let noPorts = 503
    }
}
