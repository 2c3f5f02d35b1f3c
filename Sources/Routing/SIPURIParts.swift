internal import Configuration

/// A `sip:` or `sips:` URI in its parts (RFC 3261 section 19.1.1), as far as routing looks at them.
public struct SIPURIParts: Equatable {
    public var isSecure: Bool
    /// Its escapes decoded; empty when there is none.
    public var user: String
    /// A name or an address, IPv6 in brackets.
    public var host: String
    public var port: Int?
    /// In lower case.
    public var transport: String?

    /// Nil where `text` is no such URI.
    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), text.utf8.count <= 1_024 else { return nil }
        switch text[..<colon].lowercased() {
        case "sip": isSecure = false
        case "sips": isSecure = true
        default: return nil
        }
        let rest = text[text.index(after: colon)...]
        let at = rest.lastIndex(of: "@")
        let userinfo = at.map { rest[..<$0] } ?? ""
        user = SIPURIParts.unescaped(userinfo.prefix { $0 != ":" })
        let place = rest[(at.map { rest.index(after: $0) } ?? rest.startIndex)...]
        let authority = place.prefix { $0 != ";" && $0 != "?" }
        do throws(ConfigurationText.Refusal) {
            let (name, port) = try ConfigurationText.hostAndPort(String(authority))
            host = try ConfigurationText.host(name)
            self.port = port
        } catch {
            return nil
        }
        let parameters = place[authority.endIndex...].prefix { $0 != "?" }.split(separator: ";")
        transport = parameters.map { $0.lowercased() }.first { $0.hasPrefix("transport=") }.map { String($0.dropFirst(10)) }
    }

    /// What carries a request to it, as people say it (RFC 3263 section 4.1).
    var transportText: String {
        if isSecure || transport == "tls" { return "over TLS" }
        if let transport { return "over \(transport.uppercased())" }
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        return port != nil || IPAddress(bare) != nil ? "over UDP" : "as NAPTR and SRV records say, else over UDP"
    }

    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
