internal import BrowserAPI
internal import Configuration
internal import EventLoop
internal import Events
internal import Logging
internal import ProxyCore
internal import Routing
internal import SIP

/// A call that was refused before there was one: what its line in the log says.
struct RefusedCall {
    let id: String
    var fields: Logger.Metadata
    /// Whether the refusal is a challenge, with which every call of a phone with a password begins.
    var isChallenge = false
    private let start: CallStart
    /// The Call-ID of an INVITE.
    private let callID: String?
    /// The client that sent a `start_call`.
    private let client: String?

    /// An INVITE that was answered with `refusal`.
    ///
    /// - Parameter origin: Who calls; nil where that has not been found out.
    init(_ id: String, _ invite: SIPIncomingInvite, _ origin: CallOrigin?, _ refusal: Admission.Refusal) {
        self.id = id
        let end = CallEnd(status: refusal.status, reason: refusal.reason, by: .gateway)
        isChallenge = refusal.status == 401
        start = CallStart(
            callerKind: origin.map { CallReport.kind(of: $0, isBrowser: false) } ?? "phone", caller: origin?.user ?? "\(invite.from.uri)",
            dialled: invite.requestUser, source: origin.map { "\($0.source)" } ?? "")
        (callID, client) = (invite.callID, nil)
        fields = [
            "result": "\(CallReport.Result(end, wasAnswered: false).rawValue)", "status": "\(refusal.status)", "by": "gateway",
            "from": "\(origin?.user ?? invite.from.uri)", "to": "\(invite.requestUser)", "address": "\(invite.source)", "caller_call_id": "\(invite.callID)",
        ]
        fields["source"] = origin.map { "\($0.source)" }
        fields["user_agent"] = invite.userAgent.map { "\($0)" }
        add(refusal.details, otherwise: refusal.reason)
    }

    /// A client's `start_call`.
    @LoopActor init(_ id: String, _ dest: String, by client: BrowserClient) {
        self.id = id
        let source = CallSource.user(client.user.name)
        start = CallStart(callerKind: "browser", caller: client.user.name, dialled: String(dest.prefix(512)), source: "\(source)")
        (callID, self.client) = (nil, client.id)
        fields = [
            "result": "refused", "by": "gateway", "from": "\(client.user.name)", "source": "\(source)", "to": "\(dest.prefix(512))",
            "address": "\(client.remoteAddress)",
        ]
    }

    /// - Parameter words: Why, where the details do not say so.
    mutating func add(_ details: Admission.Refusal.Details, otherwise words: String) {
        fields["reason"] = "\(details.words ?? words)"
        if let route = details.route { fields["route"] = "\(route)" }
        if let target = details.routedTo { fields["routed_to"] = "\(target)" }
    }

    /// As an event; the status of a client's call that has none is the code that the client is told.
    var event: CallEvent {
        func number(_ name: String) -> Int? { fields[name].flatMap { Int("\($0)") } }
        let outcome = CallOutcome(status: number("status") ?? number("code") ?? 0, reason: fields["reason"].map { "\($0)" } ?? "", by: "gateway")
        return .notAdmitted(start, callID: callID, client: client, outcome)
    }

    /// A client is told this code.
    mutating func add(_ error: APIError, _ details: Admission.Refusal.Details) {
        fields["code"] = "\(error.code)"
        if error.known == .unknownDestination { fields["result"] = "not_found" }
        if let end = details.end {
            fields["result"] = "\(CallReport.Result(end, wasAnswered: false).rawValue)"
            fields["status"] = "\(end.status)"
        }
        add(details, otherwise: error.text)
    }
}

extension Switchboard {
    /// Tells of a refused call, and writes its line; in a flood of such calls not each has one.
    func report(_ call: RefusedCall) {
        guard !call.isChallenge else { return log.debug("a call is challenged", metadata: call.fields.merging(["call": "\(call.id)"]) { $1 }) }
        EventStream.shared.tell(call.id, call.event)
        let (isAdmitted, omitted) = refusedLines.admit()
        guard isAdmitted else { return }
        var fields = call.fields
        fields["call"] = "\(call.id)"
        if omitted > 0 { fields["omitted"] = "\(omitted)" }
        log.info("call ended", metadata: fields)
    }
}
