internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import ProxyCore
internal import Routing
internal import SDP

/// A client of the browser API that is being called.
@LoopActor
final class BrowserCalleeLeg: CalleeLeg, BrowserLeg {
    /// How long a client may take to say whether it takes calls.
    private let inviteTimeout: Duration

    let client: BrowserClient
    let offers: BrowserOffers
    let call: String
    private let session: String
    private let caller: CallParty
    private let dialled: String
    /// Tells the call that the client takes no call.
    var onDeclined: (@LoopActor (CallEnd) -> Void)?
    /// The `answer_call` that waits for the session.
    private var reply: BrowserReply?
    /// The `ring_call` with early media that waits for the session.
    private var ringReply: BrowserReply?
    /// Whether the client was told of the end.
    private(set) var isOver = false
    /// The client's candidates of before its answer.
    private var candidates: [TrickledCandidate] = []
    /// Candidates that are kept so.
    private static let mostCandidates = 64
    /// Whether the client has taken the call.
    private(set) var hasCall = false

    init(
        call: String, session: String, client: BrowserClient, caller: CallParty, dialled: String, inviteTimeout: Duration = .seconds(10)
    ) {
        self.inviteTimeout = inviteTimeout
        self.call = call
        self.session = session
        self.client = client
        self.caller = caller
        self.dialled = dialled
        offers = BrowserOffers(session: session, client: client)
    }

    var origin: CallOrigin {
        CallOrigin(source: .user(client.user.name), user: client.user.name, displayName: client.user.displayName)
    }

    func invite(offer: SessionDescription?) {
        var data: [String: JSONValue] = [
            "call_id": .string(call), "session_id": .string(session),
            "caller_id": .string(caller.id), "dest": .string(dialled),
        ]
        data["offer"] = offer?.json()
        data["caller_name"] = caller.name.map(JSONValue.string)
        client.request(
            class: "media", cmd: "call_invite", data: .object(data), timeout: inviteTimeout
        ) { [weak self] result in
            // One that has answered the call takes it, whatever it says of the invitation.
            guard let self, !hasCall, case .failure(let error) = result else { return }
            let end = BrowserCalleeLeg.end(for: error)
            // It may have begun to ring all the same.
            if error.known == .timedOut { self.end(end) }
            onDeclined?(end)
        }
    }

    /// A client that takes no call is busy; one that does not say so is not there.
    private static func end(for error: APIError) -> CallEnd {
        switch error.known {
        case .timedOut, .clientGone, .tooManyRequests: CallEnd(status: 480, reason: CallEnd.words(for: 480), by: .callee)
        default: CallEnd(status: 486, reason: CallEnd.words(for: 486), by: .callee)
        }
    }

    /// Keeps the request that brings the client's answer. False when one is waiting already.
    func answering(_ reply: BrowserReply) -> Bool {
        guard self.reply == nil else { return false }
        self.reply = reply
        return true
    }

    /// Keeps the request that brings the client's early answer. False when one is waiting already.
    func ringing(_ reply: BrowserReply) -> Bool {
        guard ringReply == nil else { return false }
        ringReply = reply
        return true
    }

    /// Keeps a candidate until the client answers. False when there are too many.
    func keep(_ candidate: TrickledCandidate) -> Bool {
        guard candidates.count < BrowserCalleeLeg.mostCandidates else { return false }
        candidates.append(candidate)
        return true
    }

    /// The candidates that were kept, once.
    func takeCandidates() -> [TrickledCandidate] {
        defer { candidates = [] }
        return candidates
    }

    func progressed(_ failure: SessionFailure?) {
        if let failure { ringReply?.fail(failure.apiError) } else { ringReply?.ok([:]) }
        ringReply = nil
    }

    func confirm(answer: SessionDescription?) {
        hasCall = true
        progressed(nil)
        client.subscribe(to: session)
        reply?.ok(answer.map { ["answer": $0.json()] } ?? [:])
        reply = nil
    }

    func refuse(_ failure: SessionFailure) {
        reply?.fail(failure.apiError)
        reply = nil
    }

    func left(_ end: CallEnd) {
        offers.end()
        ringReply?.fail(end.apiError)
        ringReply = nil
        reply?.fail(end.apiError)
        reply = nil
    }

    func end(_ end: CallEnd) {
        guard !isOver else { return }
        isOver = true
        hasCall = false
        left(end)
        client.send(
            end.isAnsweredElsewhere
                ? .call(call, "answered_elsewhere") : .call(call, "hangup", end.json))
    }
}
