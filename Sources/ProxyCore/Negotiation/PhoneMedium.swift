import SDP

/// What a phone says of one medium, understood.
struct PhoneMedium: Sendable {
    var kind: MediaKind
    var port: UInt16
    var connection: Connection
    /// The key that is used; nil for plain RTP.
    var crypto: Crypto?
    /// All keys that could be used, in the phone's order.
    var keys: [Crypto]
    var payloads: [Payload]
    var direction: Direction
    /// `a=ptime`, `a=maxptime`, `a=rtcp` and `a=rtcp-mux`, as they came.
    var extras: [Attribute]
    var bandwidths: [Bandwidth]

    /// More would not fit the 200 bytes that Janus allows an `m=` line.
    private static let maximumPayloads = 24

    /// Reads a medium, whose address has to be of that family; the error says why it cannot be used.
    init(
        _ medium: MediaDescription, of session: SessionDescription, profile: SIPProfile, family: AddressFamily
    ) throws(NegotiationError) {
        guard medium.kind == .audio || medium.kind == .video, medium.port != 0 else { throw .noUsableMedia }
        guard let connection = session.connection(for: medium) else { throw .noUsableMedia }
        kind = medium.kind
        port = medium.port
        direction = session.direction(of: medium)
        self.connection = try Self.usable(connection, family)
        if connection.host == .unspecified { direction = direction.limited(to: .sendonly) }
        keys = try Self.keys(of: medium, policy: profile.srtp)
        crypto = keys.first
        payloads = Array(medium.payloads.filter { profile.codecs.contains($0.codec) }.prefix(Self.maximumPayloads))
        guard payloads.hasMedia else { throw .noCommonCodec }
        extras = medium.attributes.filter {
            switch $0 {
            case .packetTime, .maximumPacketTime, .rtcp, .rtcpMux: true
            default: false
            }
        }
        bandwidths = medium.bandwidths.filter { $0.type == "AS" || $0.type == "TIAS" }
    }

    /// Leading zeros would make a resolver read octal numbers. Host names have been resolved before. A hold with 0.0.0.0 is one over IPv6 too.
    private static func usable(_ connection: Connection, _ family: AddressFamily) throws(NegotiationError) -> Connection {
        let problem: String
        switch (connection.host, connection.addressType) {
        case (.unicast, family.type): return Connection(addressType: family.type, address: connection.withoutLeadingZeros)
        case (.unspecified, family.type), (.unspecified, .ip4): return Connection(addressType: family.type, address: family.unspecified)
        case (.multicast, _): problem = "multicast address"
        case (.unicast, _), (.unspecified, _): problem = "\(AddressFamily(connection)?.name ?? "") address"
        case (.name, _): problem = "host name"
        case (.invalid, _): problem = "unreadable address"
        }
        throw .unsupportedAddress("\(problem) \(connection.address)", only: family)
    }

    /// The keys that can be used, where the transport needs one.
    private static func keys(of medium: MediaDescription, policy: SRTPPolicy) throws(NegotiationError) -> [Crypto] {
        switch medium.transport {
        case .avp, .avpf:
            guard policy != .required else { throw .encryptionRequired }
            return []
        case .savp, .savpf:
            guard policy != .off else { throw .encryptionRefused }
            let keys = medium.keys.compactMap(\.withoutLifetime)
            guard !keys.isEmpty else { throw .unsupportedEncryption }
            return keys
        case .dtlsSAVP, .dtlsSAVPF, .other: throw .noUsableMedia
        }
    }

    /// The medium in a line of the engine, of `RTP/AVP` or `RTP/SAVP`.
    var plain: MediaDescription {
        var attributes = payloads.flatMap(\.attributes) + extras
        // Also where the phone names no feedback: without it the browser would not ask for a keyframe after a loss,
        // and a phone that does not know the question passes over it. Janus and the engine answer NACKs by themselves.
        if kind == .video { attributes += ["nack", "nack pli", "ccm fir"].map { .rtcpFeedback(RTCPFeedback(format: "*", feedback: $0)) } }
        if let crypto { attributes.append(.crypto(crypto)) }
        attributes.append(.direction(direction))
        return MediaDescription(
            kind: kind, port: port, transport: crypto == nil ? .avp : .savp, formats: payloads.map { String($0.type) },
            connection: connection, bandwidths: bandwidths, attributes: attributes)
    }
}

extension Payload {
    /// Its `a=rtpmap` and, where there are parameters, its `a=fmtp`.
    var attributes: [Attribute] {
        guard let parameters, !parameters.text.isEmpty else { return [.rtpmap(map)] }
        return [.rtpmap(map), .formatParameters(parameters)]
    }
}

extension MediaDescription {
    /// Whether this is audio or video over DTLS-SRTP that is not refused, and has a codec.
    var isForBrowsers: Bool {
        guard kind == .audio || kind == .video, !isRefused, !usablePayloadTypes.isEmpty else { return false }
        switch transport {
        case .dtlsSAVPF, .dtlsSAVP, .savpf, .savp: return true
        case .avp, .avpf, .other: return false
        }
    }

    /// Its codecs as `name/clock`, telephone events apart; also those that Tern does not know, which browsers may have among
    /// themselves.
    var codecNames: Set<String> {
        var names: Set<String> = []
        for case .rtpmap(let map) in attributes { names.insert("\(map.encoding.lowercased())/\(map.clockRate)") }
        for type in payloadTypes {
            if let map = RTPMap.wellKnown(type) { names.insert("\(map.encoding.lowercased())/\(map.clockRate)") }
        }
        return names.filter { !$0.hasPrefix("telephone-event/") }
    }

    /// A refused line as browsers want it: with its `a=mid`, outside the bundle (RFC 8829, section 5.3.1).
    init(refusing kind: MediaKind, like line: MediaDescription) {
        self.init(
            kind: kind, port: 0, transport: line.transport, formats: [line.formats.first ?? "0"],
            connection: .nowhere,
            attributes: (line.mid.map { [.mid($0)] } ?? []) + [.direction(.inactive)])
    }
}

extension [Attribute] {
    /// Takes all but `mids` out of the BUNDLE group, in the order in which the group has them (RFC 9143, section 7.3).
    mutating func limitBundle(to mids: [String]) {
        self = compactMap { attribute in
            guard case .group(var group) = attribute, group.semantics == "BUNDLE" else { return attribute }
            group.mids = group.mids.filter(mids.contains)
            return group.mids.isEmpty ? nil : .group(group)
        }
    }

    /// With this `a=mid` in place of what there is.
    func with(mid: String?) -> [Attribute] {
        guard let mid, !contains(.mid(mid)) else { return self }
        return filter { if case .mid = $0 { false } else { true } } + [.mid(mid)]
    }
}
