import SDP

/// Options, and the recordings that are one of them: one change at a time is taken to the legs.
extension ProxySession {
    /// Updates that are kept while another one is being applied; what comes over that is refused.
    static let maximumWaitingUpdates = 16

    /// Settings that have been sent to the legs and not yet been confirmed by all of them.
    struct Applying: Sendable {
        /// The update that asked for them; nil for what the sides have agreed on.
        let update: Int?
        /// The options to go back to when they fail.
        let before: SessionOptions
        /// Whether it is a hold, or the end of one.
        let isHold: Bool
        var outstanding: Int
        var failure: SessionFailure?
        let recordings: [RecordingChange]
        /// The recordings as they were before.
        let recorder: RecordingNames
    }

    /// A recording began or ended. `file` is its name without directory and suffix.
    public enum RecordingChange: Sendable, Equatable {
        case started(file: String)
        case stopped(file: String)
        /// It was to begin, and has not.
        case failed(file: String, SessionFailure)
    }

    /// The codec of each medium that is recorded, by its side: a capture has one.
    typealias Captured = [SessionSide: [MediaKind: String]]

    private var capturing: Captured {
        agreed.mapValues { media in
            Dictionary(media.filter(\.receives).compactMap { medium in medium.payloads.first.map { (medium.kind, $0.codec) } }) { first, _ in first }
        }
    }

    /// What each leg is to do now.
    private func settings(of side: SessionSide) -> LegSettings {
        let media = (agreed[side] ?? []).map { medium in
            let flows = medium.kind == .audio ? audioFlows : videoFlows
            var medium = medium
            medium.receives = medium.receives && flows
            medium.sends = medium.sends && flows
            return medium
        }
        return LegSettings(
            media: media, bitrate: kind.type(of: side) == .webrtc ? options.bitrate.multipliedReportingOverflow(by: 1_000).partialValue : 0,
            recording: recorder.current, part: recorder.current == nil ? 1 : recorder.part)
    }

    /// The sides have agreed: their legs are told.
    mutating func agree() -> [Action] {
        connect()
        isChanged = true
        return nextUpdate()
    }

    /// Notes what the sides have agreed on.
    mutating func connect() {
        for (side, leg) in sides { agreed[side] = leg.legMedia }
    }

    mutating func update(_ number: Int, _ change: SessionOptionsChange) -> [Action] {
        guard updates.count < ProxySession.maximumWaitingUpdates else {
            return [.updateFailed(number: number, .state("too many updates are waiting"))]
        }
        updates.append((number, .options(change)))
        return nextUpdate()
    }

    /// Does what waits, when nothing else is under way: what was agreed on first, then the update that has waited longest.
    mutating func nextUpdate() -> [Action] {
        guard state == .stable, applying == nil else { return [] }
        if isChanged { return apply(update: nil, before: options) }
        if let limiting { return limitNext(limiting) }
        guard !updates.isEmpty else { return [] }
        let (number, next) = updates.removeFirst()
        if case .hold(let side, let isOn) = next { return beginHold(number, by: side, isOn) }
        guard case .options(let change) = next else { return [] }
        let before = options
        options = options.applying(change)
        let limited = options.bitrate == before.bitrate ? [] : kind.sidesLimitedByDescription
        return limitNext(Limiting(update: number, before: before, rest: limited))
    }

    /// Tells the legs what `options` now ask for. Its outcome is awaited before the next update.
    mutating func apply(update number: Int?, before: SessionOptions, isHold: Bool = false) -> [Action] {
        isChanged = false
        let recorderBefore = recorder
        var recordings: [RecordingChange] = []
        if !options.record, let file = recorder.end() { recordings.append(.stopped(file: file)) }
        let capturing = capturing, goesOn = recorder.current != nil && !isOther(capturing)
        if recorder.current != nil, !goesOn, let file = recorder.goOn() { recordings.append(.stopped(file: file)) }
        if let file = recorder.begin(if: options.record) { recordings.append(.started(file: file)) }
        captured = goesOn ? captured.merging(capturing) { $0.merging($1) { $1 } } : capturing
        applying = Applying(
            update: number, before: before, isHold: isHold, outstanding: kind.sides.count, recordings: recordings, recorder: recorderBefore)
        return kind.sides.map { .apply($0, settings(of: $0)) }
    }

    /// Whether a medium has another codec than its capture.
    private func isOther(_ capturing: Captured) -> Bool {
        capturing.contains { side, media in
            media.contains { kind, codec in captured[side]?[kind].map { $0 != codec } ?? false }
        }
    }

    /// One leg has taken its settings, or has not; after the last one the update is done.
    mutating func settled(_ failure: SessionFailure?) -> [Action] {
        guard var current = applying else { return [] }
        current.outstanding -= 1
        current.failure = current.failure ?? failure
        guard current.outstanding <= 0 else {
            applying = current
            return []
        }
        applying = nil
        if let failure = current.failure {
            let actions = notApplied(current, failure)
            return isEnded ? actions : actions + announceHolds() + nextUpdate()
        }
        recorder.confirm()
        let done = current.update.map { current.isHold ? Action.holdDone(number: $0) : .updated(number: $0, options) }
        return announceHolds() + current.recordings.map { .recording($0) } + (done.map { [$0] } ?? []) + nextUpdate()
    }

    /// Where nothing but a recording failed, the other options act.
    private mutating func notApplied(_ current: Applying, _ failure: SessionFailure) -> [Action] {
        guard current.update != nil || failure.isOfRecording else {
            return end(SessionEnd(code: failure.sipStatus, reason: failure.reason))
        }
        var actions: [Action] = []
        if !failure.isOfRecording { options = current.before }
        // Some of the legs may have taken it.
        isChanged = true
        let begun = current.recordings.compactMap { if case .started(let file) = $0 { file } else { nil } }
        if let file = begun.first {
            _ = recorder.end()
            options.record = false
            actions = current.recordings.dropLast().map { .recording($0) } + [.recording(.failed(file: file, failure))]
        } else {
            recorder = current.recorder
        }
        return actions + (current.update.map { [.updateFailed(number: $0, failure)] } ?? [])
    }

    /// What is still to be said of updates and recordings when the session ends.
    ///
    /// - Parameter holding: The number of a hold that a phone has not answered.
    mutating func abandonUpdates(holding: Int?) -> [Action] {
        let unanswered = [applying?.update ?? holding, limiting.flatMap(\.update)].compactMap { $0 } + updates.map(\.number)
        // One that was being stopped has been recorded all the same.
        let stopping = applying?.recordings.filter { if case .stopped = $0 { true } else { false } } ?? []
        applying = nil
        limiting = nil
        updates = []
        let isConfirmed = recorder.isConfirmed
        let running = recorder.end().map { file in
            [isConfirmed ? RecordingChange.stopped(file: file) : .failed(file: file, .state("the session has ended"))]
        } ?? []
        return (stopping + running).map { .recording($0) } + unanswered.map { .updateFailed(number: $0, .state("the session has ended")) }
    }
}
