public import JSON

/// A message from Janus, understood as far as the client needs it.
struct JanusMessage: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// Received; what was asked for follows as an event.
        case ack
        /// `success` and whatever else answers a request for good, as `pong` does.
        case success
        case error(code: Int, reason: String)
        /// A plugin's reply to a message, or its own event.
        case plugin(JanusReply)
        /// About a handle, from Janus' core.
        case handle(JanusHandleEvent)
        /// The session timed out and is gone.
        case sessionTimeout
        /// Nothing that this client acts on.
        case other
    }

    var kind: Kind
    /// The request that this belongs to.
    var transaction: String?
    /// The handle that this is about.
    var sender: UInt64?
    /// The message as it came.
    var json: JSONValue

    init(parsing text: String) throws(JanusError) {
        do throws(JSONError) {
            json = try JSONValue(parsing: text)
        } catch {
            throw .malformed(error.description)
        }
        guard let name = json["janus"]?.stringValue else { throw .malformed("no member \"janus\"") }
        transaction = json["transaction"]?.stringValue
        sender = json["sender"]?.intValue.flatMap { UInt64(exactly: $0) }
        kind = JanusMessage.kind(name, json)
    }

    private static func kind(_ name: String, _ json: JSONValue) -> Kind {
        switch name {
        case "ack": .ack
        case "success" where json["plugindata"] != nil, "event": .plugin(reply(json))
        case "success", "pong", "server_info": .success
        case "error":
            .error(
                code: json["error"]?["code"]?.intValue ?? 0,
                reason: json["error"]?["reason"]?.stringValue ?? "no reason was given")
        case "timeout": .sessionTimeout
        default: event(name, json).map { .handle($0) } ?? .other
        }
    }

    private static func reply(_ json: JSONValue) -> JanusReply {
        JanusReply(data: json["plugindata"]?["data"] ?? .null, jsep: JSEP(json["jsep"]))
    }

    private static func event(_ name: String, _ json: JSONValue) -> JanusHandleEvent? {
        switch name {
        case "webrtcup":
            return .webrtcUp
        case "media":
            guard let kind = json["type"]?.stringValue.flatMap(JanusMediaKind.init),
                let receiving = json["receiving"]?.boolValue
            else { return nil }
            return .media(kind, receiving: receiving)
        case "slowlink":
            guard let kind = json["media"]?.stringValue.flatMap(JanusMediaKind.init),
                let uplink = json["uplink"]?.boolValue
            else { return nil }
            return .slowLink(kind, uplink: uplink, lost: json["lost"]?.intValue ?? 0)
        case "hangup":
            return .hangup(reason: json["reason"]?.stringValue ?? "")
        case "detached":
            return .lost
        case "trickle":
            let candidate = json["candidate"]
            if candidate?["completed"]?.boolValue == true { return .candidatesCompleted }
            return JanusCandidate(candidate).map { .candidate($0) }
        default:
            return nil
        }
    }
}

/// A plugin's answer to one message.
public struct JanusReply: Sendable, Equatable {
    /// The plugin's `data` object.
    public var data: JSONValue
    public var jsep: JSEP?

    public init(data: JSONValue, jsep: JSEP? = nil) {
        self.data = data
        self.jsep = jsep
    }
}

/// An offer or answer of WebRTC, as Janus carries it (named for the JavaScript Session Establishment Protocol, RFC 9429).
public struct JSEP: Sendable, Equatable {
    public enum Kind: String, Sendable { case offer, answer }

    public var type: Kind
    public var sdp: String
    /// Whether candidates follow by trickling; left out when `nil`, which Janus takes for "no".
    public var trickle: Bool?
    /// Whether this renegotiates what is up; left out when `nil`. Janus' own replies never carry it here.
    public var update: Bool?

    public init(type: Kind, sdp: String, trickle: Bool? = nil, update: Bool? = nil) {
        self.type = type
        self.sdp = sdp
        self.trickle = trickle
        self.update = update
    }

    /// The `jsep` of a message from Janus; `nil` when it is no offer or answer with an SDP.
    public init?(_ json: JSONValue?) {
        guard let type = json?["type"]?.stringValue.flatMap(Kind.init), let sdp = json?["sdp"]?.stringValue else { return nil }
        self.init(type: type, sdp: sdp, trickle: json?["trickle"]?.boolValue, update: json?["update"]?.boolValue)
    }

    public var json: JSONValue {
        var members: [String: JSONValue] = ["type": .string(type.rawValue), "sdp": .string(sdp)]
        if let trickle { members["trickle"] = .bool(trickle) }
        if let update { members["update"] = .bool(update) }
        return .object(members)
    }
}

/// An ICE candidate on its way between a browser and Janus (RFC 8838), named as in the browser's `RTCIceCandidate`.
public struct JanusCandidate: Sendable, Equatable {
    public var sdpMid: String?
    public var sdpMLineIndex: Int?
    /// The `candidate:…` line.
    public var candidate: String

    public init(sdpMid: String?, sdpMLineIndex: Int?, candidate: String) {
        self.sdpMid = sdpMid
        self.sdpMLineIndex = sdpMLineIndex
        self.candidate = candidate
    }

    init?(_ json: JSONValue?) {
        guard let candidate = json?["candidate"]?.stringValue else { return nil }
        self.init(sdpMid: json?["sdpMid"]?.stringValue, sdpMLineIndex: json?["sdpMLineIndex"]?.intValue, candidate: candidate)
    }

    var json: JSONValue {
        var members: [String: JSONValue] = ["candidate": .string(candidate)]
        if let sdpMid { members["sdpMid"] = .string(sdpMid) }
        if let sdpMLineIndex { members["sdpMLineIndex"] = .integer(sdpMLineIndex) }
        return .object(members)
    }
}
