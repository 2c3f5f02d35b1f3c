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
        guard let semantics = reader.next() else { return nil }
        self.init(semantics: String(semantics), mids: reader.all())
    }

    var value: String { ([semantics] + mids).joined(separator: " ") }
}
