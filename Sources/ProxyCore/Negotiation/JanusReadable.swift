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

/// What Janus calls its lines: each by the `a=mid` under which it saw it first.
///
/// A browser gives a line another mid when it offers it anew, behind an offer that was refused or a line that it had stopped.
/// Janus has no rollback and keeps to the first. Descriptions are translated between the two; the mid within RTP packets
/// (RFC 9143, section 15) cannot be, and is no longer negotiated where the names differ: then both tell media by SSRC. A name that is too
/// long for RTP, and so for Janus, gets another from the beginning.
struct JanusNames: Sendable {
    /// Most bytes of a name that Janus takes (RFC 9143, section 15.1).
    private static let longest = 16

    /// By Janus' line. Not taken back with an offer that came to nothing.
    private var names: [String?] = []

    /// Renames the lines of a browser's description, which are Janus' in number and order.
    mutating func translate(toJanus session: inout SessionDescription) {
        let mids = session.media.map(\.mid)
        learn(mids)
        rename(&session, from: mids) { names[$0] ?? mids[$0] }
        for index in session.media.indices {
            session.media[index].attributes = session.media[index].attributes.with(mid: names[index])
        }
    }

    /// Renames the members of the BUNDLE group in a description of Janus' to `mids`, the dialog's names by Janus' line. The lines
    /// themselves are the caller's to name.
    mutating func translate(fromJanus session: inout SessionDescription, to mids: [String?]) {
        let own = session.media.map(\.mid)
        learn(own)
        rename(&session, from: own) { mids.indices.contains($0) ? mids[$0] : nil }
    }

    /// A name for a line that Janus adds: its own, or where the browser has a line of that name another.
    static func free(_ name: String?, beside taken: [String]) -> String? {
        guard let name, taken.contains(name) else { return name }
        return (0 ... taken.count).lazy.map { "janus\($0)" }.first { !taken.contains($0) }
    }

    private mutating func learn(_ mids: [String?]) {
        for (index, mid) in mids.enumerated() {
            let isTooLong = mid.map { $0.utf8.count > Self.longest } ?? false
            let name = isTooLong ? Self.free("line\(index)", beside: mids.compactMap(\.self)) : mid
            if index == names.count { names.append(name) } else { names[index] = names[index] ?? name }
        }
    }

    private func rename(_ session: inout SessionDescription, from mids: [String?], to name: (Int) -> String?) {
        let changes = mids.indices.compactMap { index in mids[index].flatMap { mid in name(index).map { (mid, $0) } } }
        guard changes.contains(where: { $0.0 != $0.1 }) else { return }
        let known = Dictionary(changes) { first, _ in first }
        session.attributes = session.attributes.map { attribute in
            guard case .group(var group) = attribute else { return attribute }
            group.mids = group.mids.map { known[$0] ?? $0 }
            return .group(group)
        }
        session.attributes.removeMediaIdentification()
        for index in session.media.indices { session.media[index].attributes.removeMediaIdentification() }
    }
}

extension [Attribute] {
    /// Takes out the header extension that carries the mid in RTP packets (RFC 9143, section 15.2).
    fileprivate mutating func removeMediaIdentification() { remove(headerExtension: "urn:ietf:params:rtp-hdrext:sdes:mid") }

    /// Takes out the header extension of that name (RFC 8285, section 5).
    mutating func remove(headerExtension uri: String) {
        removeAll {
            guard case .headerExtension(let entry) = $0 else { return false }
            return entry.uri == uri
        }
    }
}

/// Directions of media lines stay between Tern and the browser. Janus is told `sendrecv` in every offer and answer, and Tern writes the agreed direction
/// into what Janus generates.
///
/// Janus 1.1.2 gives a PeerConnection the directions of each description, also of an offer that is declined later, and takes another SSRC for a line that it
/// offers as `inactive`. The media engine alone decides what flows.
///
/// A refused line is refused for Janus too: Janus then takes another SSRC when the line comes back, and Chromium shows nothing of a line that comes back with the
/// former one.
extension SessionDescription {
    /// This description with all lines `sendrecv` that are not refused.
    var openForJanus: SessionDescription {
        var open = self
        for index in media.indices where media[index].port != 0 { open.set(.sendrecv, at: index) }
        return open
    }

    /// What Janus has generated of `openForJanus`, with the directions of `meant`. A line keeps its `a=ssrc` while nothing is sent on it:
    /// after an `inactive` line without, Chromium does not hear that SSRC again.
    func directed(like meant: SessionDescription) -> SessionDescription {
        var directed = self
        for (index, line) in zip(media.indices, meant.media) where directed.media[index].port != 0 {
            directed.set(meant.direction(of: line), at: index)
        }
        return directed
    }

    private mutating func set(_ direction: Direction, at index: Int) {
        guard self.direction(of: media[index]) != direction else { return }
        media[index].attributes.removeAll { if case .direction = $0 { true } else { false } }
        media[index].attributes.append(.direction(direction))
    }
}
