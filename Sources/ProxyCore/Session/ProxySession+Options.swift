import SDP

/// Options, and the recordings that are one of them: one change at a time is taken to the legs.
extension ProxySession {
    /// Updates that are kept while another one is being applied; what comes over that is refused.
    static let maximumWaitingUpdates = 16

    /// Settings that have been sent to the legs and not yet been confirmed by all of them.
    struct Applying: Sendable {
        let purpose: Purpose
        var outstanding: Int
        var failure: SessionFailure?
        let recordings: [RecordingChange]
        /// The recordings as they were before.
        let recorder: RecordingNames
    }

    /// What settings are applied for.
    enum Purpose: Sendable, Equatable {
        /// What the sides have agreed on.
        case agreement
        /// An update with this number, and the options to go back to when it fails.
        case update(Int, before: SessionOptions)
        /// The hold of a side, or its end; `isAgreed` says that the phone at the other side has agreed to it.
        case hold(Int, SessionSide, Bool, isAgreed: Bool)

        /// The number of the request that waits for its outcome.
        var number: Int? {
            switch self {
            case .agreement: nil
            case .update(let number, _), .hold(let number, _, _, _): number
            }
        }
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
        let bitrate = min(max(options.bitrate, 0), Int(UInt32.max) / 1_000) * 1_000
        return LegSettings(
            media: media, bitrate: kind.type(of: side) == .webrtc ? bitrate : 0,
            recording: recorder.current, part: recorder.current == nil ? 1 : recorder.part)
    }

    /// The sides have agreed: their legs are told.
    mutating func agree() -> [Action] {
        for (side, leg) in sides { agreed[side] = leg.legMedia }
        isChanged = true
        return nextUpdate()
    }

    /// One side has agreed: its leg is told, and what the other side has agreed on stays.
    mutating func agree(by side: SessionSide) -> [Action] {
        let media = sides[side]?.legMedia
        if agreed[side] != media { isChanged = true }
        agreed[side] = media
        return nextUpdate()
    }

    mutating func update(_ number: Int, _ change: SessionOptionsChange) -> [Action] {
        guard updates.count < ProxySession.maximumWaitingUpdates else {
            return [.updateFailed(number: number, .state("too many updates are waiting"))]
        }
        updates.append((number, .options(change)))
        return nextUpdate()
    }

    /// Does what waits: what was agreed on as soon as the legs have taken what they were told before, then, when no offer is under way, the
    /// update that has waited longest.
    mutating func nextUpdate() -> [Action] {
        guard applying == nil, state != .ended else { return [] }
        if isChanged { return apply(.agreement) }
        guard state == .stable else { return [] }
        if let side = SessionSide.allCases.first(where: { refreshes[$0] != nil }), let sdp = refreshes.removeValue(forKey: side) {
            let actions = refreshed(by: side, sdp)
            if applying != nil || isChanged || state != .stable || !actions.isEmpty { return actions }
        }
        if let limiting { return limitNext(limiting) }
        guard !updates.isEmpty else { return [] }
        let (number, next) = updates.removeFirst()
        if case .hold(let side, let isOn) = next { return beginHold(number, by: side, isOn) }
        guard case .options(let change) = next else { return [] }
        let changed = options.applying(change)
        let limited = changed.bitrate == options.bitrate ? [] : kind.sidesLimitedByDescription
        return limitNext(Limiting(update: number, options: changed, rest: limited))
    }

    /// Tells the legs what `options` now ask for. Its outcome is awaited before the next update.
    mutating func apply(_ purpose: Purpose) -> [Action] {
        isChanged = false
        let recorderBefore = recorder
        var recordings: [RecordingChange] = []
        if !options.record, let file = recorder.end() { recordings.append(.stopped(file: file)) }
        let capturing = capturing, goesOn = recorder.current != nil && !recorder.isInterrupted && !isOther(capturing)
        if recorder.current != nil, !goesOn, let file = recorder.goOn() { recordings.append(.stopped(file: file)) }
        if let file = recorder.begin(if: options.record) { recordings.append(.started(file: file)) }
        captured = goesOn ? captured.merging(capturing) { $0.merging($1) { $1 } } : capturing
        applying = Applying(
            purpose: purpose, outstanding: kind.sides.count, recordings: recordings, recorder: recorderBefore)
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
        return announceHolds() + current.recordings.map { .recording($0) } + done(current.purpose) + nextUpdate()
    }

    private func done(_ purpose: Purpose) -> [Action] {
        switch purpose {
        case .agreement: []
        case .update(let number, _): [.updated(number: number, options)]
        case .hold(let number, _, _, _): [.holdDone(number: number)]
        }
    }

    /// What was agreed on has to act: without it the session ends. An update is taken back, and the legs are told what stands, as some of them
    /// may have taken it. Where nothing but a recording failed, the rest acts.
    private mutating func notApplied(_ current: Applying, _ failure: SessionFailure) -> [Action] {
        if !failure.isOfRecording {
            switch current.purpose {
            case .update(_, let before): options = before
            case .hold(_, let side, let isOn, isAgreed: false): command(side, !isOn)
            case .agreement, .hold:
                // What is still to be said of it is said at the end.
                applying = current
                return end(SessionEnd(code: failure.sipStatus, reason: failure.reason))
            }
        }
        var actions: [Action] = []
        isChanged = true
        let begun = current.recordings.compactMap { if case .started(let file) = $0 { file } else { nil } }
        if let file = begun.first {
            _ = recorder.end()
            options.record = false
            actions = current.recordings.dropLast().map { .recording($0) } + [.recording(.failed(file: file, failure))]
        } else if failure.isOfRecording {
            options.record = false
            let ended = recorder.end().map { RecordingChange.stopped(file: $0) }
            actions = (current.recordings + (ended.map { [$0] } ?? [])).map { .recording($0) }
        } else {
            let isInterrupted = recorder != current.recorder
            recorder = current.recorder
            if isInterrupted { recorder.interrupt() }
        }
        switch current.purpose {
        case .agreement: return actions
        case .hold where failure.isOfRecording: return actions + done(current.purpose)
        case .update(let number, _), .hold(let number, _, _, _): return actions + [.updateFailed(number: number, failure)]
        }
    }

    /// What is still to be said of updates and recordings when the session ends.
    ///
    /// - Parameter holding: The number of a hold that a phone has not answered.
    mutating func abandonUpdates(holding: Int?) -> [Action] {
        let unanswered = [applying?.purpose.number, holding, limiting.flatMap(\.update)].compactMap { $0 } + updates.map(\.number)
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
