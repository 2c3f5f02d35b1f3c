import SDP

/// The family of an address at which media is received.
public enum AddressFamily: String, Sendable, Hashable, CaseIterable {
    case ip4, ip6

    /// Nil where it cannot be read.
    init?(_ connection: Connection) {
        switch connection.addressType {
        case .ip4: self = .ip4
        case .ip6: self = .ip6
        case .unknown: return nil
        }
    }

    var type: AddressType { self == .ip4 ? .ip4 : .ip6 }

    var name: String { self == .ip4 ? "IPv4" : "IPv6" }

    /// The address of no host.
    var unspecified: String { self == .ip4 ? "0.0.0.0" : "::" }
}

/// The addresses at which the legs of phones receive media, of which a leg has one for its life.
public struct LegAddresses: Sendable, Hashable {
    public var ip4: String
    /// Nil where phones are not reached over IPv6.
    public var ip6: String?
    /// What phones in local networks are told in place of ``ip4``, which a NAT leads to it; nil where there is no NAT.
    public var local: String?

    public init(_ ip4: String, ip6: String? = nil, local: String? = nil) {
        self.ip4 = ip4
        self.ip6 = ip6
        self.local = local
    }

    /// The address of that family; nil where there is none.
    public subscript(family: AddressFamily) -> String? { family == .ip4 ? ip4 : ip6 }

    /// The same for a phone in a local network.
    func told(_ profile: SIPProfile) -> LegAddresses { profile.isLocal ? LegAddresses(local ?? ip4, ip6: ip6) : self }
}

/// IPv4 and IPv6: a dialog has one of the two, as its leg has one address. The first offer decides which: that of the phone by its own address,
/// ours by the profile.
extension SIPNegotiation {
    /// The family of the dialog's media.
    var family: AddressFamily { chosenFamily ?? (own[profile.family] == nil ? .ip4 : profile.family) }

    /// Keeps to that family from now on.
    mutating func choose(_ family: AddressFamily) {
        guard chosenFamily == nil, let address = own[family] else { return }
        chosenFamily = family
        local.connection = Connection(addressType: family.type, address: address)
        plain.connection = local.connection
    }

    /// The first family of a phone's audio, or of its video, that we have an address of.
    func family(offeredIn session: SessionDescription) -> AddressFamily {
        let used = session.media.filter { ($0.kind == .audio || $0.kind == .video) && $0.port != 0 }
        let ordered = used.filter { $0.kind == .audio } + used.filter { $0.kind == .video }
        let families = ordered.compactMap { session.connection(for: $0).flatMap(AddressFamily.init) }
        return families.first { own[$0] != nil } ?? .ip4
    }
}
