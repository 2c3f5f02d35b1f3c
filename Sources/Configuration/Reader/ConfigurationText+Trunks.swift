internal import SIPNames

// Readers of the words of `trunks`.
extension ConfigurationText {
    /// `sip:HOST[:PORT][;transport=udp|tcp|tls]` or `sips:HOST[:PORT]`.
    static func trunkTarget(_ text: String) throws(Refusal) -> TrunkTarget {
        let text = try printable(text, in: 1...300)
        guard let colon = text.firstIndex(of: ":"), ["sip", "sips"].contains(text[..<colon].lowercased()) else {
            throw Refusal("\(quoted(text)) is not of the form sip:HOST:PORT or sips:HOST:PORT")
        }
        let rest = text[text.index(after: colon)...]
        guard !rest.contains("@") else { throw Refusal("\(quoted(text)) must not have a user: what is dialled stands there") }
        let place = rest.prefix { $0 != ";" }
        let (name, port) = try hostAndPort(String(place))
        guard port != 0 else { throw Refusal("port 0 cannot be called") }
        var target = TrunkTarget(host: try host(name), port: port, isSecure: text[..<colon].lowercased() == "sips")
        for parameter in rest[place.endIndex...].split(separator: ";").map({ $0.lowercased() }) {
            guard parameter.hasPrefix("transport=") else {
                throw Refusal("\(quoted(parameter)) is not possible here: ;transport= is")
            }
            target.transport = String(parameter.dropFirst(10))
        }
        switch target.transport {
        case nil, "tcp", "tls": return target
        case "udp" where !target.isSecure: return target
        case "udp": throw Refusal("sips: and UDP do not go together")
        case let other?: throw Refusal("\(quoted(other)) is none of udp, tcp, tls")
        }
    }

    /// An address or a range of them, which is not all the world.
    static func trunkRange(_ text: String) throws(Refusal) -> AddressRange {
        let range = try addressRange(text)
        guard range.length >= 8 else { throw Refusal("\(range) is too wide: whoever calls from there is taken for the trunk") }
        return range
    }

    /// An address or a range of them.
    static func addressRange(_ text: String) throws(Refusal) -> AddressRange {
        guard let range = AddressRange(text) else {
            guard let slash = text.firstIndex(of: "/"), IPAddress(String(text[..<slash])) != nil else {
                throw Refusal("\(quoted(text)) is neither an address nor a range as in 192.0.2.0/24")
            }
            throw Refusal("\(quoted(text)) is no range: the bits behind the length must be 0, as in 192.0.2.0/24")
        }
        return range
    }

    /// `pass`, a number, one with `{user}`, or `sip:USER@HOST`.
    static func callerID(_ text: String) throws(Refusal) -> CallerIDRule {
        if text == "pass" { return .pass }
        guard let colon = text.firstIndex(of: ":") else { return .number(try callerUser(text)) }
        guard ["sip", "sips"].contains(text[..<colon].lowercased()), let at = text.lastIndex(of: "@"), at > colon else {
            throw Refusal("\(quoted(text)) is none of pass, a number, a number with {user}, sip:USER@HOST")
        }
        return .uri(
            user: try callerUser(String(text[text.index(after: colon)..<at])), host: try host(String(text[text.index(after: at)...])))
    }

    private static func callerUser(_ text: String) throws(Refusal) -> RouteTemplate {
        let user = try template(text)
        guard user.highestGroup == 0 else { throw Refusal("\(quoted(text)): {user} is the only placeholder here") }
        let isUser = user.filled(with: RouteMatch(user: "")).utf8.allSatisfy { byte in
            SIPURI.isUnreserved(byte)
        }
        guard isUser else { throw Refusal("\(quoted(text)) has a character that neither a number nor a name has") }
        return user
    }

    /// `408`, or `5xx` for a class.
    static func statusRange(_ text: String) throws(Refusal) -> StatusRange {
        if text.utf8.count == 3, text.lowercased().hasSuffix("xx"), let digit = Int(text.prefix(1)), (3...6).contains(digit) {
            return StatusRange(digit * 100...digit * 100 + 99)
        }
        let status = try integer(text, in: 300...699)
        return StatusRange(status...status)
    }
}
