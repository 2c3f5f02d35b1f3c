internal import BrowserAPI
internal import EventLoop
internal import Events
internal import ProxyCore
internal import Routing
internal import SIP

extension CallRecord {
    /// A call that was refused before it had a party.
    ///
    /// - Parameters:
    ///   - caller: Who called.
    ///   - reason: Why, as the caller is told.
    ///   - why: The same for operators; nil where there is no more to say.
    init(refused id: String, caller: Caller, dialled: String, callID: String? = nil, route: String? = nil, status: Int, reason: String, why: String? = nil) {
        let now = EventTime.now.milliseconds
        self.init(id: id, caller: caller, dialled: dialled, began: now)
        self.route = route
        callerSide.callID = callID.map(CallRecord.bounded)
        times.ended = now
        let end = CallEnd(status: status, reason: reason, by: .gateway)
        let result = CallReport.Result(end, wasAnswered: false)
        self.end = End(
            status: status, result: result.rawValue, by: end.by.rawValue, reason: reason,
            why: why ?? CallSentence(self, end, result).text)
    }

    /// An INVITE that was refused; nil for a challenge, with which every call of a phone with a password begins.
    init?(refused id: String, _ invite: SIPIncomingInvite, _ origin: CallOrigin?, _ refusal: Admission.Refusal) {
        guard refusal.status != 401, refusal.status != 407 else { return nil }
        let caller = Caller(
            kind: origin.map { CallReport.kind(of: $0, isBrowser: false) } ?? "phone", user: origin?.user ?? invite.from.user, name: origin?.displayName,
            source: origin.map { "\($0.source)" } ?? "anonymous", address: invite.source, userAgent: invite.userAgent)
        self.init(
            refused: id, caller: caller, dialled: invite.requestUser, callID: invite.callID, route: refusal.details.route, status: refusal.status,
            reason: refusal.reason, why: refusal.details.words)
    }

    /// A client's call that was refused.
    @LoopActor
    init(refused id: String, _ dialled: String, by client: BrowserClient, _ error: APIError, _ details: Admission.Refusal.Details) {
        let caller = Caller(
            kind: "browser", user: client.user.name, name: client.user.displayName, source: "user \(client.user.name)", address: client.remoteAddress,
            client: client.id)
        let status = switch error.known {
        case .unknownDestination: 404
        case .mediaUnavailable, .shuttingDown, .tooManySessions: 503
        default: 403
        }
        self.init(
            refused: id, caller: caller, dialled: dialled, route: details.route, status: details.end?.status ?? status,
            reason: details.end?.reason ?? error.text, why: details.words)
    }

    /// Tells it.
    @LoopActor
    func tell() { EventStream.shared.tell(id, .recorded(self)) }
}
