public import SDP

/// What a dialog has agreed on for one medium.
public struct AgreedMedium: Sendable, Hashable {
    /// Audio or video.
    public var kind: MediaKind
    /// The first codec of the answer, with which both sides begin.
    public var codec: Codec
    /// Its number in the RTP packets.
    public var payloadType: UInt8
    /// Milliseconds of media in a packet, as the session description says; nil where it does not.
    public var packetTime: Int?
    /// As Tern sees it: `sendonly` is media that goes to the phone only.
    public var direction: Direction
    /// Whether media to and from the phone is SRTP.
    public var isEncrypted: Bool

    /// Nil for a medium that is refused or has no codec.
    init?(_ medium: MediaDescription, direction: Direction) {
        guard medium.port != 0, let payload = medium.payloads.first(where: { $0.codec != .telephoneEvent }) else { return nil }
        kind = medium.kind
        codec = payload.codec
        payloadType = payload.type
        packetTime = medium.attributes.lazy.compactMap { if case .packetTime(let time) = $0 { Int(time) } else { nil } }.first
        self.direction = direction
        isEncrypted = medium.transport.isSecure
    }
}

extension SIPNegotiation {
    /// The media of the last offer that has its answer; empty before.
    public var agreedMedia: [AgreedMedium] { Self.media(state, local, plain) }

    /// The media that stands while another offer is being answered.
    var standingMedia: [AgreedMedium] {
        guard state.isPending, let stable else { return agreedMedia }
        return Self.media(stable.state, stable.local, stable.plain)
    }

    private static func media(_ state: State, _ local: LocalDescription, _ plain: LocalDescription) -> [AgreedMedium] {
        switch state {
        case .remoteOffer(_, _, answered: true):
            local.media.compactMap { AgreedMedium($0, direction: $0.direction ?? .sendrecv) }
        case .localOffer(_, answered: true):
            plain.media.compactMap { AgreedMedium($0, direction: ($0.direction ?? .sendrecv).reversed) }
        case .idle, .remoteOffer, .localOffer: []
        }
    }

    /// Whether keys may go to the phone as RTP (RFC 4733).
    var hasTelephoneEvents: Bool {
        let media = switch state {
        case .remoteOffer(_, _, answered: true): local.media
        case .localOffer(_, answered: true): plain.media
        case .idle, .remoteOffer, .localOffer: [MediaDescription]()
        }
        return media.contains { $0.kind == .audio && $0.port != 0 && $0.payloads.contains { $0.codec == .telephoneEvent } }
    }

    /// Whether the phone wants none of what it could have, in its last description (RFC 3264, section 8.4).
    ///
    /// - Parameter before: What was known of it: an answer to an offer that gives it nothing does not tell.
    func isPeerHolding(before: Bool) -> Bool {
        let used = plain.media.indices.filter { plain.media[$0].port != 0 }
        guard let index = used.first(where: { plain.media[$0].kind == .audio }) ?? used.first, map.entries.indices.contains(index)
        else { return before }
        let wants = (plain.media[index].direction ?? .sendrecv).receives
        switch state {
        case .remoteOffer(_, _, answered: true): return !wants
        case .localOffer(let offer, answered: true):
            let line = map.entries[index].line
            guard offer.indices.contains(line), (offer[line].direction ?? .sendrecv).sends else { return before }
            return !wants
        case .idle, .remoteOffer, .localOffer: return before
        }
    }

    /// What the phone said last that the other side would notice.
    var presence: [Presence] { plain.media.map(Presence.init) }

    /// One line of a phone's description, as the other side sees it.
    struct Presence: Sendable, Equatable {
        let isRefused: Bool
        let codec: Codec?
        let direction: Direction

        init(_ medium: MediaDescription) {
            isRefused = medium.port == 0
            codec = medium.payloads.first?.codec
            direction = medium.direction ?? .sendrecv
        }
    }
}
