import SDP

extension MediaDescription {
    /// Leaves the telephone events that have the clock of the first codec (RFC 4733, section 2.1), where there are some: of several Chromium
    /// sends the slowest, whatever the codec. Where none has that clock all stay, for phones that know 8000 only.
    mutating func keepFittingTelephoneEvents() {
        guard kind == .audio, port != 0 else { return }
        let maps = payloadTypes.compactMap(rtpmap(for:)), events = maps.filter(\.isTelephoneEvent)
        guard let clock = maps.first(where: \.isCodec)?.clockRate, events.contains(where: { $0.clockRate == clock }) else { return }
        let others = Set(events.filter { $0.clockRate != clock }.map { String($0.payloadType) })
        formats.removeAll(where: others.contains)
        attributes.removeAll { attribute in
            switch attribute {
            case .rtpmap(let map): others.contains(String(map.payloadType))
            case .formatParameters(let parameters): others.contains(parameters.format)
            case .rtcpFeedback(let entry): others.contains(entry.format)
            default: false
            }
        }
    }
}

extension RTPMap {
    var isTelephoneEvent: Bool { encoding.lowercased() == "telephone-event" }

    /// Whether this is sound by itself: no events, no comfort noise, no redundancy.
    fileprivate var isCodec: Bool { !["telephone-event", "cn", "red"].contains(encoding.lowercased()) }
}
