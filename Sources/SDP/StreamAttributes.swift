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

/// The stream and track that a medium carries: `a=msid` (RFC 8830, section 2).
public struct MediaStreamID: Sendable, Hashable {
    /// A token of at most 64 bytes, as the track is.
    public var stream: String
    public var track: String?

    public init(stream: String, track: String? = nil) {
        self.stream = stream
        self.track = track
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let stream = reader.next()?.token(1 ... 64) else { return nil }
        guard let field = reader.next() else { self.init(stream: stream); return }
        guard let track = field.token(1 ... 64), reader.next() == nil else { return nil }
        self.init(stream: stream, track: track)
    }

    var value: String { stream + (track.map { " \($0)" } ?? "") }
}

/// One encoding of a medium, as in simulcast: `a=rid` (RFC 8851, section 10).
public struct RestrictionID: Sendable, Hashable {
    /// Letters, digits, `-` and `_`; at most 16 bytes, which is what a one-byte header extension has room for (RFC 8285, section 4.2).
    public var id: String
    /// Whether it is sent; it is received otherwise.
    public var isSent: Bool
    /// `pt=…` and other restrictions; as sent, empty mostly.
    public var restrictions: String

    public init(id: String, isSent: Bool, restrictions: String = "") {
        self.id = id
        self.isSent = isSent
        self.restrictions = restrictions
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        let id = reader.next()?.word(1 ... 16) { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        guard let id, let direction = reader.next(), direction == "send" || direction == "recv" else { return nil }
        self.init(id: id, isSent: direction == "send", restrictions: String(reader.remainder()))
    }

    var value: String { "\(id) \(isSent ? "send" : "recv")" + (restrictions.isEmpty ? "" : " \(restrictions)") }
}

/// A property of one RTP source: `a=ssrc` (RFC 5576, section 4.1).
public struct SSRCAttribute: Sendable, Hashable {
    public var ssrc: UInt32
    /// `cname`, `msid`, …
    public var name: String
    public var value: String?

    public init(ssrc: UInt32, name: String, value: String? = nil) {
        self.ssrc = ssrc
        self.name = name
        self.value = value
    }

    init?(text: Substring) {
        var reader = FieldReader(text)
        guard let ssrc = reader.number(UInt32.self) else { return nil }
        let attribute = reader.remainder()
        guard !attribute.isEmpty else { return nil }
        guard let (name, value) = attribute.split(at: UInt8(ascii: ":")) else {
            self.init(ssrc: ssrc, name: String(attribute))
            return
        }
        self.init(ssrc: ssrc, name: String(name), value: String(value))
    }

    var text: String { "\(ssrc) \(name)" + (value.map { ":\($0)" } ?? "") }
}

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
