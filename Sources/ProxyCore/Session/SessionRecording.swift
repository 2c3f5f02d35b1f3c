import SDP

/// The recordings of a session: which one runs, and in which part of it.
///
/// A recording has the session's name, the next ones add `-2`, `-3` and so on. A capture file has one codec, and a leg that has closed its files does not open
/// them again: then the recording goes on in another part.
struct SessionRecording: Sendable {
    /// What a leg captures: the codec of each medium, by side.
    typealias Codecs = [SessionSide: [MediaKind: String]]

    /// Most parts of one recording; after the last one a new recording begins.
    static let mostParts = 500

    /// The recording that runs.
    struct Current: Sendable, Equatable {
        /// File name without directory and suffix.
        let name: String
        /// From 1.
        var part = 1
        /// Whether Janus has confirmed it.
        var isConfirmed = false
        /// Whether a leg may have closed its files of this part.
        var isInterrupted = false
    }

    private let session: String
    private var count = 0
    private(set) var current: Current?
    /// The codecs in the current part.
    private var captured: Codecs = [:]

    init(session: String) { self.session = session }

    /// Begins, continues or ends the recording. The legs have to be told; ``confirm()`` or ``revert(to:)`` follows.
    ///
    /// - Parameters:
    ///   - isWanted: Whether the session is to be recorded.
    ///   - codecs: What the sides send now.
    mutating func update(isWanted: Bool, codecs: Codecs) -> [ProxySession.RecordingChange] {
        var changes: [ProxySession.RecordingChange] = []
        if !isWanted, let name = end() { changes.append(.stopped(file: name)) }
        if let current, !current.isInterrupted, !isOther(codecs) {
            captured = captured.merging(codecs) { $0.merging($1) { $1 } }
        } else {
            if let name = beginPart() { changes.append(.stopped(file: name)) }
            captured = codecs
        }
        if isWanted, current == nil {
            count += 1
            let name = count == 1 ? session : "\(session)-\(count)"
            current = Current(name: name)
            changes.append(.started(file: name))
        }
        return changes
    }

    /// Whether a medium has another codec than its capture.
    private func isOther(_ codecs: Codecs) -> Bool {
        codecs.contains { side, media in
            media.contains { kind, codec in captured[side]?[kind].map { $0 != codec } ?? false }
        }
    }

    /// Goes on in the next part. Returns the name of the recording that ends because it has too many.
    private mutating func beginPart() -> String? {
        guard var running = current else { return nil }
        guard running.part < SessionRecording.mostParts else { return end() }
        running.part += 1
        running.isInterrupted = false
        current = running
        return nil
    }

    /// Janus records.
    mutating func confirm() { current?.isConfirmed = true }

    /// Takes back an update that failed. A leg may have closed its files meanwhile.
    mutating func revert(to before: SessionRecording) {
        let isOther = current != before.current
        current = before.current
        count = before.count
        if isOther { current?.isInterrupted = true }
    }

    /// Ends the recording that runs, and returns its name.
    mutating func end() -> String? {
        defer { current = nil }
        return current?.name
    }
}

extension ProxySession {
    /// A recording began or ended. `file` is its name without directory and suffix.
    public enum RecordingChange: Sendable, Equatable {
        case started(file: String)
        case stopped(file: String)
        /// It was to begin, and did not.
        case failed(file: String, SessionFailure)
    }
}
