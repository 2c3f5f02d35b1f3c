/// Where RTCP is to be sent when it is not the port above RTP's: `a=rtcp` (RFC 3605, section 2.1).
public struct RTCPAddress: Sendable, Hashable {
    public var port: UInt16
    public var connection: Connection?

    public init(port: UInt16, connection: Connection? = nil) {
        self.port = port
        self.connection = connection
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let port = reader.number(UInt16.self) else { return nil }
        let rest = reader.remainder()
        guard !rest.isEmpty else { self.init(port: port); return }
        let connection = Connection(value: rest)
        guard connection.addressType != .unknown else { return nil }
        self.init(port: port, connection: connection)
    }

    var value: String { "\(port)" + (connection.map { " \($0.value)" } ?? "") }
}
