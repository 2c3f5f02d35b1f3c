internal import BrowserAPI
internal import Configuration
internal import EventLoop
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

    /// An INVITE that was answered with `refusal`.
    ///
    /// - Parameter origin: Who calls; nil where that has not been found out.
    init(_ id: String, _ invite: SIPIncomingInvite, _ origin: CallOrigin?, _ refusal: Admission.Refusal) {
        self.id = id
        let end = CallEnd(status: refusal.status, reason: refusal.reason, by: .gateway)
        isChallenge = refusal.status == 401
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
    /// Writes the line of a refused call; in a flood of such calls not each has one.
    func report(_ call: RefusedCall) {
        guard !call.isChallenge else { return log.debug("a call is challenged", metadata: call.fields.merging(["call": "\(call.id)"]) { $1 }) }
        let (isAdmitted, omitted) = refusedLines.admit()
        guard isAdmitted else { return }
        var fields = call.fields
        fields["call"] = "\(call.id)"
        if omitted > 0 { fields["omitted"] = "\(omitted)" }
        log.info("call ended", metadata: fields)
    }
}
