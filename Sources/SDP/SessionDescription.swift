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
