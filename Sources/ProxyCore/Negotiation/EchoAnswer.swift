public import SDP

/// The answer of an echo to an offer, in the lines of the media engine: each medium comes back with the first codec of the offer, also one that only
/// browsers have.
///
/// - Parameter inner: The offer, as the caller's leg was told it.
public func echoAnswer(to inner: SessionDescription) throws(NegotiationError) -> SessionDescription {
    var session = inner
    session.media = session.media.map { offered in
        let offers = offered.payloadTypes.compactMap(offered.rtpmap(for:))
        guard offered.port != 0, let codec = offers.first(where: { $0.isEchoed(offered.kind) }) else {
            return MediaDescription(refusing: offered.kind, like: offered)
        }
        let events = offers.filter(\.isTelephoneEvent), fitting = events.filter { $0.clockRate == codec.clockRate }
        let maps = [codec] + (fitting.isEmpty ? events : fitting), formats = maps.map { String($0.payloadType) }
        var medium = offered
        medium.formats = formats
        medium.bandwidths = []
        medium.attributes = maps.map { .rtpmap($0) } + offered.attributes.compactMap { echoed($0, formats) }
        medium.attributes.append(.direction(session.direction(of: offered).reversed))
        return medium
    }
    guard session.media.contains(where: { $0.port != 0 }) else { throw .noCommonCodec }
    // An offer may give its address in a line that is refused now (RFC 8866 section 5.7).
    if session.media.allSatisfy({ $0.port == 0 || session.connection(for: $0) == nil }) {
        session.connection = inner.media.lazy.compactMap(inner.connection(for:)).first
    }
    // Those of a browser name its own connection.
    session.attributes = []
    return session
}

extension RTPMap {
    /// The codecs that only browsers have, and that Janus can capture.
    private static let ofBrowsers: Set<String> = ["vp9", "av1", "h265"]

    fileprivate func isEchoed(_ kind: MediaKind) -> Bool {
        guard encoding.lowercased() != Codec.telephoneEvent.rawValue else { return false }
        return Codec(self, kind: kind) != nil || (kind == .video && Self.ofBrowsers.contains(encoding.lowercased()))
    }
}

/// What an answer with these payload types keeps of an attribute of the offer.
private func echoed(_ attribute: Attribute, _ formats: [String]) -> Attribute? {
    switch attribute {
    case .mid, .packetTime: attribute
    case .formatParameters(let entry): formats.contains(entry.format) ? attribute : nil
    case .rtcpFeedback(let entry): entry.format == "*" || formats.contains(entry.format) ? attribute : nil
    case .headerExtension(let entry): echoedExtensions.contains(entry.uri) ? attribute : nil
    default: nil
    }
}

/// The header extensions that Janus' core itself makes use of.
private let echoedExtensions: Set<String> = [
    "urn:ietf:params:rtp-hdrext:sdes:mid", "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
]
