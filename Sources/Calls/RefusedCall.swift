internal import BrowserAPI
internal import Configuration
internal import CoreMetrics
internal import EventLoop
internal import Events
internal import Logging
internal import ProxyCore
internal import Routing
internal import SIP

/// A call that was refused before it had a party: what its record, its line in the log, its event and the metrics say comes from here.
struct RefusedCall {
    let id: String
    private let caller: CallRecord.Caller
    private let dialled: String
    /// The Call-ID of an INVITE.
    private let callID: String?
    /// How it ended, as the caller is told.
    private let end: CallEnd
    private let details: Admission.Refusal.Details
    /// The code of the browser API that a client is told.
    private let code: Int?

    /// An INVITE that is answered with `refusal`.
    ///
    /// - Parameter origin: Who calls; nil where that has not been found out.
    init(_ id: String, _ invite: SIPIncomingInvite, _ origin: CallOrigin?, _ refusal: Admission.Refusal) {
        self.id = id
        caller = CallRecord.Caller(
            kind: origin.map { CallReport.kind(of: $0, isBrowser: false) } ?? "phone",
            user: origin?.user ?? (invite.from.user.isEmpty ? "\(invite.from.uri)" : invite.from.user), name: origin?.displayName,
            source: origin.map { "\($0.source)" } ?? "anonymous", address: invite.source, userAgent: invite.userAgent)
        (dialled, callID, code) = (CallRecord.bounded(invite.requestUser), invite.callID, nil)
        end = CallEnd(status: refusal.status, reason: refusal.reason, by: .gateway)
        details = refusal.details
    }

    /// A client's `start_call` that is answered with `error`.
    @LoopActor init(_ id: String, _ dialled: String, by client: BrowserClient, _ error: APIError, _ details: Admission.Refusal.Details) {
        self.id = id
        caller = CallRecord.Caller(
            kind: "browser", user: client.user.name, name: client.user.displayName, source: "\(CallSource.user(client.user.name))",
            address: client.remoteAddress, client: client.id)
        (self.dialled, callID, code) = (CallRecord.bounded(dialled), nil, error.code)
        end = details.end ?? CallEnd(status: RefusedCall.status(of: error), reason: error.text, by: .gateway)
        self.details = details
    }

    /// The SIP status that says the same as an error of the browser API.
    private static func status(of error: APIError) -> Int {
        switch error.known {
        case .unknownDestination: 404
        case .mediaUnavailable, .shuttingDown, .tooManySessions: 503
        default: 403
        }
    }

    /// Whether it is only a challenge, with which every call of a phone with a password begins.
    var isChallenge: Bool { end.status == 401 || end.status == 407 }

    private var result: CallReport.Result { CallReport.Result(end, wasAnswered: false) }
    /// Why, for operators.
    private var words: String { details.words ?? end.reason }

    var event: CallEvent {
        .notAdmitted(
            CallStart(callerKind: caller.kind, caller: caller.user, dialled: dialled, source: caller.source), callID: callID, client: caller.client,
            CallOutcome(status: end.status, reason: words, by: end.by.rawValue))
    }

    var record: CallRecord {
        let now = EventTime.now.milliseconds
        var record = CallRecord(id: id, caller: caller, dialled: dialled, began: now)
        record.route = details.route
        record.callerSide.callID = callID.map(CallRecord.bounded)
        record.times.ended = now
        record.end = CallRecord.End(
            status: end.status, result: result.rawValue, by: end.by.rawValue, reason: end.reason, why: details.words ?? CallSentence(record, end, result).text)
        return record
    }

    /// What its line in the log says.
    var fields: Logger.Metadata {
        var fields: Logger.Metadata = [
            "call": "\(id)", "result": "\(result.rawValue)", "status": "\(end.status)", "by": "\(end.by.rawValue)", "reason": "\(words)",
            "from": "\(caller.user)", "source": "\(caller.source)", "to": "\(dialled)",
        ]
        let others: [(String, String?)] = [
            ("code", code.map(String.init)), ("address", caller.address), ("user_agent", caller.userAgent), ("caller_call_id", callID),
            ("route", details.route), ("routed_to", details.routedTo),
        ]
        for (name, value) in others { if let value { fields[name] = "\(value)" } }
        return fields
    }
}

extension Switchboard {
    /// Tells of a refused call, counts it, and writes its line; in a flood of such calls not each has one.
    func report(_ call: RefusedCall) {
        call.count()
        guard !call.isChallenge else { return log.debug("a call is challenged", metadata: call.fields) }
        EventStream.shared.tell(call.id, call.event)
        EventStream.shared.tell(call.id, .recorded(call.record))
        let (isAdmitted, omitted) = refusedLines.admit()
        guard isAdmitted else { return }
        var fields = call.fields
        if omitted > 0 { fields["omitted"] = "\(omitted)" }
        log.info("call ended", metadata: fields)
    }
}

extension RefusedCall {
    fileprivate func count() { Counter(label: "tern_calls_refused_total", dimensions: [("status", String(end.status))]).increment() }
}
