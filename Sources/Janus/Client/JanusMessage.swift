internal import JSON

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
