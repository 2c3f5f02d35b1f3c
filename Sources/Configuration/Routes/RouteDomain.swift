/// One entry of `domain`: hosts of the Request-URI.
public enum RouteDomain: Sendable, Hashable, CustomStringConvertible {
    /// `example.org`: exactly this host.
    case exact(String)
    /// `*.example.org`: every host below it; holds `.example.org`.
    case below(String)

    /// - Parameter host: In any case, as host names are compared without it (RFC 3261 section 19.1.4).
    public func matches(_ host: String) -> Bool {
        let host = RouteDomain.canonical(host)
        return switch self {
        case .exact(let name): host == name
        case .below(let suffix): host.hasSuffix(suffix) && host.utf8.count > suffix.utf8.count
        }
    }

    func covers(_ other: RouteDomain) -> Bool {
        switch (self, other) {
        case (.below, .exact(let name)): matches(name)
        case (.below(let mine), .below(let theirs)): theirs.hasSuffix(mine)
        default: self == other
        }
    }

    public var description: String {
        switch self {
        case .exact(let name): name
        case .below(let suffix): "*\(suffix)"
        }
    }

    /// Lower case, without the dot of the root and the brackets of an IPv6 address.
    public static func canonical(_ host: String) -> String {
        var host = host.lowercased()
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host.hasSuffix(".") { host.removeLast() }
        return host
    }
}
