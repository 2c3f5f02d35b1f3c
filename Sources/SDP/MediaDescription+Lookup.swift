extension MediaDescription {
    /// The payload types of the `m=` line; empty when this is not RTP.
    public var payloadTypes: [UInt8] { transport.isRTP ? formats.compactMap { UInt8(digits: $0) } : [] }

    /// What a payload type stands for: its `a=rtpmap`, else its well-known meaning.
    public func rtpmap(for payloadType: UInt8) -> RTPMap? {
        for case .rtpmap(let map) in attributes where map.payloadType == payloadType { return map }
        return RTPMap.wellKnown(payloadType)
    }

    /// The `a=fmtp` of a payload type.
    public func formatParameters(for payloadType: UInt8) -> FormatParameters? {
        let format = String(payloadType)
        for case .formatParameters(let parameters) in attributes where parameters.format == format { return parameters }
        return nil
    }

    /// The medium's own direction; nil when it has none.
    public var direction: Direction? { attributes.direction }

    /// The `a=mid` (RFC 5888).
    public var mid: String? {
        for case .mid(let mid) in attributes { return mid }
        return nil
    }

    /// Whether the medium is refused or stopped. In an offer with BUNDLE, port 0 with `a=bundle-only` is neither (RFC 9143, section 6).
    public var isRefused: Bool { port == 0 && !attributes.contains(.bundleOnly) }
}

extension [Attribute] {
    /// The first direction among these.
    public var direction: Direction? {
        for case .direction(let direction) in self { return direction }
        return nil
    }

    public var iceUsernameFragment: String? {
        for case .iceUsernameFragment(let text) in self { return text }
        return nil
    }

    public var icePassword: String? {
        for case .icePassword(let text) in self { return text }
        return nil
    }

    public var fingerprint: Fingerprint? {
        for case .fingerprint(let fingerprint) in self { return fingerprint }
        return nil
    }
}
