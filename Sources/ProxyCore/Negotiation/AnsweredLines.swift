import SDP

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
