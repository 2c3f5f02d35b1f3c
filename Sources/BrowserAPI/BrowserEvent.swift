public import JSON

/// Something that happened to a session or a call, for those who subscribed to it.
public struct BrowserEvent: Sendable, Equatable {
    /// `media`, for all events so far.
    public let `class`: String
    /// `session` or `call`.
    public let subclass: String
    /// What happened: `answer`, `stop`, `hangup` …
    public let type: String
    /// The session's or call's id.
    public let objID: String
    /// What the type says of it; an object.
    public let body: JSONValue

    public init(class: String = "media", subclass: String, type: String, objID: String, body: JSONValue = [:]) {
        self.class = `class`
        self.subclass = subclass
        self.type = type
        self.objID = objID
        self.body = body
    }

    /// An event of a session.
    public static func session(_ id: String, _ type: String, _ body: JSONValue = [:]) -> BrowserEvent {
        BrowserEvent(subclass: "session", type: type, objID: id, body: body)
    }

    /// An event of a call.
    public static func call(_ id: String, _ type: String, _ body: JSONValue = [:]) -> BrowserEvent {
        BrowserEvent(subclass: "call", type: type, objID: id, body: body)
    }

    /// Whether nothing follows it: a session's `stop`, a call's `hangup`.
    var isLast: Bool {
        `class` == "media" && (subclass == "session" && type == "stop" || subclass == "call" && type == "hangup")
    }
}
