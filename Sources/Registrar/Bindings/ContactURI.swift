/// A SIP or SIPS URI of a contact, as it was written, and what it is compared by (RFC 3261 19.1.4).
public struct ContactURI: Sendable, Hashable, CustomStringConvertible {
    /// As the phone wrote it.
    public let text: String
    /// The same without headers, for the Request-URI of a request to it: there they would become header fields.
    public let target: String
    public let isSecure: Bool
    /// With its escapes, where they are needed; nil where there is none.
    public let user: String?
    /// In lower case; an IPv6 address in brackets.
    public let host: String
    public let port: Int?
    /// Names and values in lower case; an absent value is empty.
    public let parameters: [String: String]
    /// Names in lower case, with their values, in the order of both.
    public let headers: [String]

    public var description: String { text }

    /// Whether both name the same place by RFC 3261 19.1.4.
    ///
    /// What one leaves out is not what the other spells out as a default: `sip:a@b` is neither `sip:a@b:5060` nor
    /// `sip:a@b;transport=udp`. Parameters that only one has are ignored, but for those that change where it leads.
    public func matches(_ other: ContactURI) -> Bool {
        guard isSecure == other.isSecure, user == other.user, host == other.host, port == other.port, headers == other.headers
        else { return false }
        for (name, value) in parameters {
            if let counterpart = other.parameters[name] {
                if counterpart != value { return false }
            } else if ContactURI.telling.contains(name) {
                return false
            }
        }
        return ContactURI.telling.allSatisfy { other.parameters[$0] == nil || parameters[$0] != nil }
    }

    private static let telling: Set<String> = ["transport", "user", "ttl", "method", "maddr"]
}
