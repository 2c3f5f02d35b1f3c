/// A session description (RFC 8866): typed, ordered, and with nothing of the original lost.
///
/// Attributes keep the order in which they came; lines of different types are written in the order of RFC 8866.
public struct SessionDescription: Sendable, Hashable {
    public var origin: Origin
    /// `s=`, as sent.
    public var name: String
    public var information: String?
    public var uri: String?
    public var emails: [String]
    public var phones: [String]
    public var connection: Connection?
    public var bandwidths: [Bandwidth]
    public var times: [Timing]
    /// The value of the `z=` line, as sent.
    public var timeZones: String?
    /// The value of the obsolete `k=` line.
    public var key: String?
    public var attributes: [Attribute]
    public var media: [MediaDescription]

    public init(
        origin: Origin, name: String = "-", information: String? = nil, uri: String? = nil, emails: [String] = [],
        phones: [String] = [], connection: Connection? = nil, bandwidths: [Bandwidth] = [], times: [Timing] = [Timing()],
        timeZones: String? = nil, key: String? = nil, attributes: [Attribute] = [], media: [MediaDescription] = []
    ) {
        self.origin = origin
        self.name = name
        self.information = information
        self.uri = uri
        self.emails = emails
        self.phones = phones
        self.connection = connection
        self.bandwidths = bandwidths
        self.times = times
        self.timeZones = timeZones
        self.key = key
        self.attributes = attributes
        self.media = media
    }

    /// Where a medium is to be sent: its own `c=`, else the session's.
    public func connection(for medium: MediaDescription) -> Connection? { medium.connection ?? connection }

    /// Which way a medium flows: its own line, else the session's, else both (RFC 8866, section 6.7).
    public func direction(of medium: MediaDescription) -> Direction {
        medium.direction ?? attributes.direction ?? .sendrecv
    }
}

extension SessionDescription {
    /// The host names at which media is wanted, in lower case: those of the `c=` lines of media that are not refused (RFC 8866, section 5.7).
    /// Empty where all of them are addresses.
    public var hostNames: Set<String> {
        let connections = media.filter { $0.port != 0 }.compactMap(connection(for:))
        return Set(connections.filter { $0.host == .name }.map { $0.address.lowercased() })
    }

    /// Puts addresses in the place of host names, in every `c=`.
    ///
    /// - Parameter addresses: By host name in lower case, as `hostNames` has them: a literal IPv4 or IPv6 address. What is no such literal is
    ///   left out, and a name that is not among these stays.
    public mutating func resolve(_ addresses: [String: String]) {
        connection = connection?.resolved(addresses)
        for index in media.indices { media[index].connection = media[index].connection?.resolved(addresses) }
    }
}

extension Connection {
    fileprivate func resolved(_ addresses: [String: String]) -> Connection {
        guard host == .name, let literal = addresses[address.lowercased()] else { return self }
        if HostKind.ipv4(literal) != nil { return Connection(addressType: .ip4, address: literal) }
        if HostKind.isIPv6(literal) { return Connection(addressType: .ip6, address: literal) }
        return self
    }
}

extension SessionDescription: CustomStringConvertible {
    /// The description as it is sent: lines in the order of RFC 8866, section 5, each ended by CRLF.
    public var text: String {
        var writer = LineWriter()
        writer.line("v", "0")
        writer.line("o", origin.value)
        writer.line("s", name)
        writer.line("i", information)
        writer.line("u", uri)
        for email in emails { writer.line("e", email) }
        for phone in phones { writer.line("p", phone) }
        writer.line("c", connection?.value)
        for bandwidth in bandwidths { writer.line("b", bandwidth.text) }
        for time in times {
            writer.line("t", "\(time.start) \(time.stop)")
            for repetition in time.repeats { writer.line("r", repetition) }
        }
        writer.line("z", timeZones)
        writer.line("k", key)
        for attribute in attributes { writer.attribute(attribute) }
        for medium in media { writer.medium(medium) }
        return writer.text
    }

    public var description: String { text }
}

/// Collects lines.
private struct LineWriter {
    var text = ""

    mutating func line(_ type: String, _ value: String?) {
        guard let value else { return }
        text += type
        text += "="
        text += value
        text += "\r\n"
    }

    mutating func attribute(_ attribute: Attribute) {
        text += "a="
        text += attribute.name
        if let value = attribute.value {
            text += ":"
            text += value
        }
        text += "\r\n"
    }

    mutating func medium(_ medium: MediaDescription) {
        line("m", medium.value)
        line("i", medium.information)
        line("c", medium.connection?.value)
        for bandwidth in medium.bandwidths { line("b", bandwidth.text) }
        line("k", medium.key)
        for item in medium.attributes { attribute(item) }
    }
}
