import SDP

/// Tern's own side of a dialog: an `o=` line that stays, with a version that rises when the rest has changed (RFC 3264, section 8).
struct LocalDescription: Sendable {
    private let sessionID: UInt64
    private let address: String
    /// Whether `c=` stands once for all; without it each medium has its own.
    private let hasConnection: Bool
    private var last: SessionDescription?

    init(sessionID: UInt64, address: String, hasConnection: Bool) {
        self.sessionID = sessionID
        self.address = address
        self.hasConnection = hasConnection
    }

    /// The description with these media.
    mutating func describing(_ media: [MediaDescription]) -> SessionDescription {
        var session = SessionDescription(
            origin: last?.origin ?? Origin(sessionID: sessionID, sessionVersion: 1, address: address),
            connection: hasConnection ? Connection(address: address) : nil, media: media)
        if let last, session != last { session.origin.sessionVersion &+= 1 }
        last = session
        return session
    }

    /// The media as they were sent last.
    var media: [MediaDescription] { last?.media ?? [] }
}
