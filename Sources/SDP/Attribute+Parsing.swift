extension Attribute {
    /// Reads what follows `a=`. What has a case of its own, but is not of its form or out of its range, is `malformed`.
    init(line: Substring) {
        let (name, value) = line.split(at: UInt8(ascii: ":")).map { ($0, Optional($1)) } ?? (line, nil)
        // Some phones put a space behind a direction.
        let key = String(name.trimmingSpaces().lowercasedIfNeeded)
        if let attribute = value.map({ Self.typed(name: key, value: $0) }) ?? Self.property(key) {
            self = attribute
        } else if key.isEmpty || Self.known.contains(key) {
            self = .malformed(name: String(name), value: value.map(String.init))
        } else {
            self = .other(name: String(name), value: value.map(String.init))
        }
    }

    /// The names that have a case, in lower case.
    private static let known: Set<String> = [
        "rtpmap", "fmtp", "rtcp-fb", "sendrecv", "sendonly", "recvonly", "inactive", "ptime", "maxptime", "rtcp", "rtcp-mux", "rtcp-rsize",
        "crypto", "candidate", "end-of-candidates", "ice-ufrag", "ice-pwd", "ice-options", "ice-lite", "fingerprint", "setup", "mid", "group",
        "extmap", "extmap-allow-mixed", "bundle-only", "msid", "ssrc", "ssrc-group", "rid",
    ]

    private static func property(_ name: String) -> Attribute? {
        if let direction = Direction(rawValue: name) { return .direction(direction) }
        switch name {
        case "rtcp-mux": return .rtcpMux
        case "rtcp-rsize": return .rtcpReducedSize
        case "end-of-candidates": return .endOfCandidates
        case "ice-lite": return .iceLite
        case "extmap-allow-mixed": return .mixedHeaderExtensions
        case "bundle-only": return .bundleOnly
        default: return nil
        }
    }

    /// The attribute, where its name has a case and its value is well-formed.
    private static func typed(name: String, value: Substring) -> Attribute? {
        switch name {
        case "rtpmap": RTPMap(value: value).map(Attribute.rtpmap)
        case "fmtp": FormatParameters(value: value).map(Attribute.formatParameters)
        case "rtcp-fb": RTCPFeedback(value: value).map(Attribute.rtcpFeedback)
        case "ptime": milliseconds(value).map(Attribute.packetTime)
        case "maxptime": milliseconds(value).map(Attribute.maximumPacketTime)
        case "rtcp": RTCPAddress(value: value).map(Attribute.rtcp)
        case "crypto": Crypto(value: value).map(Attribute.crypto)
        case "candidate": Candidate(value).map(Attribute.candidate)
        case "ice-ufrag": value.word(4 ... 256, of: \.isVisible).map(Attribute.iceUsernameFragment)
        case "ice-pwd": value.word(22 ... 256, of: \.isVisible).map(Attribute.icePassword)
        case "ice-options": value.word(1 ... 256, of: { $0.isVisible || $0 == UInt8(ascii: " ") }).map(Attribute.iceOptions)
        case "fingerprint": Fingerprint(value: value).map(Attribute.fingerprint)
        case "setup": Setup(rawValue: String(value.trimmingSpaces().lowercasedIfNeeded)).map(Attribute.setup)
        case "mid": value.token(1 ... 255).map(Attribute.mid)
        case "group": Group(value: value).map(Attribute.group)
        case "extmap": HeaderExtension(value: value).map(Attribute.headerExtension)
        case "msid": MediaStreamID(value: value).map(Attribute.mediaStreamID)
        case "ssrc": SSRCAttribute(text: value).map(Attribute.ssrc)
        case "ssrc-group": SSRCGroup(value: value).map(Attribute.ssrcGroup)
        case "rid": RestrictionID(value: value).map(Attribute.restrictionID)
        default: nil
        }
    }

    /// What a packet may have: up to a second.
    private static func milliseconds(_ value: Substring) -> UInt32? {
        UInt32(digits: value.trimmingSpaces()).flatMap { 1 ... 1_000 ~= $0 ? $0 : nil }
    }
}
