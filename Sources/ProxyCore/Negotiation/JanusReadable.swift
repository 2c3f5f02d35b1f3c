import SDP

/// The part of a browser's description that Janus gets: the attributes that it knows and can be trusted with, each in its range. Janus takes
/// numbers as they come, an `a=extmap` below 1 as well (seen with 1.1.2). An attribute that is not listed here is left out.
extension SessionDescription {
    /// Leaves out what Janus cannot make use of, or refuses whole descriptions for.
    mutating func makeReadableForJanus() {
        let allowsMixed = attributes.contains(.mixedHeaderExtensions)
        for index in media.indices { media[index].makeReadableForJanus(allowsMixed: allowsMixed) }
        let address = Connection(addressType: origin.addressType, address: origin.address)
        self = SessionDescription(
            origin: Origin(
                username: origin.username.isEmpty || origin.username.contains(" ") ? "-" : origin.username, sessionID: origin.sessionID,
                sessionVersion: origin.sessionVersion, addressType: origin.addressType,
                address: address.host == .invalid ? "0.0.0.0" : origin.address),
            name: name.isEmpty ? "-" : name, connection: connection.map(\.readableForJanus),
            attributes: attributes.filter { $0.isReadableForJanus(allowsMixed: allowsMixed) }, media: media)
        attributes.removeCandidates { !$0.isReadableForJanus }
        fillConnections()
    }

    /// Gives each line an address that has none: nowhere, as browsers and Janus say in candidates where they are (RFC 8829, section 5.2.1).
    mutating func fillConnections() {
        guard connection == nil else { return }
        for index in media.indices where media[index].connection == nil { media[index].connection = .nowhere }
    }
}

extension MediaDescription {
    /// An `m=` line of more is refused, and with it the description.
    private static let longestLine = 200

    fileprivate mutating func makeReadableForJanus(allowsMixed: Bool) {
        if case .other = transport { transport = .dtlsSAVPF }
        let types = formats.filter(Set(usablePayloadTypes.map { String($0) }).contains)
        var length = "m=\(kind) \(port) \(transport)".utf8.count
        formats = types.filter { format in
            length += format.utf8.count + 1
            return length <= Self.longestLine
        }
        // Of a line that is refused, and of no interest.
        if formats.isEmpty { formats = ["0"] }
        portCount = nil
        information = nil
        key = nil
        connection = connection?.readableForJanus
        bandwidths = bandwidths.filter { $0.type == "AS" || $0.type == "TIAS" }
        attributes.removeCandidates { !$0.isReadableForJanus }
        let allowsMixed = allowsMixed || attributes.contains(.mixedHeaderExtensions)
        var extensions: Set<UInt16> = []
        attributes = attributes.filter { attribute in
            switch attribute {
            case .rtpmap(let map): formats.contains(String(map.payloadType))
            case .formatParameters(let parameters): formats.contains(parameters.format) && !parameters.text.isEmpty
            case .rtcpFeedback(let entry): entry.format == "*" || formats.contains(entry.format)
            case .headerExtension(let entry): attribute.isReadableForJanus(allowsMixed: allowsMixed) && extensions.insert(entry.id).inserted
            default: attribute.isReadableForJanus(allowsMixed: allowsMixed)
            }
        }
    }

    /// The payload types that have a meaning, but for those that RTCP takes on the same port (RFC 5761, section 4).
    var usablePayloadTypes: [UInt8] { payloadTypes.filter { !(64 ... 95 ~= $0) && rtpmap(for: $0) != nil } }
}

extension Attribute {
    /// Whether Janus may have this.
    ///
    /// - Parameter allowsMixed: Whether two-byte header extensions are negotiated, which have numbers over 14 (RFC 8285, section 4.3).
    fileprivate func isReadableForJanus(allowsMixed: Bool) -> Bool {
        switch self {
        case .headerExtension(let entry):
            // A browser that cannot send the video orientation (3GPP TS 26.114 section 7.4.5) turns the video itself, so that recordings are
            // upright too. 15 ends the one-byte extensions of a packet (RFC 8285, section 4.2).
            entry.uri != "urn:3gpp:video-orientation" && (1 ... 14 ~= entry.id || (allowsMixed && 16 ... 255 ~= entry.id))
        case .fingerprint(let fingerprint): ["sha-1", "sha-256"].contains(fingerprint.hash.lowercased())
        // One without a track has the whole description refused.
        case .mediaStreamID(let id): id.track != nil
        case .restrictionID(let rid): rid.id.utf8.count <= 15
        case .other(let name, let value): ["msid-semantic", "simulcast"].contains(name) && value?.isEmpty == false
        case .crypto, .malformed: false
        case .rtpmap, .formatParameters, .rtcpFeedback, .direction, .packetTime, .maximumPacketTime, .rtcp, .rtcpMux, .rtcpReducedSize, .candidate,
            .endOfCandidates, .iceUsernameFragment, .icePassword, .iceOptions, .iceLite, .setup, .mid, .group, .mixedHeaderExtensions, .ssrc,
            .ssrcGroup, .bundleOnly:
            true
        }
    }
}

extension Candidate {
    /// Whether Janus can use it: over UDP or TCP, to an address that one host has. A name is none: browsers hide theirs behind one that only
    /// multicast DNS on their own network resolves.
    var isReadableForJanus: Bool {
        ["udp", "tcp"].contains(transport.lowercased()) && ["host", "srflx", "prflx", "relay"].contains(type.lowercased())
            && HostKind(address, type: address.contains(":") ? .ip6 : .ip4) == .unicast
    }
}

extension Connection {
    /// 0.0.0.0.
    static var nowhere: Connection { Connection(address: "0.0.0.0") }

    /// Where it is no literal, nowhere.
    fileprivate var readableForJanus: Connection {
        switch host {
        case .unicast, .unspecified: Connection(addressType: addressType, address: address)
        case .multicast, .name, .invalid: .nowhere
        }
    }
}

extension Attribute {
    /// Whether this could be read.
    var isWellFormed: Bool { if case .malformed = self { false } else { true } }
}

extension [Attribute] {
    /// Takes out the candidates that `condition` picks, and the end of candidates when none is to be sent.
    mutating func removeCandidates(where condition: (Candidate) -> Bool) {
        let before = count
        removeAll {
            if case .candidate(let candidate) = $0 { return condition(candidate) }
            return false
        }
        let hasCandidate = contains { if case .candidate = $0 { true } else { false } }
        if count < before || !hasCandidate { if !hasCandidate { removeAll { $0 == .endOfCandidates } } }
    }
}
