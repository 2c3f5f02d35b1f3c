public import EventLoop
internal import Events
public import Janus
internal import JSON
internal import Logging
public import ProxyCore
internal import Recording
public import SDP

/// A media session in the media engine: runs a ``ProxySession`` and does with Janus what it says.
///
/// Its handles are detached when it ends, however it ends.
@LoopActor
public final class EngineSession: MediaSession {
    public let id: String
    public let kind: SessionKind
    /// What is said to the phones at its sides.
    public let profiles: [SessionSide: SIPProfile]
    public let started = ContinuousClock.now
    public var onOutput: (@LoopActor (SessionOutput) -> Void)?
    /// Whether a PeerConnection of this session is up; where it has none, whether its legs are.
    public private(set) var isUp = false
    /// Whether RTP of a kind arrives from a browser, or from a phone where there is none; a kind of which Janus has not said anything yet is not in it.
    public private(set) var flowing: [String: Bool] = [:]

    /// Whether the call is answered, or there is none: before that a phone may be silent, or gone, without the call's end.
    public var isAnswered = false { didSet { if !oldValue { watchPhones() } } }

    private var machine: ProxySession
    let media: SessionLegs
    private let recorder: SessionRecorder
    private(set) var log: Logger
    private let descriptions: DescriptionQueue
    private let queue = EventQueue<ProxySession.Event>()
    private var updates: [Int: UpdateCompletion] = [:]
    private var updateCount = 0
    private let keyframeRequests = KeyframeRequests()
    private var summed = SessionSummary()
    private var isReleased = false
    private var waitingForSummary: [CheckedContinuation<Void, Never>] = []
    /// Whether the session was up and established.
    private var hasBegun = false
    private var showsVideo = true
    /// Runs from the answer on.
    var firstPackets: LoopTimer?
    /// Until a browser's PeerConnection is up.
    var connection: MediaTimeout?
    /// Of each phone that has been watched.
    var timeouts: [SessionSide: MediaTimeout] = [:]

    public init(
        id: String, kind: SessionKind, options: SessionOptions, profiles: [SessionSide: SIPProfile],
        inherited: [SessionSide: DialogInheritance] = [:], context: SessionContext
    ) {
        self.id = id
        self.kind = kind
        self.profiles = profiles
        descriptions = DescriptionQueue(context.hosts, phones: Set(kind.sides.filter { kind.type(of: $0) == .rtp }))
        machine = ProxySession(
            id: id, kind: kind, options: options, addresses: context.mediaAddresses, number: context.nextNumber(),
            profiles: profiles, inherited: inherited)
        var log = context.log
        log[metadataKey: "session"] = "\(id)"
        self.log = log
        recorder = SessionRecorder(kind: kind, context: context)
        media = SessionLegs(id: id, kind: kind, engine: context.engine, recorder: recorder, log: log)
        media.onEvent = { [weak self] event in self?.receive(event) }
        keyframeRequests.send = { [weak self] side, isRepeated in self?.sendKeyframeRequest(of: side, isRepeated: isRepeated) }
        recorder.onFull = { [weak self] reason in
            guard let self, recorder.stopReason == nil, machine.options.record else { return }
            recorder.stopReason = "\(reason)"
            update(SessionOptionsChange(record: false)) { [recorder] _ in recorder.stopReason = nil }
        }
    }

    public var options: SessionOptions { machine.options }
    public func agreedMedia(of side: SessionSide) -> [AgreedMedium] { machine.agreedMedia(of: side) }
    /// Who holds it.
    public var holders: Set<SessionSide> { machine.holders }
    public func takesTelephoneEvents(_ side: SessionSide) -> Bool { machine.takesTelephoneEvents(side) }
    /// What the phone at `side` takes along to another session; nil for browsers.
    public func inheritance(of side: SessionSide) -> DialogInheritance? { machine.inheritance(of: side) }
    public var isEnded: Bool { machine.isEnded }
    public var isEstablished: Bool { machine.isEstablished }
    /// The offer that one side has, while it has not been answered.
    public var pendingOffer: SessionDescription? { machine.pendingOffer }

    public func receive(_ event: PartyEvent, from side: SessionSide) { handle(.party(side, event)) }

    public func serve(call: String) {
        log[metadataKey: "call"] = "\(call)"
        media.log = log
    }

    /// Stops it; the owner hears `ended`, once.
    public func stop(_ end: SessionEnd) { handle(.stop(code: end.code, reason: end.reason)) }

    /// Takes a candidate from the browser at `side`. Returns why it could not be used, or nil.
    public func trickle(_ candidate: TrickledCandidate, from side: SessionSide) -> SessionFailure? {
        if machine.isEnded { return .state("the session has ended") }
        guard kind.type(of: side) == .webrtc else {
            return .unsupported("this side of the session takes no candidates")
        }
        do throws(NegotiationError) {
            _ = try candidate.readableForJanus()
        } catch {
            return .description(error)
        }
        handle(.candidate(side, candidate))
        return nil
    }

    /// What has been counted of `side`; nil where there is no such side, or it cannot be asked.
    public func statistics(of side: SessionSide) async -> EngineStatistics? {
        let statistics = await media.statistics(of: side)
        if let statistics, !machine.isEnded { SessionCounts.tell(statistics, of: side, in: id, codecs: codecs(of: side), score: nil) }
        return statistics
    }

    public func send(_ signal: EngineSignal) async -> SessionFailure? {
        do throws(JanusError) {
            try await media.send(signal)
            return nil
        } catch {
            return SessionFailure(error)
        }
    }

    public func summary() async -> SessionSummary {
        if !isReleased { await withCheckedContinuation { waitingForSummary.append($0) } }
        return summed
    }

    private func codecs(of side: SessionSide) -> [MediaKind: String] {
        Dictionary(machine.agreedMedia(of: side).map { ($0.kind, $0.codec.rawValue) }) { first, _ in first }
    }

    /// Changes options; `done` is called once, when they act or cannot.
    public func update(_ change: SessionOptionsChange, done: @escaping UpdateCompletion) {
        updateCount += 1
        updates[updateCount] = done
        handle(.update(number: updateCount, change))
    }

    /// Records, because those sessions were that parties of it have come from.
    public func goOnRecording(of sessions: [any MediaSession]) {
        recorder.former = sessions.map(\.id)
        update(SessionOptionsChange(record: true)) { _ in }
    }

    /// Has a side hold the session, or resume it; `done` is called once, when it is so or cannot be.
    public func hold(by side: SessionSide, _ isOn: Bool, done: @escaping UpdateCompletion) {
        updateCount += 1
        updates[updateCount] = done
        handle(.hold(number: updateCount, side, isOn))
    }

    // MARK: Keyframes

    /// Requests a keyframe of that side, if it sends video: what follows cannot be seen without.
    public func requestKeyframe(of side: SessionSide) { keyframeRequests.request(of: side) }

    private func sendKeyframeRequest(of side: SessionSide, isRepeated: Bool) {
        guard machine.isEstablished, !machine.isEnded, machine.sendsVideo(side) else { return }
        LoopActor.task { [self] in
            await media.sendKeyframeRequest(of: side)
            if !isRepeated { onOutput?(.keyframeRequested(side)) }
        }
    }

    private func beginWhenUp() {
        guard machine.isEstablished, isUp, !hasBegun else { return }
        hasBegun = true
        summed.setUp = started.duration(to: .now)
        keyframeRequests.mediaBegins()
    }

    // MARK: The machine

    private func handle(_ event: ProxySession.Event) {
        switch event {
        case .party(let side, .offered): tell(.offered(by: side.rawValue))
        case .party(let side, .answered): tell(.answered(by: side.rawValue))
        default: break
        }
        descriptions.take(event) { [self] in process($0) }
    }

    private func tell(_ change: @autoclosure () -> SessionChange) { EventStream.shared.tell(session: id, change()) }

    private func process(_ event: ProxySession.Event) {
        queue.take(event) { event in
            for action in machine.handle(event) { perform(action) }
            beginWhenUp()
            watchPhones()
        }
    }

    private func perform(_ action: ProxySession.Action) {
        switch action {
        case .perform(let step, let number): perform(step, number)
        case .sendOffer(let side, let offer): onOutput?(.sendOffer(side, offer))
        case .sendAnswer(let side, let answer): onOutput?(.sendAnswer(side, answer))
        case .trickle(let side, let candidate): media.trickle(candidate, to: side)
        case .apply(let side, let settings): apply(settings, to: side)
        case .updated(let number, let options):
            if options.useVideo, !showsVideo { keyframeRequests.mediaBegins() }
            showsVideo = options.useVideo
            updates.removeValue(forKey: number)?(.success(options))
            onOutput?(.event(.updated(options)))
        case .updateFailed(let number, let failure):
            updates.removeValue(forKey: number)?(.failure(failure))
        case .holdDone(let number): updates.removeValue(forKey: number)?(.success(machine.options))
        case .held(let side, let isOn):
            if !isOn { keyframeRequests.mediaBegins() }
            onOutput?(.held(side, isOn))
        case .recording(let change):
            // What is recorded before a keyframe cannot be shown.
            if case .started = change { for side in SessionSide.allCases { requestKeyframe(of: side) } }
            onOutput?(.event(recorder.perform(change, isReleased: !machine.isEnded)))
        case .refuseOffer(let side, let failure):
            log.info("offer refused", metadata: ["side": "\(side)", "reason": "\(failure.reason)"])
            onOutput?(.offerRefused(side, failure))
        case .refuseAnswer(let failure):
            log.info("answer refused", metadata: ["reason": "\(failure.reason)"])
            onOutput?(.answerRefused(failure))
        case .refuseCandidate(let failure):
            log.debug("candidate refused", metadata: ["reason": "\(failure.reason)"])
        case .end(let end):
            tell(.ended(code: end.code, reason: end.reason))
            log.info("session ended", metadata: ["code": "\(end.code)", "reason": "\(end.reason)"])
            keyframeRequests.end()
            firstPackets?.cancel()
            summed.agreed = Dictionary(kind.sides.map { ($0, machine.agreedMedia(of: $0)) }) { first, _ in first }
            summed.takesEvents = Set(kind.sides.filter(machine.hasTelephoneEvents))
            summed.codecs = Dictionary(kind.sides.map { ($0, codecs(of: $0)) }) { first, _ in first }
            media.release { [self] statistics in
                recorder.release()
                summed.statistics = statistics
                SessionCounts.note(summed)
                for (side, counted) in statistics {
                    SessionCounts.tell(counted, of: side, in: id, codecs: summed.codecs[side] ?? [:], score: summed.score(of: side), isFinal: true)
                }
                isReleased = true
                let waiting = waitingForSummary
                waitingForSummary = []
                for waiter in waiting { waiter.resume() }
            }
            let output = onOutput
            onOutput = nil
            output?(.ended(end))
        }
    }

    private func perform(_ step: MediaStep, _ number: Int) {
        LoopActor.task { [self] in
            do throws(SessionFailure) {
                handle(.stepDone(number: number, try await media.perform(step)))
            } catch {
                handle(.stepFailed(number: number, error))
            }
        }
    }

    private func apply(_ settings: LegSettings, to side: SessionSide) {
        LoopActor.task { [self] in
            do throws(SessionFailure) {
                try await media.apply(settings, to: side)
                handle(.settingsApplied)
                if !kind.hasBrowser, !isUp { receive(.up) }
            } catch {
                handle(.settingsFailed(error))
            }
        }
    }

    // MARK: What Janus tells

    private func receive(_ event: SessionLegs.Event) {
        switch event {
        case .up:
            isUp = true
            tell(.up)
            onOutput?(.event(.webrtc(up: true)))
            beginWhenUp()
        case .flowing(let kind, let flowing):
            self.flowing[kind] = flowing
            tell(.flowing(kind: kind, flowing))
            onOutput?(.event(.media(kind: kind, flowing: flowing)))
        case .slowLink: onOutput?(.event(.slowLink))
        case .digit(let side, let digit, let duration):
            tell(.digit(side: side.rawValue, digit, milliseconds: Int(duration / .milliseconds(1))))
            onOutput?(.digit(side, digit, duration))
        case .toneDigit(let side, let digit, let duration): onOutput?(.toneDigit(side, digit, duration))
        case .keyframeRequested(let side): requestKeyframe(of: side)
        case .unreachable: if isAnswered { handle(.mediaLost(.phoneUnreachable)) }
        case .gone(let end):
            if isUp { onOutput?(.event(.webrtc(up: false))) }
            isUp = false
            handle(.mediaLost(end))
        }
    }
}
