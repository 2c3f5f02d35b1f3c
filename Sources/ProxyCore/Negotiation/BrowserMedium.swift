import SDP

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
