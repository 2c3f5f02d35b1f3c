import SDP

/// Which media line of a dialog is which of Janus'.
///
/// A dialog keeps its lines, in number and order (RFC 3264, section 8). Janus sees one audio and one video of them at most,
/// and it too keeps the order in which it saw them first, as the browser behind it does.
struct MediaMap: Sendable, Equatable {
    /// The dialog's number of lines.
    private(set) var count = 0
    /// For each of Janus' lines its kind, and its place among the dialog's.
    private(set) var entries: [Entry] = []

    /// What was carried in the session before this one.
    private var former: [Entry] = []

    init() {}

    /// Of a dialog that goes on with another session: it has its lines, of which Janus has seen none yet.
    init(after former: MediaMap) {
        count = former.count
        self.former = former.entries
    }

    struct Entry: Sendable, Equatable {
        var kind: MediaKind
        var line: Int
    }

    /// This map after an offer with `media`: what was carried stays where it is while it is usable, moves to another usable line
    /// where it is not, and the first usable line of a kind that was not carried yet is added.
    func assigning(_ media: [MediaDescription], usable: (Int) -> Bool) throws(NegotiationError) -> MediaMap {
        guard media.count >= count else { throw .wrongMediaCount(expected: count, found: media.count) }
        var map = self
        map.count = media.count
        func isFree(_ line: Int, for kind: MediaKind) -> Bool { media[line].kind == kind && usable(line) }
        for (index, entry) in entries.enumerated() where !isFree(entry.line, for: entry.kind) {
            if let line = media.indices.first(where: { isFree($0, for: entry.kind) }) { map.entries[index].line = line }
        }
        let known = Set(map.entries.map(\.kind))
        let added = [MediaKind.audio, .video].filter { !known.contains($0) }.compactMap { kind in
            media.indices.first { isFree($0, for: kind) }.map { Entry(kind: kind, line: $0) }
        }
        map.entries += added.sorted { $0.line < $1.line }
        return map
    }

    /// This map after an offer that Janus made: its lines keep their places, new ones come last.
    func extended(by media: [MediaDescription]) throws(NegotiationError) -> MediaMap {
        var map = self
        guard media.count >= entries.count else { throw .wrongMediaCount(expected: entries.count, found: media.count) }
        for (index, medium) in media.enumerated() {
            if index < entries.count {
                guard medium.kind == entries[index].kind else { throw .wrongMedia(line: index + 1) }
            } else if let known = former.first(where: { $0.kind == medium.kind }), !map.entries.contains(known) {
                map.entries.append(known)
            } else {
                map.entries.append(Entry(kind: medium.kind, line: map.count))
                map.count += 1
            }
        }
        return map
    }

    /// Keeps further lines of the dialog that Janus does not see.
    mutating func keep(_ count: Int) { self.count = max(self.count, count) }

    /// Janus' line for one of the dialog's; nil where Janus does not see it.
    func inner(of line: Int) -> Int? { entries.firstIndex { $0.line == line } }
}

extension [MediaDescription] {
    /// An answer's lines in the number of the offer's (RFC 3264, section 6): what is missing counts as refused, what is too much as nothing.
    func fitted(to offer: [MediaDescription]) -> [MediaDescription] {
        prefix(offer.count) + offer.dropFirst(count).map(MediaDescription.refusing)
    }
}

extension MediaDescription {
    /// The refusal of a line in its place: port 0, the transport and a format of it.
    static func refusing(_ line: MediaDescription) -> MediaDescription {
        LeanMedium.refusing(line.kind, line.transport, line.formats.first)
    }
}
