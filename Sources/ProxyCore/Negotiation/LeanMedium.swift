import SDP

/// A medium as phones get it: codecs, direction, and nothing that they do not need.
struct LeanMedium {
    let generated: MediaDescription
    let transport: TransportProtocol
    var payloads: [Payload]
    var direction: Direction
    /// The feedback that may be named; nil allows what a phone can make use of.
    var feedback: Set<RTCPFeedback>?
    /// The tag under which the phone offered the key that is answered (RFC 4568, section 5.1.2).
    var keyTag: UInt32?
    /// Whether RTP and RTCP are on one port (RFC 5761).
    var isMultiplexed = false

    /// The media line with what follows; nil where nothing is left to talk with.
    var description: MediaDescription? {
        guard generated.port != 0, payloads.hasMedia else { return nil }
        guard !transport.isSecure || !generated.keys.isEmpty else { return nil }
        var attributes = payloads.flatMap(\.leanAttributes)
        attributes += generated.attributes.filter(isKept).map(withKeyTag)
        if isMultiplexed { attributes.append(.rtcpMux) }
        attributes.append(.direction(direction))
        return MediaDescription(
            kind: generated.kind, port: generated.port, transport: transport, formats: payloads.map { String($0.type) },
            bandwidths: generated.bandwidths.filter { $0.type == "AS" || $0.type == "TIAS" }, attributes: attributes)
    }

    private func isKept(_ attribute: Attribute) -> Bool {
        switch attribute {
        case .packetTime: true
        case .crypto: transport == .savp || transport == .savpf
        case .rtcpFeedback(let entry): transport.hasFeedback && isKnown(entry)
        default: false
        }
    }

    private func withKeyTag(_ attribute: Attribute) -> Attribute {
        guard case .crypto(var crypto) = attribute, let keyTag else { return attribute }
        crypto.tag = keyTag
        return .crypto(crypto)
    }

    private func isKnown(_ entry: RTCPFeedback) -> Bool {
        guard entry.format == "*" || payloads.contains(where: { String($0.type) == entry.format }) else { return false }
        guard let feedback else { return ["nack", "nack pli", "ccm fir"].contains(entry.feedback) }
        return feedback.contains(entry) || feedback.contains(RTCPFeedback(format: "*", feedback: entry.feedback))
    }

    /// A medium that is refused in its place: port 0 and one format (RFC 3264, section 6).
    static func refusing(_ kind: MediaKind, _ transport: TransportProtocol, _ format: String?) -> MediaDescription {
        // Over RTP a format is a payload type, whatever the line had before.
        let isFitting = !transport.isRTP || format.flatMap { UInt8($0) } != nil
        return MediaDescription(kind: kind, port: 0, transport: transport, formats: [isFitting ? format ?? "0" : "0"])
    }
}

extension Payload {
    /// As `attributes`, without browsers' own parameters, and with the events that telephone-event carries.
    var leanAttributes: [Attribute] {
        var lean = self
        if codec == .telephoneEvent {
            lean.parameters = parameters ?? FormatParameters(format: String(type), text: "0-15")
        } else {
            lean.parameters?.remove { $0.hasPrefix("x-google") }
        }
        // Every phone knows 0 and 8; without their lines an INVITE with video fits a datagram.
        let isImplied = (codec == .pcmu || codec == .pcma) && lean.map == .wellKnown(type)
        return isImplied ? lean.attributes.filter { $0 != .rtpmap(lean.map) } : lean.attributes
    }
}

extension FormatParameters {
    /// Takes out the parameters whose names `condition` picks; all others stay as they are written.
    mutating func remove(where condition: (String) -> Bool) {
        let kept = text.split(separator: ";").map { $0.drop { $0 == " " } }.filter { !condition(String($0)) }
        text = kept.joined(separator: ";")
    }
}
