public import EventLoop
public import Janus
public import ProxyCore
internal import RTP
public import SDP

/// A media session, as calls and clients of the API use it. ``EngineSession`` is the one on legs of the media engine.
///
/// Its owner (a call, or a client of the API) sets ``onOutput``. A session ends once, with ``SessionOutput/ended(_:)`` as its last output.
@LoopActor
public protocol MediaSession: AnyObject {
    /// Called once, when the options act or cannot.
    typealias UpdateCompletion = @LoopActor (Result<SessionOptions, SessionFailure>) -> Void

    var id: String { get }
    var kind: SessionKind { get }
    /// What is said to the phones at its sides.
    var profiles: [SessionSide: SIPProfile] { get }
    var started: ContinuousClock.Instant { get }
    var onOutput: (@LoopActor (SessionOutput) -> Void)? { get set }
    /// Whether the call is answered, or there is none: before that a phone may be silent, or gone, without the call's end.
    var isAnswered: Bool { get set }

    // MARK: State

    /// Whether a PeerConnection of this session is up; where it has none, whether its legs are.
    var isUp: Bool { get }
    /// Whether RTP of a kind arrives from a browser, or from a phone where there is none; a kind of which Janus has not said anything yet is not in it.
    var flowing: [String: Bool] { get }
    var options: SessionOptions { get }
    var isEstablished: Bool { get }
    var isEnded: Bool { get }
    /// The sides that hold it.
    var holders: Set<SessionSide> { get }
    /// The offer that one side has, while it has not been answered.
    var pendingOffer: SessionDescription? { get }
    /// The media that a side has agreed on.
    func agreedMedia(of side: SessionSide) -> [AgreedMedium]
    /// Whether a side takes DTMF digits in RTP (RFC 4733).
    func takesTelephoneEvents(_ side: SessionSide) -> Bool
    /// What the phone at `side` takes along to another session; nil for browsers.
    func inheritance(of side: SessionSide) -> DialogInheritance?
    /// What has been counted of `side`; nil where there is no such side, or it cannot be asked.
    func statistics(of side: SessionSide) async -> EngineStatistics?
    /// What there is to say of the session when it is over; waits until it is, and its legs are given back.
    func summary() async -> SessionSummary

    // MARK: Offers and answers

    /// Takes what a party does about offers and answers; the first offer starts the session.
    func receive(_ event: PartyEvent, from side: SessionSide)
    /// Takes a candidate from the browser at `side`. Returns why it could not be used, or nil.
    func trickle(_ candidate: TrickledCandidate, from side: SessionSide) -> SessionFailure?

    // MARK: Changes

    /// The session serves this call: its lines in the log name it from now on.
    func serve(call: String)
    /// Changes options; `done` is called once, when they act or cannot.
    func update(_ change: SessionOptionsChange, done: @escaping UpdateCompletion)
    /// Has a side hold the session, or resume it; `done` is called once, when it is so or cannot be.
    func hold(by side: SessionSide, _ isOn: Bool, done: @escaping UpdateCompletion)
    /// Records, because those sessions were that parties of it have come from.
    func goOnRecording(of sessions: [any MediaSession])
    /// Requests a keyframe of that side, if it sends video: what follows cannot be seen without.
    func requestKeyframe(of side: SessionSide)
    /// Has an echo send something else than what comes.
    ///
    /// - Returns: Why it cannot; nil where it does.
    func send(_ signal: EngineSignal) async -> SessionFailure?
    /// Ends the session with 408 when a phone at one of its sides has sent neither RTP nor RTCP for `limit`, though it should have; or when a browser's
    /// media connection has not come up within it.
    func endIfMediaIsMissing(for limit: Duration) async
    /// Stops it; the owner hears `ended`, once.
    func stop(_ end: SessionEnd)
}

extension MediaSession {
    public func serve(call: String) {}
}

/// What there is to say of a session that is over.
public struct SessionSummary: Sendable {
    /// The last that was counted of each leg; none of a leg that was lost with its Janus.
    public var statistics: [SessionSide: EngineStatistics] = [:]
    /// The first codec of each medium that a side has agreed on, as `rtpmap` names it.
    public var codecs: [SessionSide: [MediaKind: String]] = [:]
    /// The media that each side had agreed on, and the sides that had agreed on DTMF digits as RTP (RFC 4733).
    public var agreed: [SessionSide: [AgreedMedium]] = [:]
    public var takesEvents: Set<SessionSide> = []
    /// From the first offer until media could flow; nil where it never could.
    public var setUp: Duration?

    public init() {}

    /// The score that people would give to the sound of a side (``EModel``); nil where that is not known.
    public func score(of side: SessionSide) -> Double? {
        guard let received = statistics[side]?.audio?.received, received.packets >= 100, let lost = received.lost,
            let codec = codecs[side]?[.audio].flatMap({ EModel.Codec(rtpmap: $0) }), codec.band == .narrowband
        else { return nil }
        let share = Double(max(0, lost)) / Double(max(1, received.packets + max(0, lost)))
        return EModel(codec: codec, loss: share, delay: Double(statistics[side]?.audio?.sent.roundTrip ?? 0) / 2).score
    }
}

/// What the owner of a session is told.
public enum SessionOutput {
    /// Send this offer to that side.
    case sendOffer(SessionSide, SessionDescription)
    /// Send this answer to that side, which had offered.
    case sendAnswer(SessionSide, SessionDescription)
    /// That side's offer cannot be carried out; when it was the first one, `ended` follows.
    case offerRefused(SessionSide, SessionFailure)
    /// The answer that was given last cannot be used; another may follow.
    case answerRefused(SessionFailure)
    /// A side has begun to hold the call, or ceased to.
    case held(SessionSide, Bool)
    /// The phone at that side is to send a keyframe.
    case keyframeRequested(SessionSide)
    /// The phone or browser at that side sent a DTMF digit in RTP (RFC 4733), of that length.
    case digit(SessionSide, Character, Duration)
    /// The caller of an echo sent a DTMF digit as tones in its audio, of that length.
    case toneDigit(SessionSide, Character, Duration)
    case event(SessionEvent)
    case ended(SessionEnd)
}

/// Makes the sessions of a gateway. ``SessionContext`` makes them in the media engine.
@LoopActor
public protocol SessionFactory: AnyObject {
    /// Whether a session can be started now.
    var isReady: Bool { get }
    /// Makes a session that has not begun.
    ///
    /// - Parameters:
    ///   - id: The id that clients know it by; branches of a call share one.
    ///   - profiles: What is said to the phones at its sides.
    ///   - inherited: What phones bring from a former session of their dialog.
    func session(
        _ id: String, _ kind: SessionKind, options: SessionOptions, profiles: [SessionSide: SIPProfile],
        inherited: [SessionSide: DialogInheritance]
    ) -> any MediaSession
}
