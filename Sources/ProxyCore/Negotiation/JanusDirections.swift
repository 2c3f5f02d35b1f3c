import SDP

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
