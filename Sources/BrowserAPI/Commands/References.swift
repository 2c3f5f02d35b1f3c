/// `get_info`: what is known of a session.
public struct GetInfo: Sendable, Equatable {
    public var sessionID: String
    /// Whether packets are counted too, which takes a question to the media server.
    public var statistics: Bool

    public init(sessionID: String, statistics: Bool = false) {
        self.sessionID = sessionID
        self.statistics = statistics
    }
}

/// `get_list`: the sessions of the client's user, or, for an admin, of another user.
public struct GetList: Sendable, Equatable {
    /// Whose sessions; `"*"` is everybody's. Only an admin's request has another than its own.
    public var user: String?

    public init(user: String? = nil) { self.user = user }
}

extension GetInfo {
    init(_ fields: Fields) throws(APIError) {
        self.init(sessionID: try fields.sessionID(), statistics: try fields.optionalFlag("statistics") ?? false)
    }
}

extension GetList {
    init(_ fields: Fields) throws(APIError) { self.init(user: try fields.optionalText("user", bytes: 1...256)) }
}
