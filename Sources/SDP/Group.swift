/// Media that belong together: `a=group` (RFC 5888, section 5; BUNDLE in RFC 9143).
public struct Group: Sendable, Hashable {
    /// `BUNDLE`, `LS`, …
    public var semantics: String
    /// The `a=mid` of each member.
    public var mids: [String]

    public init(semantics: String, mids: [String]) {
        self.semantics = semantics
        self.mids = mids
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let semantics = reader.next()?.token(1 ... 32) else { return nil }
        let mids = reader.all()
        guard mids.allSatisfy({ Substring($0).token(1 ... 255) != nil }) else { return nil }
        self.init(semantics: semantics, mids: mids)
    }

    var value: String { ([semantics] + mids).joined(separator: " ") }
}
