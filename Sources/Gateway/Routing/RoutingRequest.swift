/// Who calls, as far as it has been proven.
public enum CallSource: Sendable, Hashable {
    /// A user who logged in, or whose phone has valid credentials.
    case user(String)
    /// A trunk, by its source address or its credentials.
    case trunk(String)
    /// Nobody that is known, whatever the headers of the call say.
    case anonymous
}

extension CallSource {
    var isTrunk: Bool { if case .trunk = self { true } else { false } }
}

extension CallSource: CustomStringConvertible {
    public var description: String {
        switch self {
        case .user(let name): "user \(name)"
        case .trunk(let name): "trunk \(name)"
        case .anonymous: "anonymous"
        }
    }
}

/// What the routes are asked.
public struct RoutingRequest: Sendable, Equatable {
    public var source: CallSource
    /// The user part of the Request-URI, its escapes decoded, or what was typed.
    public var dialled: String
    /// The host of the Request-URI; a browser that dials a name alone dials it in the gateway's own domain.
    public var domain: String

    public init(source: CallSource, dialled: String, domain: String) {
        self.source = source
        self.dialled = dialled
        self.domain = domain
    }
}
