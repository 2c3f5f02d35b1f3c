import SDP

/// The answer of an echo to an offer, in the lines of the media engine: each medium comes back with the first codec of the offer.
///
/// - Parameter inner: The offer, as the caller's leg was told it.
func echoAnswer(to inner: String) throws(NegotiationError) -> String {
    var session = try SessionDescription(negotiating: inner)
    session.media = session.media.map { offered in
        guard offered.port != 0, let codec = offered.payloads.first(where: { $0.codec != .telephoneEvent }) else {
            return MediaDescription(refusing: offered.kind, like: offered)
        }
        let events = offered.payloads.filter { $0.codec == .telephoneEvent && $0.map.clockRate == codec.map.clockRate }
        let payloads = [codec] + events
        var medium = offered
        medium.formats = payloads.map { String($0.type) }
        medium.bandwidths = []
        medium.attributes = payloads.flatMap(\.attributes) + offered.attributes.compactMap { echoed($0, payloads) }
        medium.attributes.append(.direction(session.direction(of: offered).reversed))
        return medium
    }
    guard session.media.contains(where: { $0.port != 0 }) else { throw .noCommonCodec }
    return session.text
}

/// What an answer keeps of an attribute of the offer.
private func echoed(_ attribute: Attribute, _ payloads: [Payload]) -> Attribute? {
    switch attribute {
    case .mid, .packetTime: attribute
    case .rtcpFeedback(let entry): entry.format == "*" || payloads.contains { String($0.type) == entry.format } ? attribute : nil
    case .headerExtension(let entry): echoedExtensions.contains(entry.uri) ? attribute : nil
    default: nil
    }
}

/// The header extensions that Janus' core itself makes use of.
private let echoedExtensions: Set<String> = [
    "urn:ietf:params:rtp-hdrext:sdes:mid", "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
]
