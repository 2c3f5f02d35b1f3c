internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import Media
internal import ProxyCore
internal import SDP

/// A session that an API client drives by itself: `start_session`, `answer_session`, `stop_session`.
///
/// The client carries the descriptions of a proxy session to the called party by signalling of its own.
@LoopActor
final class APISession {
    let session: any MediaSession
    /// The offer that started it.
    let firstOffer: RemoteDescription
    private let sdpType: SDPType
    /// The request that waits for a description.
    private var reply: BrowserReply?
    private let registry: SessionRegistry
    private let offers: BrowserOffers
    /// Called once, when the session is over.
    private let onEnded: @LoopActor () -> Void
    private var answerLimit: LoopTimer?
    private let user: String
    private let lineTests: LineTests
    /// Notes of the line test that an echo is; the time of its answer.
    private let notes = LineTestNotes()
    private let started = ContinuousClock.now
    private var answered: ContinuousClock.Instant?
    /// The side whose description the client was asked for last.
    private var offeredSide = SessionSide.callee

    /// - Parameters:
    ///   - offer: The offer that starts it.
    ///   - answerWithin: How long the called party's answer may take.
    init(
        session: any MediaSession, client: BrowserClient, offer: RemoteDescription, registry: SessionRegistry, lineTests: LineTests, reply: BrowserReply, answerWithin: Duration,
        onEnded: @escaping @LoopActor () -> Void
    ) {
        self.session = session
        firstOffer = offer
        self.reply = reply
        self.registry = registry
        self.lineTests = lineTests
        user = client.user.name
        offers = BrowserOffers(session: session.id, client: client)
        self.onEnded = onEnded
        session.isAnswered = true
        sdpType = session.kind.calleeType ?? session.kind.callerType
        // The session keeps this object alive through its output, until it has ended.
        session.onOutput = { output in self.receive(output) }
        offers.onOutcome = { [weak self] outcome in
            if let self { self.session.receive(outcome, from: offeredSide) }
        }
        guard session.kind.calleeType != nil else { return }
        answerLimit = LoopTimer.schedule(after: answerWithin) { [weak session] in
            session?.stop(SessionEnd(code: 408, reason: "no answer came"))
        }
    }

    /// The line test that it is; nil for a session that is no echo.
    var lineTest: LineTestSubject? { LineTestSubject(session, user: user, answered: answered.map { started.duration(to: $0) }, notes) }

    /// Takes the called party's answer; `reply` gets the caller's.
    func answer(_ answer: RemoteDescription, reply: BrowserReply) {
        guard self.reply == nil else {
            reply.fail(APIError(.wrongState, "an answer to this session is being processed"))
            return
        }
        // The answers to later offers belong to the requests that brought the offers.
        guard !session.isEstablished else {
            reply.fail(APIError(.wrongState, "the session has been answered before"))
            return
        }
        self.reply = reply
        session.receive(.answered(answer), from: .callee)
    }

    /// Takes a new offer of the caller's; `reply` gets the answer. The called party's part is asked of the client.
    func offer(_ offer: RemoteDescription, reply: BrowserReply) {
        guard self.reply == nil, session.isEstablished else {
            reply.fail(APIError(.wrongState, "another offer is being answered"))
            return
        }
        self.reply = reply
        session.receive(.offered(offer), from: .caller)
    }

    /// Whether a description is on its way: what comes of it is for the request that waits here.
    var isBusy: Bool { reply != nil }

    /// Ends its part: a call has taken over the session.
    func handOver() {
        answerLimit?.cancel()
        answerLimit = nil
        // The call says when it is answered.
        session.isAnswered = false
    }

    private func receive(_ output: SessionOutput) {
        switch output {
        case .sendOffer(let side, let offer) where session.isEstablished:
            offeredSide = side
            offers.sendOffer(offer)
        case .sendOffer(_, let offer):
            respond { ["session_id": .string(session.id), "offer": offer.json(sdpType)] }
        case .sendAnswer(_, let description):
            answerLimit?.cancel()
            if answered == nil {
                answered = .now
                notes.noteAnswer()
            }
            let answer = description.json(session.kind.callerType)
            respond { ["session_id": .string(session.id), "answer": answer] }
            registry.publish(.session(session.id, "answer", ["answer": answer]))
        case .offerRefused(_, let failure), .answerRefused(let failure):
            reply?.fail(failure.apiError)
            reply = nil
        case .held, .keyframeRequested, .digit, .toneDigit: break
        case .event(let event):
            registry.publish(event, of: session.id)
        case .ended(let end):
            answerLimit?.cancel()
            reply?.fail(APIError(.wrongState, "the session has ended: \(end.reason)"))
            reply = nil
            offers.end()
            if let lineTest, answered != nil {
                let (registry, id, user) = (registry, session.id, user)
                lineTests.end(lineTest, session) { registry.publish(lineTest: $0, of: id, to: user) }
            }
            registry.end(session.id, end)
            onEnded()
        }
    }

    private func respond(_ data: () -> JSONValue) {
        reply?.ok(data())
        reply = nil
    }
}
