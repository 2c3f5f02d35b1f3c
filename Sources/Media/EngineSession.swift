public import EventLoop
internal import Events
public import Janus
internal import JSON
internal import Logging
public import ProxyCore
internal import Recording
internal import SDP

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
    /// What is to be done about recordings when Janus has let go of the handles.
    private var afterRelease: [@LoopActor () -> Void] = []
    /// Why the recording that runs is being stopped, where nobody asked for it.
    private var stopReason: String?
    /// The sessions whose recording this one goes on with, until it has begun.
    private var former: [String] = []
    private(set) var log: Logger
    private let descriptions: DescriptionQueue
    private let queue = EventQueue<ProxySession.Event>()
    private var updates: [Int: UpdateCompletion] = [:]
    private var updateCount = 0
    private let keyframeRequests = KeyframeRequests()
    private var secondKeyframeRequest: LoopTimer?
    private var summed = SessionSummary()
    private var isReleased = false
    private var waitingForSummary: [CheckedContinuation<Void, Never>] = []
    /// Whether the session was up and established.
    private var hasBegun = false
    private var showsVideo = true
    /// Runs from the answer on.
    var firstPackets: LoopTimer?
    /// Of each phone that has been watched.
    var timeouts: [SessionSide: MediaTimeout] = [:]

    public init(
        id: String, kind: SessionKind, options: SessionOptions, profiles: [SessionSide: SIPProfile],
        inherited: [SessionSide: DialogInheritance] = [:], context: SessionContext
    ) {
        self.id = id
        self.kind = kind
        self.profiles = profiles
        descriptions = DescriptionQueue(context.hosts)
        machine = ProxySession(
            id: id, kind: kind, options: options, addresses: context.mediaAddresses, number: context.nextNumber(),
            profiles: profiles, inherited: inherited)
        var log = context.log
        log[metadataKey: "session"] = "\(id)"
        self.log = log
        recorder = SessionRecorder(kind: kind, context: context)
        media = SessionLegs(id: id, kind: kind, engine: context.engine, recorder: recorder, log: log)
        media.onEvent = { [weak self] event in self?.receive(event) }
        recorder.onFull = { [weak self] reason in
            guard let self, stopReason == nil, machine.options.record else { return }
            stopReason = "\(reason)"
            update(SessionOptionsChange(record: false)) { [weak self] _ in self?.stopReason = nil }
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
    public var pendingOffer: String? { machine.pendingOffer }

    /// Takes an offer of that side: the first one starts the session.
    public func offer(_ side: SessionSide, _ sdp: String, trickle: Bool) {
        handle(.offered(side, sdp: sdp, trickle: trickle))
    }

    /// That phone wants an offer, and is to answer it.
    public func offerWanted(_ side: SessionSide) { handle(.offerWanted(side)) }

    /// Takes what that phone answered to a refresh.
    public func refreshed(_ side: SessionSide, _ sdp: String) { handle(.refreshed(side, sdp: sdp)) }

    /// That phone has been told this beside the session.
    public func received(_ side: SessionSide, _ sdp: String) { handle(.received(side, sdp: sdp)) }

    /// Takes an offer of that phone's before the call is answered.
    public func offerEarly(_ side: SessionSide, _ sdp: String) { handle(.offeredEarly(side, sdp: sdp)) }

    /// That side withdraws its offer.
    public func withdraw(_ side: SessionSide) { handle(.withdrawn(side)) }

    public func serve(call: String) {
        log[metadataKey: "call"] = "\(call)"
        media.log = log
    }

    /// That side answers the offer that it has.
    public func answer(_ side: SessionSide, _ sdp: String, trickle: Bool) { handle(.answered(side, sdp: sdp, trickle: trickle)) }

    /// That side declines the offer that it has.
    public func decline(_ side: SessionSide, _ failure: SessionFailure) { handle(.declined(side, failure)) }

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
        former = sessions.map(\.id)
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
    public func requestKeyframe(of side: SessionSide) {
        keyframeRequests.request(of: side) { [weak self] in self?.sendKeyframeRequest(of: side) }
    }

    private func sendKeyframeRequest(of side: SessionSide, ofPhones: Bool = true) {
        guard machine.isEstablished, !machine.isEnded, machine.sendsVideo(side) else { return }
        LoopActor.task { [self] in
            await media.sendKeyframeRequest(of: side)
            if ofPhones { onOutput?(.keyframeRequested(side)) }
        }
    }

    /// Media begins, or begins again. Browsers are asked twice: they pass over a PLI that follows another within 300 ms, and one may be lost.
    private func requestKeyframes() {
        for side in SessionSide.allCases { requestKeyframe(of: side) }
        secondKeyframeRequest?.cancel()
        secondKeyframeRequest = LoopTimer.schedule(after: EngineSession.secondKeyframeRequestDelay) { [weak self] in
            for side in SessionSide.allCases { self?.sendKeyframeRequest(of: side, ofPhones: false) }
        }
    }

    private static let secondKeyframeRequestDelay = Duration.milliseconds(500)

    private func beginWhenUp() {
        guard machine.isEstablished, isUp, !hasBegun else { return }
        hasBegun = true
        summed.setUp = started.duration(to: .now)
        requestKeyframes()
    }

    // MARK: The machine

    private func handle(_ event: ProxySession.Event) {
        switch event {
        case .offered(let side, _, _): tell(.offered(by: side.rawValue))
        case .answered(let side, _, _): tell(.answered(by: side.rawValue))
        default: break
        }
        descriptions.take(event) { [self] in isFromPhone($0) } _: { [self] in process($0) }
    }

    private func tell(_ change: @autoclosure () -> SessionChange) { EventStream.shared.tell(session: id, change()) }

    private func isFromPhone(_ event: ProxySession.Event) -> Bool {
        switch event {
        case .offered(let side, _, _), .offeredEarly(let side, _), .refreshed(let side, _), .answered(let side, _, _): kind.type(of: side) == .rtp
        default: false
        }
    }

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
        case .deliverOffer(let side, let sdp): onOutput?(.offer(side, sdp))
        case .deliverAnswer(let side, let sdp): onOutput?(.answer(side, sdp))
        case .trickle(let side, let candidate): media.trickle(candidate, to: side)
        case .apply(let side, let settings): apply(settings, to: side)
        case .updated(let number, let options):
            if options.useVideo, !showsVideo { requestKeyframes() }
            showsVideo = options.useVideo
            updates.removeValue(forKey: number)?(.success(options))
            onOutput?(.event(.updated(options)))
        case .updateFailed(let number, let failure):
            updates.removeValue(forKey: number)?(.failure(failure))
        case .holdDone(let number): updates.removeValue(forKey: number)?(.success(machine.options))
        case .held(let side, let isOn):
            if !isOn { requestKeyframes() }
            onOutput?(.held(side, isOn))
        case .recording(let change): perform(change)
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
            secondKeyframeRequest?.cancel()
            firstPackets?.cancel()
            let afterRelease = afterRelease
            self.afterRelease = []
            summed.agreed = Dictionary(kind.sides.map { ($0, machine.agreedMedia(of: $0)) }) { first, _ in first }
            summed.takesEvents = Set(kind.sides.filter(machine.hasTelephoneEvents))
            summed.codecs = Dictionary(kind.sides.map { ($0, codecs(of: $0)) }) { first, _ in first }
            media.release { [self] statistics in
                afterRelease.forEach { $0() }
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

    private func perform(_ change: ProxySession.RecordingChange) {
        let recorder = recorder
        switch change {
        case .started(let file):
            recorder.started(file)
            // What is recorded before one cannot be shown.
            for side in SessionSide.allCases { requestKeyframe(of: side) }
            onOutput?(.event(.record(.started, file: file, more: former.isEmpty ? [:] : ["former": .array(former.map { .string($0) })])))
            former = []
        case .stopped(let file):
            recorder.stopped(file)
            onOutput?(.event(.record(.stopped, file: file, more: stopReason.map { ["reason": .string($0)] } ?? [:])))
            whenReleased { recorder.closed(file) }
        case .failed(let file, let failure):
            onOutput?(.event(.record(.failed, file: file, more: ["reason": .string(failure.reason)])))
            whenReleased { recorder.abandon(file) }
        }
    }

    /// At once while the session lives: then its handles have confirmed the change.
    private func whenReleased(_ body: @escaping @LoopActor () -> Void) {
        if machine.isEnded { afterRelease.append(body) } else { body() }
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
