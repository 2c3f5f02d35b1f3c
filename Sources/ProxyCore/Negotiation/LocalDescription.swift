public import SDP

/// Tern's own side of a dialog: an `o=` line that stays, with a version that rises when the rest has changed (RFC 3264, section 8).
struct LocalDescription: Sendable {
    private let sessionID: UInt64
    /// Our address, of `c=`, and of `o=` in the dialog's first description.
    var connection: Connection
    /// That of `o=`, which stays even where media goes elsewhere later; nil before the first description.
    private var origin: Connection?
    /// Whether `c=` stands once for all; without it each medium has its own.
    private let hasConnection: Bool
    private var last: SessionDescription?
    /// The media as they were sent last, without the limit.
    private(set) var media: [MediaDescription] = []
    /// Most that the other side is to send, in kbit/s; 0 is no limit of ours. It counts from the next description on.
    var bitrate = 0
    private var version: UInt64 = 1
    /// What was sent last came to nothing: the next is another one, also where it says what stood before.
    private var isRolledBack = false

    init(sessionID: UInt64, connection: Connection, hasConnection: Bool) {
        self.sessionID = sessionID
        self.connection = connection
        self.hasConnection = hasConnection
    }

    /// The description with these media.
    mutating func describing(_ media: [MediaDescription]) -> SessionDescription {
        origin = origin ?? connection
        var session = description(media)
        if let last, isRolledBack || session.media != last.media || session.connection != last.connection {
            version &+= 1
            session = description(media)
        }
        isRolledBack = false
        last = session
        self.media = media
        return session
    }

    private func description(_ media: [MediaDescription]) -> SessionDescription {
        let origin = origin ?? connection
        return SessionDescription(
            origin: Origin(sessionID: sessionID, sessionVersion: version, addressType: origin.addressType, address: origin.address),
            connection: hasConnection ? connection : nil, media: media.limited(to: bitrate))
    }

    /// The next one that is another has a higher version than this.
    mutating func rise(to version: UInt64) {
        self.version = max(self.version, version)
        guard var session = last else { return }
        session.origin.sessionVersion = self.version
        last = session
    }

    /// Adds the further lines of `offered` as refused ones.
    mutating func keep(_ offered: [MediaDescription]) {
        media += offered.dropFirst(media.count).map { MediaDescription(refusing: $0.kind, like: $0) }
    }

    /// Takes back what was described since `earlier`; its version is not used again.
    mutating func rollback(to earlier: LocalDescription) {
        guard earlier.version != version else { return }
        last = earlier.last
        media = earlier.media
        isRolledBack = true
    }
}

/// What a session leaves to the next one of a phone that goes on in another call: its dialog has its lines and its `o=`, which
/// later descriptions have to keep to (RFC 3264, section 8).
public struct DialogInheritance: Sendable {
    let local: LocalDescription
    let map: MediaMap
    let addresses: [MediaKind: String]
    let family: AddressFamily?

    /// What the phone said last, as an offer of all that it can: a hold was for the call that it leaves.
    public static func offer(from remote: RemoteDescription) -> RemoteDescription {
        remote.map { remote in
            var session = remote
            session.attributes.removeAll { $0.isDirection }
            for index in session.media.indices where session.media[index].port != 0 {
                session.media[index].attributes.removeAll { $0.isDirection }
                session.media[index].attributes.append(.direction(.sendrecv))
            }
            return session
        }
    }

    /// A description of ours that stood before another one, to be sent once more: its version has to be a new one, and lines that
    /// the other one has added stay, refused (RFC 3264, section 8).
    public static func renewed(_ before: SessionDescription, after last: SessionDescription?) -> SessionDescription {
        var session = before
        session.origin.sessionVersion = max(before.origin.sessionVersion, last?.origin.sessionVersion ?? 0) &+ 1
        session.media += (last?.media.dropFirst(before.media.count) ?? []).map { LeanMedium.refusing($0.kind, $0.transport, $0.formats.first) }
        return session
    }
}

extension SIPNegotiation {
    var inheritance: DialogInheritance { DialogInheritance(local: local, map: map, addresses: addresses, family: chosenFamily) }

    /// The dialog goes on with another session.
    mutating func inherit(_ inheritance: DialogInheritance) {
        local = inheritance.local
        map = MediaMap(after: inheritance.map)
        addresses = inheritance.addresses
        chosenFamily = inheritance.family
        plain.connection = local.connection
        isMoved = true
    }
}

extension Attribute {
    fileprivate var isDirection: Bool { if case .direction = self { true } else { false } }
}
