public import SDP

/// The descriptions of one SIP leg in one dialog. On the other side of it are descriptions with the lines of the media engine, which are
/// the same for both sides of a session: one audio and one video at most.
///
/// A phone's offer: `acceptOffer` gives what the other side is offered, `makeAnswer` takes its answer.
/// An offer to a phone: `makeOffer` takes the other side's offer, `acceptAnswer` gives the phone's answer for it.
/// Both go any number of times, in any order; lines keep their number and order within the dialog, payload types their numbers.
/// An error leaves everything as it was before the call.
public struct SIPNegotiation: Sendable {
    let profile: SIPProfile
    /// Our addresses, one of which the dialog's media comes to.
    private(set) var own: LegAddresses
    /// The family of that one; nil before the first offer.
    var chosenFamily: AddressFamily?
    /// What is sent to the phone.
    var local: LocalDescription
    /// What the phone says, understood, in the lines of the media engine.
    var plain: LocalDescription
    /// At which the phone's media is received; they stay as they are for the session's life.
    var ports: [MediaKind: LegPort] = [:]
    /// The last address that the phone wanted its media at, for a hold that hides it.
    var addresses: [MediaKind: String] = [:]
    /// Whether the dialog's media is encrypted, and with which of the phone's keys; nil before that is known.
    var encryption: Encryption?
    var map = MediaMap()
    /// Whether the first offer is what the phone said in another session: then it has not been told of this one.
    var isMoved = false
    /// Whether our side holds: the phone is to send nothing.
    var isHeld = false
    /// Our directions, by line, as they are without a hold of ours.
    var directions: [Int: Direction] = [:]
    var state = State.idle
    /// What the phone said last, offer or answer; nil before, and in another session's dialog.
    var remote: SessionDescription?
    /// What stood before the pending offer.
    var stable: Stable?

    enum State: Sendable {
        case idle
        /// The phone's offer; and what was understood of it, by the engine's line.
        case remoteOffer(SessionDescription, plain: [MediaDescription], answered: Bool)
        /// Our offer, as it was sent.
        case localOffer([MediaDescription], answered: Bool)

        var isPending: Bool {
            switch self {
            case .idle: false
            case .remoteOffer(_, _, let answered), .localOffer(_, let answered): !answered
            }
        }
    }

    struct Stable: Sendable {
        var map: MediaMap
        var state: State
        var remote: SessionDescription?
        var addresses: [MediaKind: String]
        var encryption: Encryption?
        var local: LocalDescription
        var plain: LocalDescription
        var isHeld: Bool
        var directions: [Int: Direction]
    }

    /// - Parameters:
    ///   - sessionID: for `o=`; the same for the dialog's life.
    ///   - addresses: the addresses at which the phone's media may be received, for `o=` and `c=`.
    public init(sessionID: UInt64, addresses: LegAddresses, profile: SIPProfile = .standard) {
        self.profile = profile
        own = addresses.told(profile)
        let connection = Connection(address: own.ip4)
        local = LocalDescription(sessionID: sessionID, connection: connection, hasConnection: true)
        // Each medium has its own.
        plain = LocalDescription(sessionID: sessionID, connection: connection, hasConnection: false)
    }

    /// Has the phone's media received at these addresses, or at those that it was made with, before anything is said to it in this session. A dialog that goes on
    /// may have had it elsewhere; it keeps its family where there is an address of it.
    mutating func receive(at addresses: LegAddresses?) {
        own = addresses?.told(profile) ?? own
        if let family = chosenFamily, own[family] == nil { chosenFamily = .ip4 }
        let family = chosenFamily ?? .ip4
        local.connection = Connection(addressType: family.type, address: own[family] ?? own.ip4)
        plain.connection = local.connection
    }

    /// Forgets an offer that was refused; what was agreed before it stands (RFC 6141).
    public mutating func rollback() {
        guard state.isPending else { return }
        restore()
    }

    /// Forgets our last offer, also where the phone has accepted it. The phone keeps the lines that the offer added: the next one refuses them
    /// (RFC 3264 section 8).
    mutating func withdraw() {
        guard case .localOffer(let offered, _) = state else { return }
        restore()
        local.keep(offered)
        map.keep(offered.count)
    }

    private mutating func restore() {
        guard let stable else { return }
        map = stable.map
        state = stable.state
        remote = stable.remote
        addresses = stable.addresses
        encryption = stable.encryption
        isHeld = stable.isHeld
        directions = stable.directions
        local.rollback(to: stable.local)
        plain.rollback(to: stable.plain)
        self.stable = nil
    }

    /// Notes what stands, at the begin of an offer.
    mutating func begin() throws(NegotiationError) {
        guard !state.isPending else { throw .wrongState }
        stable = Stable(
            map: map, state: state, remote: remote, addresses: addresses, encryption: encryption, local: local, plain: plain,
            isHeld: isHeld, directions: directions)
    }
}

/// What Tern says to SIP phones.
public struct SIPProfile: Sendable, Hashable {
    /// The codecs that are offered and accepted.
    public var codecs: Set<Codec>
    /// Whether media is encrypted.
    public var srtp: SRTPPolicy
    /// The address family of the first offer, where there is an address of it; IPv4 otherwise. An answer has that of the phone's offer.
    public var family: AddressFamily
    /// Whether the phone is in a local network, and told the gateway's own address in place of the public one.
    public var isLocal: Bool

    public init(codecs: Set<Codec> = Set(Codec.allCases), srtp: SRTPPolicy = .optional, family: AddressFamily = .ip4, isLocal: Bool = false) {
        self.codecs = codecs
        self.srtp = srtp
        self.family = family
        self.isLocal = isLocal
    }

    public static let standard = SIPProfile()
}

extension [MediaDescription] {
    /// Asks the other side to send at most `bitrate` kbit/s in all: a `b=` line on what takes the most, the first video, or the first audio
    /// where there is none. Both of its forms, because some know one only (RFC 8866 section 5.8, RFC 3890). 0 leaves them as they are.
    func limited(to bitrate: Int) -> [MediaDescription] {
        guard bitrate > 0, let kilobits = UInt32(exactly: bitrate) else { return self }
        guard let index = firstIndex(where: { $0.kind == .video && $0.port != 0 }) ?? firstIndex(where: { $0.kind == .audio && $0.port != 0 })
        else { return self }
        var limited = self
        let bits = UInt32(clamping: UInt64(kilobits) * 1_000)
        limited[index].bandwidths =
            self[index].bandwidths.filter { $0.type != "AS" && $0.type != "TIAS" }
            + [Bandwidth(type: "AS", value: kilobits), Bandwidth(type: "TIAS", value: bits)]
        return limited
    }
}
