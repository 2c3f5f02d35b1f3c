public import ProxyCore

/// `start_call`: calls a user, an extension, a SIP or tel URI, or `echo`.
public struct StartCall: Sendable, Equatable {
    /// What `dest` is to be taken for, when its form does not say.
    public enum Kind: String, Sendable, CaseIterable {
        case sip
        case user
    }

    /// What the call's media start from.
    public enum Source: Sendable, Equatable {
        case offer(MediaDescriptionObject)
        /// A proxy session that was started before.
        case session(String)
    }

    public var dest: String
    public var type: Kind?
    public var source: Source
    public var options: SessionOptionsChange
    /// Whether the client gets the events of the call and its session without asking.
    public var subscribe: Bool

    public init(
        dest: String, type: Kind? = nil, source: Source, options: SessionOptionsChange = SessionOptionsChange(),
        subscribe: Bool = true
    ) {
        self.dest = dest
        self.type = type
        self.source = source
        self.options = options
        self.subscribe = subscribe
    }
}

extension StartCall {
    init(_ fields: Fields) throws(APIError) {
        let offer = try fields.optionalDescription("offer")
        let session = try fields.optionalSessionID()
        let source: Source
        switch (offer, session) {
        case (let offer?, nil): source = .offer(offer)
        case (nil, let session?): source = .session(session)
        case (nil, nil): throw APIError(.missingField, "one of `offer`, `session_id` is missing")
        case (_?, _?): throw APIError(.invalidField, "`offer` and `session_id` exclude each other")
        }
        self.init(
            dest: try fields.text("dest", bytes: 1...1_024), type: try fields.optionalChoice("type"), source: source,
            options: try SessionOptionsChange(fields), subscribe: try fields.optionalFlag("subscribe") ?? true)
    }
}
