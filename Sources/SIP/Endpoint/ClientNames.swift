/// What the requests of a registration have in common: Call-ID and From tag, and a CSeq that rises (RFC 3261 section 10.2).
struct ClientNames {
    struct Name {
        let dialog: DialogName
        var sequence: UInt32
    }

    /// More registrations than this are not remembered; they stem from the configuration.
    static let most = 1_024
    private var names: [String: Name] = [:]

    /// The name for the next request with `key`, or one that is used once.
    mutating func next(_ key: String?) -> Name {
        guard let key else { return Name(dialog: .own(), sequence: 1) }
        var name = names[key] ?? Name(dialog: .own(), sequence: 0)
        name.sequence = name.sequence < 0x7FFF_0000 ? name.sequence + 1 : 1
        if names[key] == nil, names.count >= ClientNames.most { names.removeAll() }
        names[key] = name
        return name
    }
}
