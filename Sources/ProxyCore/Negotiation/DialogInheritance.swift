import SDP

/// What a session leaves to the next one of a phone that goes on in another call: its dialog has its lines and its `o=`, which
/// later descriptions have to keep to (RFC 3264, section 8).
public struct DialogInheritance: Sendable {
    let local: LocalDescription
    let map: MediaMap
    let addresses: [MediaKind: String]
    let family: AddressFamily?

    /// What the phone said last, as an offer of all that it can: a hold was for the call that it leaves.
    public static func offer(from remote: String) -> String {
        guard var session = try? SessionDescription(negotiating: remote) else { return remote }
        session.attributes.removeAll { $0.isDirection }
        for index in session.media.indices where session.media[index].port != 0 {
            session.media[index].attributes.removeAll { $0.isDirection }
            session.media[index].attributes.append(.direction(.sendrecv))
        }
        return session.text
    }

    /// A description of ours that stood before another one, to be sent once more: its version has to be a new one, and lines that
    /// the other one has added stay, refused (RFC 3264, section 8).
    public static func renewed(_ sdp: String, after last: String?) -> String {
        guard var session = try? SessionDescription(negotiating: sdp) else { return sdp }
        let other = last.flatMap { try? SessionDescription(negotiating: $0) }
        session.origin.sessionVersion = max(session.origin.sessionVersion, other?.origin.sessionVersion ?? 0) &+ 1
        session.media += (other?.media.dropFirst(session.media.count) ?? []).map { LeanMedium.refusing($0.kind, $0.transport, $0.formats.first) }
        return session.text
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
