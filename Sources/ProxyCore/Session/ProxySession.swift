public import SDP

/// One media session: a pure machine that takes events and returns actions.
///
/// It schedules three parts, of which one has its turn at a time: ``OfferAnswer`` carries offers and answers between the sides; ``OptionChanges`` are the requests
/// to change options, to hold and to resume; ``SessionRecording`` names the recordings. When the sides have agreed, or options change, each leg is told all that
/// it has to do (``LegSettings``).
/// Untrusted input cannot trap.
public struct ProxySession: Sendable {
    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A party does something about offers and answers.
        case party(SessionSide, PartyEvent)
        /// Janus did the step with this number.
        case stepDone(number: Int, StepOutcome)
        case stepFailed(number: Int, SessionFailure)
        case candidate(SessionSide, TrickledCandidate)
        /// Change options; `number` comes back with the outcome.
        case update(number: Int, SessionOptionsChange)
        /// That side holds the call, or resumes it, without a description of its own; `number` comes back with the outcome.
        case hold(number: Int, SessionSide, Bool)
        /// A leg has taken its settings.
        case settingsApplied
        case settingsFailed(SessionFailure)
        /// Janus ended, or the path to a browser was lost.
        case mediaLost(SessionEnd)
        case stop(code: Int, reason: String)
    }

    /// What to do about it, in this order.
    public enum Action: Sendable, Equatable {
        /// Have Janus do this; the number comes back with the outcome.
        case perform(MediaStep, number: Int)
        /// Send this offer to that side.
        case sendOffer(SessionSide, SessionDescription)
        /// Send this answer to that side, which made the offer: both have agreed.
        case sendAnswer(SessionSide, SessionDescription)
        /// Decline the offer of that side. If it was the first one, the session ends as well.
        case refuseOffer(SessionSide, SessionFailure)
        /// The answer cannot be used; another one may follow.
        case refuseAnswer(SessionFailure)
        case refuseCandidate(SessionFailure)
        case trickle(SessionSide, TrickledCandidate)
        /// Have the leg of that side do this.
        case apply(SessionSide, LegSettings)
        /// The update is done, with these options now in force.
        case updated(number: Int, SessionOptions)
        /// The update could not be carried out; the session goes on.
        case updateFailed(number: Int, SessionFailure)
        /// The side holds now, or has resumed.
        case holdDone(number: Int)
        /// A side has begun to hold the call or has resumed it, by command or by its description.
        case held(by: SessionSide, Bool)
        case recording(RecordingChange)
        /// Detach all handles: the session has ended.
        case end(SessionEnd)
    }

    public let id: String
    public let kind: SessionKind
    /// The options in force.
    public internal(set) var options: SessionOptions
    var offers: OfferAnswer
    var changes = OptionChanges()
    var recording: SessionRecording
    var holds = Holds()
    /// The media that each side has agreed on.
    private var agreed: [SessionSide: [LegMedium]] = [:]
    /// Whether the legs have to be told what was agreed on, as soon as they have taken the last settings.
    private(set) var hasNewAgreement = false
    /// Answers of phones to refreshes that came during something else; the last one of each phone counts, until it says something newer.
    private var refreshes: [SessionSide: RemoteDescription] = [:]

    /// - Parameters:
    ///   - id: Lower-case UUID; names the recordings too.
    ///   - addresses: The media addresses, of which a phone is told one in `o=` and `c=`.
    ///   - number: Distinguishes this session in `o=` lines (RFC 8866 section 5.2).
    ///   - profiles: What the phones at its sides are offered; the standard profile where none is given.
    ///   - inherited: What phones bring that come from another session of the same dialog.
    public init(
        id: String, kind: SessionKind, options: SessionOptions, addresses: LegAddresses, number: UInt64,
        profiles: [SessionSide: SIPProfile] = [:], inherited: [SessionSide: DialogInheritance] = [:]
    ) {
        self.id = id
        self.kind = kind
        self.options = options
        recording = SessionRecording(session: id)
        var sides: [SessionSide: LegNegotiation] = [:]
        for (index, side) in kind.sides.enumerated() {
            guard let type = kind.type(of: side) else { continue }
            sides[side] = .make(type, number: number &+ UInt64(index), addresses, profiles[side] ?? .standard)
        }
        for (side, inheritance) in inherited { sides[side]?.inherit(inheritance) }
        for side in kind.sidesLimitedByDescription { sides[side]?.limit(to: options.bitrate) }
        offers = OfferAnswer(kind: kind, sides: sides)
    }

    public var isEnded: Bool { offers.state == .ended }

    /// Whether the first exchange is done.
    public var isEstablished: Bool { offers.isEstablished }

    /// The offer that one side has and has not answered.
    public var pendingOffer: SessionDescription? { offers.pendingOffer }

    /// The side that has an offer to answer.
    public var answerer: SessionSide? { offers.answerer }

    /// Who holds the session, by command or by its description.
    public var holders: Set<SessionSide> { holds.sides }

    /// What the phone at `side` takes along to another session; nil for browsers.
    public func inheritance(of side: SessionSide) -> DialogInheritance? {
        if case .sip(let leg)? = offers.sides[side] { leg.inheritance } else { nil }
    }

    /// The media that `side` has agreed on; empty before its first answer, and where there is no such side.
    public func agreedMedia(of side: SessionSide) -> [AgreedMedium] { offers.sides[side]?.agreedMedia ?? [] }

    /// Whether that side sends video.
    public func sendsVideo(_ side: SessionSide) -> Bool { agreed[side]?.contains { $0.kind == .video && $0.receives } ?? false }

    /// Whether the phone at that side has agreed on DTMF digits as RTP (RFC 4733).
    public func hasTelephoneEvents(_ side: SessionSide) -> Bool {
        if case .sip(let leg)? = offers.sides[side] { leg.hasTelephoneEvents } else { false }
    }

    /// Whether the phone at that side takes DTMF digits as RTP (RFC 4733) now: none pass during a hold.
    public func takesTelephoneEvents(_ side: SessionSide) -> Bool {
        hasTelephoneEvents(side) && holders.isEmpty && options.useAudio
    }

    // MARK: Events

    /// Takes one event.
    public mutating func handle(_ event: Event) -> [Action] {
        if isEnded { return afterEnd(event) }
        switch event {
        case .party(let side, let event): return handle(event, of: side)
        case .stepDone(let number, let outcome): return act(on: offers.stepDone(number, outcome))
        case .stepFailed(let number, let failure): return act(on: offers.stepFailed(number, failure))
        case .candidate(let side, let candidate): return act(on: offers.receiveCandidate(candidate, from: side))
        case .update(let number, let change): return request(number, .options(change))
        case .hold(let number, let side, let isOn): return requestHold(number, by: side, isOn)
        case .settingsApplied: return settled(nil)
        case .settingsFailed(let failure): return settled(failure)
        case .mediaLost(let end): return self.end(end)
        case .stop(let code, let reason): return end(SessionEnd(code: code, reason: reason))
        }
    }

    private mutating func handle(_ event: PartyEvent, of side: SessionSide) -> [Action] {
        switch event {
        case .offered(let offer):
            refreshes[side] = nil
            return act(on: offers.receiveOffer(from: side, offer))
        case .offeredEarly(let offer): return act(on: offers.receiveEarlyOffer(from: side, offer))
        case .offerWanted: return act(on: offers.receiveOfferRequest(from: side))
        case .withdrawn:
            offers.withdrawOffer(of: side)
            return []
        case .answered(let answer):
            // It is newer than the side's answer to a refresh.
            if answerer == side { refreshes[side] = nil }
            return act(on: offers.receiveAnswer(from: side, answer))
        case .declined(let failure): return act(on: offers.receiveRefusal(from: side, failure))
        case .refreshed(let answer):
            refreshes[side] = answer
            return takeTurn()
        case .received(let description):
            offers.sides[side]?.note(description)
            return []
        }
    }

    private func afterEnd(_ event: Event) -> [Action] {
        let failure = SessionFailure.state("the session has ended")
        switch event {
        case .party(let side, .offered), .party(let side, .offerWanted), .party(let side, .offeredEarly): return [.refuseOffer(side, failure)]
        case .party(_, .answered): return [.refuseAnswer(failure)]
        case .candidate: return [.refuseCandidate(failure)]
        case .update(let number, _), .hold(let number, _, _): return [.updateFailed(number: number, failure)]
        default: return []
        }
    }

    /// Does what the offers and answers have led to, and then whatever waits.
    mutating func act(on outcomes: [OfferAnswer.Outcome]) -> [Action] {
        var actions: [Action] = []
        for outcome in outcomes {
            switch outcome {
            case .action(let action): actions.append(action)
            case .agreed(let side):
                if side == nil { holds.updateKnown(offers.sides) }
                // What a phone says alone counts when the other side has been told.
                if side.map({ kind.type(of: $0) == .webrtc }) ?? true {
                    holds.update(offers.sides)
                    actions += holds.announcements()
                }
                noteAgreement(by: side)
                actions += takeTurn()
            case .declined(let purpose, let failure): actions += declined(purpose, failure)
            case .holdAnswered(let hold, let answer): actions += holdAnswered(hold, answer)
            case .renewalNeeded(let side): changes.renew(side, options)
            case .failed(let failure): return actions + end(SessionEnd(code: failure.sipStatus, reason: failure.reason))
            }
        }
        return actions + takeTurn()
    }

    // MARK: The turn

    /// Begins what has waited longest, if nothing is under way. An agreement goes to the legs as soon as they have taken the last settings; everything else
    /// waits until every offer is answered, too.
    mutating func takeTurn() -> [Action] {
        guard !changes.isApplying, !isEnded else { return [] }
        if hasNewAgreement { return apply(.agreement) }
        guard offers.state == .stable else { return [] }
        if let side = SessionSide.allCases.first(where: { refreshes[$0] != nil }), let answer = refreshes.removeValue(forKey: side) {
            return act(on: offers.receiveRefresh(from: side, answer))
        }
        return beginChange()
    }

    // MARK: Settings of the legs

    /// The legs are to be told what this side, or both, have agreed on.
    mutating func noteAgreement(by side: SessionSide?) {
        var media = agreed
        for side in side.map({ [$0] }) ?? kind.sides { media[side] = offers.sides[side]?.legMedia }
        if media != agreed { hasNewAgreement = true }
        agreed = media
    }

    /// Has the legs told once more what holds, as some of them may have taken other settings.
    mutating func repeatSettings() { hasNewAgreement = true }

    /// Tells the legs what `options` and the agreement ask for; ``settled(_:)`` follows for each leg.
    mutating func apply(_ purpose: OptionChanges.Purpose) -> [Action] {
        hasNewAgreement = false
        let before = recording
        let recordings = recording.update(isWanted: options.record, codecs: sentCodecs)
        changes.beginApplying(purpose, legs: kind.sides.count, recordings, before)
        return kind.sides.map { .apply($0, settings(of: $0)) }
    }

    private func settings(of side: SessionSide) -> LegSettings {
        let isHeld = !holds.commanded.isEmpty
        let media = (agreed[side] ?? []).map { medium in
            let flows = !isHeld && (medium.kind == .audio ? options.useAudio : options.useVideo)
            var medium = medium
            medium.receives = medium.receives && flows
            medium.sends = medium.sends && flows
            return medium
        }
        let bitrate = min(max(options.bitrate, 0), Int(UInt32.max) / 1_000) * 1_000
        return LegSettings(
            media: media, bitrate: kind.type(of: side) == .webrtc ? bitrate : 0,
            recording: recording.current?.name, part: recording.current?.part ?? 1)
    }

    /// The codec of each medium that a side sends.
    private var sentCodecs: SessionRecording.Codecs {
        agreed.mapValues { media in
            Dictionary(media.filter(\.receives).compactMap { medium in medium.payloads.first.map { (medium.kind, $0.codec) } }) { first, _ in first }
        }
    }

    // MARK: End

    mutating func end(_ end: SessionEnd) -> [Action] {
        let hold: Int? = if case .offered(let exchange, _) = offers.state, case .hold(let hold) = exchange.purpose { hold.number } else { nil }
        offers.end()
        refreshes = [:]
        return abandonChanges(hold: hold) + [.end(end)]
    }
}
