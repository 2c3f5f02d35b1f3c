public import SDP

/// What the phone's leg of the media engine has to do with the descriptions: its ports and keys stand in ours, and what was agreed on is
/// what it does.
extension SIPNegotiation {
    /// Takes the ports at which the phone's media is received, and the material of the keys for what it is sent. Media without a port is refused.
    public mutating func open(_ ports: [MediaKind: LegPort]) { self.ports = ports }

    /// The media of a description of the other side that the leg has no port for yet.
    func mediaWithoutPort(of inner: SessionDescription) -> [MediaKind] {
        [MediaKind.audio, .video].filter { kind in ports[kind] == nil && inner.media.contains { $0.kind == kind && $0.port != 0 } }
    }

    /// A description of the other side with the leg's ports and keys in it.
    func localized(_ inner: SessionDescription) -> SessionDescription {
        var session = inner
        for index in session.media.indices {
            let port = session.media[index].port == 0 ? nil : ports[session.media[index].kind]
            if session.media[index].direction == nil, let direction = session.attributes.direction {
                session.media[index].attributes.append(.direction(direction))
            }
            session.media[index].port = port?.port ?? 0
            session.media[index].transport = suite == nil ? .avp : .savp
            session.media[index].attributes.removeAll { if case .crypto = $0 { true } else { false } }
            if let suite, let port, let key = Crypto(suite: suite, material: port.key) { session.media[index].attributes.append(.crypto(key)) }
        }
        return session
    }

    /// The phone's last description as the other side hears of it; nil before there is one.
    var currentDescription: SessionDescription? { plain.media.isEmpty ? nil : inner(plain.media) }

    /// These media of the phone without what its leg alone has to do with: keys, and where its RTCP is.
    func inner(_ media: [MediaDescription]) -> SessionDescription {
        var copy = plain
        var session = copy.describing(media)
        for index in session.media.indices {
            session.media[index].transport = .avp
            session.media[index].attributes.removeAll { attribute in
                switch attribute {
                case .crypto, .rtcp, .rtcpMux: true
                default: false
                }
            }
        }
        return session
    }

    /// What the leg is to do: the media of the last offer that has its answer; empty before.
    var legMedia: [LegMedium] {
        map.entries.enumerated().compactMap { index, entry in
            guard plain.media.indices.contains(index), local.media.indices.contains(entry.line) else { return nil }
            let phone = plain.media[index], own = local.media[entry.line]
            guard phone.port != 0, own.port != 0, let agreed = agreedMedia.first(where: { $0.kind == entry.kind }) else { return nil }
            // Each may have numbers of its own: what comes has ours, what goes the phone's.
            var payloads = own.payloads
            payloads += phone.payloads.filter { payload in !payloads.contains { $0.type == payload.type } }
            if let first = payloads.firstIndex(where: { $0.type == agreed.payloadType }) { payloads.swapAt(0, first) }
            var medium = LegMedium(
                kind: entry.kind, line: index, receives: agreed.direction.receives, sends: agreed.direction.sends,
                payloads: payloads.map { LegPayload($0.map, $0.parameters?.text) })
            if withholdsKeys {
                (medium.receives, medium.sends) = (false, false)
            } else {
                medium.phone = PhoneAddress(phone, isMultiplexed: own.attributes.contains(.rtcpMux))
                medium.keys = LegKeys(local: own, remote: phone)
            }
            if entry.kind == .video {
                let line = remote.flatMap { $0.media.indices.contains(entry.line) ? $0.media[entry.line] : nil }
                medium.feedback = line?.videoFeedback ?? MediaDescription.commonFeedback
            }
            return medium
        }
    }
}

extension PhoneAddress {
    /// Nil where the phone does not say where it is, as in a hold of RFC 2543.
    init?(_ medium: MediaDescription, isMultiplexed offered: Bool) {
        guard let connection = medium.connection, connection.host != .unspecified else { return nil }
        host = connection.address
        port = medium.port
        isMultiplexed = offered && medium.attributes.contains(.rtcpMux)
        let rtcp = medium.attributes.lazy.compactMap { if case .rtcp(let address) = $0 { address.port } else { nil } }.first
        rtcpPort = isMultiplexed ? port : rtcp ?? (port == .max ? port : port + 1)
    }
}

extension LegKeys {
    init?(local: MediaDescription, remote: MediaDescription) {
        guard let own = local.keys.first, let theirs = remote.keys.first else { return nil }
        suite = theirs.suite
        self.local = own.bareKey
        self.remote = theirs.bareKey
    }
}

extension MediaDescription {
    /// What the phone understands of RTCP feedback about video (RFC 4585, RFC 5104). Many that name none know PLI all the same, and others pass
    /// over it.
    fileprivate var videoFeedback: [String] {
        let named = Set(attributes.compactMap { if case .rtcpFeedback(let entry) = $0 { entry.feedback } else { nil } })
        let known = [("nack", "nack"), ("nack pli", "pli"), ("ccm fir", "fir")].filter { named.contains($0.0) }.map(\.1)
        return named.isEmpty ? MediaDescription.commonFeedback : known
    }

    fileprivate static let commonFeedback = ["pli"]
}
