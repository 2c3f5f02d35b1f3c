internal import SIPNames

// Bindings of one phone at several registrars: the nodes of a cluster.
extension Binding {
    /// Whether one phone has registered both: the same contact, the same flow of the same instance (RFC 5626 4.2), or, where neither has an
    /// instance, the same user of a URI with the same Call-ID.
    public func isOfSamePhone(as other: Binding) -> Bool {
        guard user == other.user else { return false }
        if contact.matches(other.contact) { return true }
        if let instance { return instance == other.instance && registrationID == other.registrationID }
        return other.instance == nil && callID == other.callID && contact.user == other.contact.user
    }

    /// Whether the phone has registered `other` later: by the CSeq of one Call-ID, else by the time.
    public func isOlder(than other: Binding) -> Bool {
        callID == other.callID && cSeq != other.cSeq ? cSeq < other.cSeq : updated < other.updated
    }
}

extension RegisterRequest {
    /// Whether it ends a contact, or all.
    var endsSomething: Bool { isWildcard || contacts.contains { ($0.expires ?? expires) == 0 } }

    /// Whether it ends `binding`, which another node has: it says so, and comes after the request that made the binding.
    public func ends(_ binding: Binding) -> Bool {
        guard user == binding.user, callID != binding.callID || cSeq > binding.cSeq else { return false }
        if isWildcard { return true }
        return contacts.contains { contact in
            (contact.expires ?? expires) == 0 && SIPURI(contact.uri).map { $0.matches(binding.contact) } ?? false
        }
    }
}
