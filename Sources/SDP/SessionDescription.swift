/// A session description (RFC 8866): typed, ordered, and with nothing of the original lost.
///
/// Attributes keep the order in which they came; lines of different types are written in the order of RFC 8866.
public struct SessionDescription: Sendable, Hashable {
    /// One: a copy of a description is a reference, until one of the two is changed. Several of them are kept of each leg, and pass through many hands.
    private var fields: [Fields]

    private struct Fields: Sendable, Hashable {
        var origin: Origin
        var name: String
        var information: String?
        var uri: String?
        var emails: [String]
        var phones: [String]
        var connection: Connection?
        var bandwidths: [Bandwidth]
        var times: [Timing]
        var timeZones: String?
        var key: String?
        var attributes: [Attribute]
        var media: [MediaDescription]
    }

    public var origin: Origin {
        get { fields[0].origin }
        _modify { yield &fields[0].origin }
    }
    /// `s=`, as sent.
    public var name: String {
        get { fields[0].name }
        _modify { yield &fields[0].name }
    }
    public var information: String? {
        get { fields[0].information }
        _modify { yield &fields[0].information }
    }
    public var uri: String? {
        get { fields[0].uri }
        _modify { yield &fields[0].uri }
    }
    public var emails: [String] {
        get { fields[0].emails }
        _modify { yield &fields[0].emails }
    }
    public var phones: [String] {
        get { fields[0].phones }
        _modify { yield &fields[0].phones }
    }
    public var connection: Connection? {
        get { fields[0].connection }
        _modify { yield &fields[0].connection }
    }
    public var bandwidths: [Bandwidth] {
        get { fields[0].bandwidths }
        _modify { yield &fields[0].bandwidths }
    }
    public var times: [Timing] {
        get { fields[0].times }
        _modify { yield &fields[0].times }
    }
    /// The value of the `z=` line, as sent.
    public var timeZones: String? {
        get { fields[0].timeZones }
        _modify { yield &fields[0].timeZones }
    }
    /// The value of the obsolete `k=` line.
    public var key: String? {
        get { fields[0].key }
        _modify { yield &fields[0].key }
    }
    public var attributes: [Attribute] {
        get { fields[0].attributes }
        _modify { yield &fields[0].attributes }
    }
    public var media: [MediaDescription] {
        get { fields[0].media }
        _modify { yield &fields[0].media }
    }

    public init(
        origin: Origin, name: String = "-", information: String? = nil, uri: String? = nil, emails: [String] = [],
        phones: [String] = [], connection: Connection? = nil, bandwidths: [Bandwidth] = [], times: [Timing] = [Timing()],
        timeZones: String? = nil, key: String? = nil, attributes: [Attribute] = [], media: [MediaDescription] = []
    ) {
        fields = [
            Fields(
                origin: origin, name: name, information: information, uri: uri, emails: emails, phones: phones, connection: connection, bandwidths: bandwidths,
                times: times, timeZones: timeZones, key: key, attributes: attributes, media: media),
        ]
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
