extension Attribute {
    /// Reads what follows `a=`. Malformed attributes that negotiation stands on are errors; any other that
    /// cannot be read is kept as `other`, as receivers are to ignore what they do not understand.
    init(line: Substring) throws(SDPError.Reason) {
        guard let (name, value) = line.split(at: UInt8(ascii: ":")) else {
            guard !line.isEmpty else { throw .invalid("a=") }
            self = Self.property(line)
            return
        }
        guard !name.isEmpty else { throw .invalid("a=") }
        let word = String(name)
        if let attribute = Self.typed(name: word, value: value) {
            self = attribute
        } else if Self.essential.contains(word) {
            throw .invalid("a=\(word)")
        } else {
            self = .other(name: word, value: String(value))
        }
    }

    /// Names of attributes without which a medium cannot be negotiated.
    private static let essential: Set<String> = ["rtpmap", "fmtp", "fingerprint", "setup", "rtcp", "mid", "ice-ufrag", "ice-pwd"]

    private static func property(_ line: Substring) -> Attribute {
        // Some phones put a space behind a direction.
        let name = String(line.trimmingSpaces())
        if let direction = Direction(rawValue: name) { return .direction(direction) }
        switch name {
        case "rtcp-mux": return .rtcpMux
        case "rtcp-rsize": return .rtcpReducedSize
        case "end-of-candidates": return .endOfCandidates
        case "ice-lite": return .iceLite
        default: return .other(name: String(line), value: nil)
        }
    }

    /// The attribute, where its name has a case and its value is well-formed.
    private static func typed(name: String, value: Substring) -> Attribute? {
        switch name {
        case "rtpmap": RTPMap(value: value).map(Attribute.rtpmap)
        case "fmtp": FormatParameters(value: value).map(Attribute.formatParameters)
        case "rtcp-fb": RTCPFeedback(value: value).map(Attribute.rtcpFeedback)
        case "ptime": UInt32(digits: value.trimmingSpaces()).map(Attribute.packetTime)
        case "maxptime": UInt32(digits: value.trimmingSpaces()).map(Attribute.maximumPacketTime)
        case "rtcp": RTCPAddress(value: value).map(Attribute.rtcp)
        case "crypto": Crypto(value: value).map(Attribute.crypto)
        case "candidate": Candidate(value).map(Attribute.candidate)
        case "ice-ufrag": token(value).map(Attribute.iceUsernameFragment)
        case "ice-pwd": token(value).map(Attribute.icePassword)
        case "ice-options": .iceOptions(String(value.trimmingSpaces()))
        case "fingerprint": Fingerprint(value: value).map(Attribute.fingerprint)
        case "setup": Setup(rawValue: String(value.trimmingSpaces())).map(Attribute.setup)
        case "mid": token(value).map(Attribute.mid)
        case "group": Group(value: value).map(Attribute.group)
        case "extmap": HeaderExtension(value: value).map(Attribute.headerExtension)
        case "msid": MediaStreamID(value: value).map(Attribute.mediaStreamID)
        case "ssrc": SSRCAttribute(text: value).map(Attribute.ssrc)
        default: nil
        }
    }

    /// One word without spaces.
    private static func token(_ value: Substring) -> String? {
        var reader = FieldReader(value)
        guard let word = reader.next(), reader.next() == nil else { return nil }
        return String(word)
    }
}
