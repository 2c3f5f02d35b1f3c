/// One entry of `to`: where a route leads.
public enum RouteTarget: Sendable, Equatable {
    /// `echo`: the caller hears and sees itself.
    case echo
    /// `user`: the user with the dialled name (nil); `user NAME`: that one.
    case user(String?)
    /// `trunk NAME [DIALLED]`: by that trunk, which dials what was dialled (nil), or what the template makes of it.
    case trunk(String, dialled: RouteTemplate?)
    /// `sip URI`: a `sip:` or `sips:` URI, in whose user part the placeholders stand.
    case sip(RouteTemplate)
    /// `reject CODE [PHRASE]`: a final response, 400 to 699.
    case reject(Int, phrase: String?)

    /// Whether calls go where they may cost money or pass for somebody.
    var leavesTheGateway: Bool {
        switch self {
        case .trunk, .sip: true
        case .echo, .user, .reject: false
        }
    }

    /// Whether it is there whoever calls and whatever is dialled: a dialled name may be nobody's, and no call goes back to the
    /// trunk that it came by.
    var isAlwaysThere: Bool {
        switch self {
        case .user(nil), .trunk: false
        case .echo, .user, .sip, .reject: true
        }
    }

    /// Its templates, which may name groups of the pattern.
    var template: RouteTemplate? {
        switch self {
        case .trunk(_, let dialled): dialled
        case .sip(let uri): uri
        case .echo, .user, .reject: nil
        }
    }
}

extension RouteTarget: CustomStringConvertible {
    /// As in the configuration.
    public var description: String {
        switch self {
        case .echo: "echo"
        case .user(let name): name.map { "user \($0)" } ?? "user"
        case .trunk(let name, let dialled): "trunk \(name)" + (dialled.map { " \($0)" } ?? "")
        case .sip(let uri): "sip \(uri)"
        case .reject(let status, let phrase): "reject \(status)" + (phrase.map { " \($0)" } ?? "")
        }
    }
}
