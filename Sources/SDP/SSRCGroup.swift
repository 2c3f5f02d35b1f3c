/// RTP sources that belong together: `a=ssrc-group` (RFC 5576, section 4.2).
public struct SSRCGroup: Sendable, Hashable {
    /// `FID`, `SIM`, `FEC-FR`, …
    public var semantics: String
    public var ssrcs: [UInt32]

    public init(semantics: String, ssrcs: [UInt32]) {
        self.semantics = semantics
        self.ssrcs = ssrcs
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let semantics = reader.next()?.token(1 ... 32) else { return nil }
        var ssrcs: [UInt32] = []
        while let field = reader.next() {
            guard let ssrc = UInt32(digits: field) else { return nil }
            ssrcs.append(ssrc)
        }
        self.init(semantics: semantics, ssrcs: ssrcs)
    }

    var value: String { ([semantics] + ssrcs.map { String($0) }).joined(separator: " ") }
}
