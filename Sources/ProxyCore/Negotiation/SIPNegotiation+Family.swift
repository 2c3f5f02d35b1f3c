import SDP

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
