import SDP

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
