/// Options, and the recordings that are one of them: one change at a time is taken to the handles.
extension ProxySession {
    /// Updates that are kept while another one is being applied; what comes over that is refused.
    static let maximumWaitingUpdates = 16

    /// Settings that have been sent to the handles and not yet been confirmed by all of them.
    struct Applying: Sendable {
        /// The update that asked for them; nil for the options that the session was started with.
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

    /// What Janus is told to capture. It does so as it was at the beginning: a medium that is added later is not captured, and NoSIP
    /// captures what a phone sends whether it is passed on or not.
    struct Captured: Sendable, Equatable {
        var audio = true, video = true
        var hasAudio = false
        var pictures: Set<Codec> = []
    }

    private var capturing: Captured {
        let media = SessionSide.allCases.flatMap { agreedMedia(of: $0) }
        let isPlain = kind.handles.contains { kind.records(through: $0) && $0.plugin == .noSIP }
        return Captured(
            audio: !isPlain || audioFlows, video: !isPlain || videoFlows, hasAudio: media.contains { $0.kind == .audio },
            pictures: Set(media.filter { $0.kind == .video }.map(\.codec)))
    }

    func settings() -> MediaSettings { settings(audio: audioFlows, video: videoFlows) }

    private func settings(audio: Bool, video: Bool) -> MediaSettings {
        MediaSettings(
            audio: audio, video: video, bitrate: options.bitrate.multipliedReportingOverflow(by: 1_000).partialValue,
            recording: recorder.current, part: recorder.current == nil ? 1 : recorder.part)
    }

    /// What follows the first answer: options that the plugin could not take with the offer, and updates that came early.
    mutating func settle() -> [Action] {
        if case .echo = kind {
            recorder.confirm()
            captured = capturing
            return (recorder.current.map { [.recording(.started(file: $0))] } ?? []) + nextUpdate()
        }
        guard options != SessionOptions() else { return nextUpdate() }
        return apply(update: nil, before: options)
    }

    mutating func update(_ number: Int, _ change: SessionOptionsChange) -> [Action] {
        guard updates.count < ProxySession.maximumWaitingUpdates else {
            return [.updateFailed(number: number, .state("too many updates are waiting"))]
        }
        updates.append((number, .options(change)))
        return nextUpdate()
    }

    /// Applies the update that has waited longest, when nothing else is under way.
    mutating func nextUpdate() -> [Action] {
        guard state == .stable, applying == nil else { return [] }
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

    /// Tells the handles what `options` now ask for. Its outcome is awaited before the next update.
    mutating func apply(update number: Int?, before: SessionOptions, isHold: Bool = false) -> [Action] {
        let handles = kind.handles.filter { kind.isConfigured(through: $0) }
        let recorderBefore = recorder
        var recordings: [RecordingChange] = []
        if !options.record, let file = recorder.end() { recordings.append(.stopped(file: file)) }
        if recorder.current != nil, captured != capturing, let file = recorder.goOn() { recordings.append(.stopped(file: file)) }
        if let file = recorder.begin(if: options.record) { recordings.append(.started(file: file)) }
        captured = capturing
        applying = Applying(
            update: number, before: before, isHold: isHold, outstanding: handles.count, recordings: recordings, recorder: recorderBefore)
        return handles.map { .apply($0, settings(of: $0, audio: audioFlows, video: videoFlows)) }
    }

    /// What a handle is told so that these flow.
    func settings(of handle: SessionHandle, audio: Bool, video: Bool) -> MediaSettings {
        var own = settings(audio: audio, video: video)
        if !kind.records(through: handle) { own.recording = nil }
        if handle.plugin == .noSIP { own.plain = plainDescription(of: handle.role, audio: audio, video: video) }
        return own
    }

    /// The description that NoSIP has of the phone behind this handle, with what is to flow.
    func plainDescription(of role: SessionHandle.Role) -> String? {
        plainDescription(of: role, audio: audioFlows, video: videoFlows)
    }

    private func plainDescription(of role: SessionHandle.Role, audio: Bool, video: Bool) -> String? {
        guard case .sip(let leg)? = sides[side(ofPhoneBehind: role)] else { return nil }
        return leg.muted(audio: audio ? .sendrecv : .inactive, video: video ? .sendrecv : .inactive)
    }

    /// The side of the phone whose media goes through this NoSIP handle.
    func side(ofPhoneBehind role: SessionHandle.Role) -> SessionSide {
        kind.callerType == .rtp && role == .caller ? .caller : .callee
    }

    /// What follows a later exchange: it has opened again what was switched off, where NoSIP has it; and what is recorded may be another.
    mutating func settleAgain() -> [Action] {
        let isOpen = (!audioFlows || !videoFlows) && kind.handles.contains { $0.plugin == .noSIP && kind.isConfigured(through: $0) }
        let isOther = recorder.current != nil && captured != capturing
        guard isOpen || isOther, applying == nil else { return nextUpdate() }
        return apply(update: nil, before: options)
    }

    /// One handle has taken its settings, or has not; after the last one the update is done.
    mutating func settled(_ failure: SessionFailure?) -> [Action] {
        guard var current = applying else { return [] }
        current.outstanding -= 1
        current.failure = current.failure ?? failure
        guard current.outstanding <= 0 else {
            applying = current
            return []
        }
        applying = nil
        if let failure = current.failure { return notApplied(current, failure) + announceHolds() + nextUpdate() }
        recorder.confirm()
        let done = current.update.map { current.isHold ? Action.holdDone(number: $0) : .updated(number: $0, options) }
        return announceHolds() + current.recordings.map { .recording($0) } + (done.map { [$0] } ?? []) + nextUpdate()
    }

    /// Where nothing but a recording failed, the other options act.
    private mutating func notApplied(_ current: Applying, _ failure: SessionFailure) -> [Action] {
        captured = nil
        var actions: [Action] = []
        if case .recording = failure {} else { options = current.before }
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

    /// A recording that was to begin with the session does not.
    mutating func recordingFailed(_ file: String, _ failure: SessionFailure) -> [Action] {
        guard recorder.current == file else { return [] }
        _ = recorder.end()
        options.record = false
        return [.recording(.failed(file: file, failure))]
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
