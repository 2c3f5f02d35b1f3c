/// The state of one media session: a pure machine that is told what happened and says what to do.
///
/// A description goes through a session in stages: the side that sent it is understood (`accept…`), Janus turns it over
/// (``MediaStep``), and the other side's is made of what comes out (`make…`). ``SessionKind`` says which stages there are.
/// Nothing that a peer sends can trap; an event that does not fit the state is answered with ``Action/refuse(_:)``.
public struct ProxySession: Sendable {
    /// What happened.
    public enum Event: Sendable, Equatable {
        /// The caller's offer. `trickle` says that candidates follow by themselves.
        case start(offer: String, trickle: Bool)
        /// The called party's answer.
        case answered(sdp: String, trickle: Bool)
        /// Janus did the step; its text, where it makes one.
        case stepDone(String)
        case stepFailed(SessionFailure)
        case candidate(SessionSide, TrickledCandidate)
        /// Options are to change; `number` comes back with the outcome.
        case update(number: Int, SessionOptionsChange)
        case settingsApplied
        case settingsFailed(SessionFailure)
        /// Janus or the path to a browser is gone.
        case mediaLost(SessionEnd)
        case stop(code: Int, reason: String)
    }

    /// What to do about it, in this order.
    public enum Action: Sendable, Equatable {
        case perform(MediaStep)
        /// Carry this offer to the called party.
        case deliverOffer(String)
        /// Carry this answer to the caller: the session is established.
        case deliverAnswer(String)
        case trickle(SessionHandle.Role, TrickledCandidate)
        case apply(SessionHandle, MediaSettings)
        /// The update is done, with these options now in force.
        case updated(number: Int, SessionOptions)
        /// The update could not be carried out; the session goes on.
        case updateFailed(number: Int, SessionFailure)
        case recording(RecordingChange)
        /// The event could not be carried out; the session goes on as before.
        case refuse(SessionFailure)
        /// Let go of all handles: the session is over.
        case end(SessionEnd)
    }

    /// A recording began or ended. `file` is its name without directory and suffix.
    public enum RecordingChange: Sendable, Equatable {
        case started(file: String)
        case stopped(file: String)
    }

    enum State: Sendable, Equatable {
        case new
        /// A description is on its way through Janus; `rest` are the stages after the one that is being done.
        case negotiating(DescriptionRole, rest: [MediaStage])
        /// The handles are being attached; the offer waits.
        case attaching(offer: String, trickle: Bool)
        /// The called party has the offer.
        case offered
        case established
        case ended
    }

    /// Settings that have been sent to the handles and not yet been confirmed by all of them.
    private struct Applying: Sendable {
        /// The update that asked for them; nil for the options that the session was started with.
        let update: Int?
        /// The options to go back to when they fail.
        let before: SessionOptions
        var outstanding: Int
        var failure: SessionFailure?
        let recordings: [RecordingChange]
    }

    public let id: String
    public let kind: SessionKind
    public private(set) var options: SessionOptions
    /// The offer for the called party, from when it is known until it is answered.
    public private(set) var pendingOffer: String?

    var state = State.new
    private var caller: LegNegotiation
    private var callee: LegNegotiation
    private var answerTrickles = false
    private var handlesAttached = false
    private var candidatesWaiting: [(SessionHandle.Role, TrickledCandidate)] = []
    private var recorder: RecordingNames
    private var updates: [(number: Int, change: SessionOptionsChange)] = []
    private var applying: Applying?

    /// Candidates that are kept until the handles are attached; what comes over that is refused.
    static let maximumWaitingCandidates = 64
    /// Updates that are kept while another one is being applied; what comes over that is refused.
    static let maximumWaitingUpdates = 16

    /// - Parameters:
    ///   - id: Lower-case UUID; names the recordings too.
    ///   - address: The media address that SIP sides are told in `o=`.
    ///   - number: Distinguishes this session in `o=` lines (RFC 8866 section 5.2).
    public init(id: String, kind: SessionKind, options: SessionOptions, address: String, number: UInt64) {
        self.id = id
        self.kind = kind
        self.options = options
        recorder = RecordingNames(session: id)
        caller = .make(kind.callerType, number: number, address: address)
        callee = .make(kind.calleeType ?? kind.callerType, number: number &+ 1, address: address)
    }

    public var isEstablished: Bool { state == .established }
    public var isOffered: Bool { state == .offered }
    public var isEnded: Bool { state == .ended }

    /// Takes one event.
    public mutating func handle(_ event: Event) -> [Action] {
        switch (state, event) {
        case (.ended, .stepDone), (.ended, .stepFailed), (.ended, .settingsApplied), (.ended, .settingsFailed),
            (.ended, .mediaLost), (.ended, .stop):
            return []
        case (.ended, .update(let number, _)):
            return [.updateFailed(number: number, .state("the session has ended"))]
        case (.ended, _):
            return [.refuse(.state("the session has ended"))]
        case (_, .stop(let code, let reason)):
            return end(SessionEnd(code: code, reason: reason))
        case (_, .mediaLost(let how)):
            return end(how)
        case (_, .candidate(let side, let candidate)):
            return trickle(candidate, from: side)
        case (.new, .start(let offer, let trickle)):
            state = .attaching(offer: offer, trickle: trickle)
            return [.perform(.attach(kind.handles))]
        case (_, .start):
            return [.refuse(.state("the session has been started before"))]
        case (.attaching(let offer, let trickle), .stepDone):
            return offerIn(offer, trickle: trickle)
        case (.negotiating(let role, let rest), .stepDone(let text)):
            return advance(text, role, rest)
        case (.attaching, .stepFailed(let failure)), (.negotiating, .stepFailed(let failure)):
            return [.refuse(failure)] + end(SessionEnd(code: failure.sipStatus, reason: failure.reason))
        case (.offered, .answered(let sdp, let trickle)):
            return answerIn(sdp, trickle: trickle)
        case (_, .answered):
            return [.refuse(.state(answerRefusal))]
        case (_, .update(let number, let change)):
            return update(number, change)
        case (_, .settingsApplied):
            return settled(nil)
        case (_, .settingsFailed(let failure)):
            return settled(failure)
        case (_, .stepDone), (_, .stepFailed):
            return []
        }
    }

    private var answerRefusal: String {
        if case .echo = kind { return "an echo session takes no answer" }
        return state == .established ? "the session has been answered before" : "the session waits for no answer"
    }

    // MARK: Descriptions

    private mutating func offerIn(_ offer: String, trickle: Bool) -> [Action] {
        handlesAttached = true
        let waiting = candidatesWaiting.map { Action.trickle($0.0, $0.1) }
        candidatesWaiting = []
        do {
            let text = try caller.acceptOffer(offer)
            return advance(text, .offer, kind.offerPath, trickle: trickle) + waiting
        } catch {
            return [.refuse(.description(error))] + end(SessionEnd(code: error.sipStatus, reason: error.reason))
        }
    }

    private mutating func answerIn(_ sdp: String, trickle: Bool) -> [Action] {
        do {
            let text = try callee.acceptAnswer(sdp)
            pendingOffer = nil
            return advance(text, .answer, kind.answerPath, trickle: trickle)
        } catch {
            // The called party may try again: nothing has been changed yet.
            return [.refuse(.description(error))]
        }
    }

    /// Takes `text` to the next stage; after the last one it is delivered.
    private mutating func advance(
        _ text: String, _ role: DescriptionRole, _ stages: [MediaStage], trickle: Bool = false
    ) -> [Action] {
        do {
            var text = text
            var trickle = trickle
            var stages = stages[...]
            if stages.first == .hairpin {
                text = try withoutCandidates(jsep: text)
                trickle = true
                stages = stages.dropFirst()
            }
            guard let stage = stages.first else { return try deliver(text, role) }
            state = .negotiating(role, rest: Array(stages.dropFirst()))
            // The echo's own answer goes on to `generate`; all other stages keep the role that came in.
            let inward = stage == .generate(.caller) && kind == .echo(.rtp) ? .answer : role
            return [.perform(step(stage, text, inward, trickle: trickle))]
        } catch {
            return [.refuse(.description(error))] + end(SessionEnd(code: error.sipStatus, reason: error.reason))
        }
    }

    private mutating func step(
        _ stage: MediaStage, _ text: String, _ role: DescriptionRole, trickle: Bool
    ) -> MediaStep {
        let description = BrowserDescription(role, sdp: text, trickle: trickle)
        switch stage {
        case .process(let handle): return .process(handle, sdp: text, role)
        case .generate(let handle): return .generate(handle, description)
        case .call: return .call(description)
        case .accept: return .accept(description)
        case .echo, .hairpin:
            let handle: SessionHandle.Role = kind == .echo(.rtp) ? .echo : .caller
            return .echo(handle, description, settings(recording: recorder.begin(if: options.record)))
        }
    }

    private mutating func deliver(_ text: String, _ role: DescriptionRole) throws(NegotiationError) -> [Action] {
        if role == .offer, kind.calleeType != nil {
            let offer = try callee.makeOffer(text)
            pendingOffer = offer
            state = .offered
            return [.deliverOffer(offer)]
        }
        let answer = try caller.makeAnswer(text)
        state = .established
        return [.deliverAnswer(answer)] + settle()
    }

    // MARK: Candidates

    private mutating func trickle(_ candidate: TrickledCandidate, from side: SessionSide) -> [Action] {
        guard let role = kind.handle(ofBrowserAt: side) else {
            return [.refuse(.unsupported("this side of the session takes no candidates"))]
        }
        if handlesAttached { return [.trickle(role, candidate)] }
        guard candidatesWaiting.count < ProxySession.maximumWaitingCandidates else {
            return [.refuse(.state("too many candidates before the session has started"))]
        }
        candidatesWaiting.append((role, candidate))
        return []
    }

    // MARK: Options

    private func settings(recording: String?) -> MediaSettings {
        MediaSettings(
            audio: options.useAudio, video: options.useVideo,
            bitrate: options.bitrate.multipliedReportingOverflow(by: 1_000).partialValue, recording: recording)
    }

    /// What follows the answer: options that the plugin could not take with the offer, and updates that came too early.
    private mutating func settle() -> [Action] {
        if case .echo = kind {
            return (recorder.current.map { [.recording(.started(file: $0))] } ?? []) + nextUpdate()
        }
        guard options != SessionOptions() else { return nextUpdate() }
        return apply(update: nil, before: options)
    }

    private mutating func update(_ number: Int, _ change: SessionOptionsChange) -> [Action] {
        if let refusal = kind.refusal(of: change, now: options) {
            return [.updateFailed(number: number, refusal)]
        }
        guard updates.count < ProxySession.maximumWaitingUpdates else {
            return [.updateFailed(number: number, .state("too many updates are waiting"))]
        }
        updates.append((number, change))
        return state == .established && applying == nil ? nextUpdate() : []
    }

    /// Applies the update that has waited longest.
    private mutating func nextUpdate() -> [Action] {
        guard !updates.isEmpty else { return [] }
        let (number, change) = updates.removeFirst()
        let before = options
        options = options.applying(change)
        return apply(update: number, before: before)
    }

    /// Tells the handles what `options` now ask for. Its outcome is awaited before the next update.
    private mutating func apply(update number: Int?, before: SessionOptions) -> [Action] {
        let handles = kind.handles.filter { kind.isConfigured(through: $0) }
        var recordings: [RecordingChange] = []
        if !options.record, let file = recorder.end() { recordings.append(.stopped(file: file)) }
        if let file = recorder.begin(if: options.record) { recordings.append(.started(file: file)) }
        applying = Applying(update: number, before: before, outstanding: handles.count, recordings: recordings)
        let settings = settings(recording: recorder.current)
        return handles.map { handle in
            var own = settings
            if handles.count > 1, let file = settings.recording { own.recording = "\(file)-\(handle.role.rawValue)" }
            return .apply(handle, own)
        }
    }

    /// One handle has taken its settings, or has not; after the last one the update is done.
    private mutating func settled(_ failure: SessionFailure?) -> [Action] {
        guard var current = applying else { return [] }
        current.outstanding -= 1
        current.failure = current.failure ?? failure
        guard current.outstanding <= 0 else {
            applying = current
            return []
        }
        applying = nil
        if let failure = current.failure {
            options = current.before
            return (current.update.map { [.updateFailed(number: $0, failure)] } ?? []) + nextUpdate()
        }
        return current.recordings.map { .recording($0) }
            + (current.update.map { [.updated(number: $0, options)] } ?? []) + nextUpdate()
    }

    // MARK: End

    private mutating func end(_ end: SessionEnd) -> [Action] {
        state = .ended
        pendingOffer = nil
        candidatesWaiting = []
        let unanswered = ((applying?.update).map { [$0] } ?? []) + updates.map(\.number)
        applying = nil
        updates = []
        let recording = recorder.end().map { [Action.recording(.stopped(file: $0))] } ?? []
        return recording
            + unanswered.map { .updateFailed(number: $0, .state("the session has ended")) } + [.end(end)]
    }
}

extension LegNegotiation {
    static func make(_ type: SDPType, number: UInt64, address: String) -> LegNegotiation {
        switch type {
        case .rtp: .sip(SIPNegotiation(sessionID: number, address: address))
        case .webrtc: .webrtc(WebRTCNegotiation())
        }
    }
}
