internal import ProxyCore
internal import SIP

extension CallEnd {
    /// The final response that says this to a caller that has not been answered.
    var sipResponse: SIPResponse {
        var response = SIPResponse(
            status: statusForCaller, phrase: isPhrase ? reason : nil,
            warning: by == .gateway && (status == 400 || status == 488) ? reason : nil,
            retryAfter: retryAfter, reason: cause.map(SIPReason.init))
        response.contacts = contacts
        return response
    }

    /// The callee's status as it may be passed on: a challenge, or a redirection to nowhere, says nothing to a caller that it is
    /// not meant for, and no call is rejected with a 2xx.
    private var statusForCaller: Int {
        switch status {
        case 401, 407: 403
        case 300..<400 where !contacts.isEmpty: status
        case ..<400: 480
        default: status
        }
    }

    /// The Reason header of the BYE or CANCEL (RFC 3326): that of the party that ended the call, or ours; none for a plain
    /// hang-up.
    var sipReason: SIPReason? {
        if let cause { return SIPReason(cause) }
        if self == .answeredElsewhere { return .answeredElsewhere }
        return status == 200 && by != .gateway ? nil : SIPReason(cause: status, text: reason)
    }
}

extension SIPReason {
    init(_ cause: CallEnd.Cause) {
        self.init(protocolName: cause.protocolName, cause: cause.value, text: cause.text)
    }
}

extension CallEnd.Cause {
    init(_ reason: SIPReason) {
        self.init(protocolName: reason.protocolName, value: reason.cause, text: reason.text)
    }
}

extension SIPEnd {
    /// What the end of a phone's leg means for its call.
    func callEnd(by party: CallEnd.Party) -> CallEnd {
        switch cause {
        case .cancelled:
            CallEnd(status: 487, reason: CallEnd.cancelled.reason, by: .caller, cause: reason.map(CallEnd.Cause.init))
        case .hungUp:
            CallEnd(
                status: 200, reason: reason?.text ?? "Normal call clearing", by: party,
                cause: reason.map(CallEnd.Cause.init))
        case .acknowledgementLost: CallEnd(status: 408, reason: "The ACK never came", by: .gateway)
        case .sessionExpired: CallEnd(status: 408, reason: "The session timer expired", by: .gateway)
        case .undecided: CallEnd(status: 480, reason: "The call was not decided in time", by: .gateway)
        case .failed: CallEnd(status: 503, reason: reason?.text ?? "The connection to the phone failed", by: .gateway)
        case .stopped: CallEnd(status: 503, reason: "The gateway is stopping", by: .gateway)
        }
    }
}

extension CallEnd {
    /// What a status says, for clients that gave a code without a reason (RFC 3261 section 21).
    static func words(for status: Int) -> String {
        switch status {
        case 200: "Normal call clearing"
        case 480: "Temporarily Unavailable"
        case 486: "Busy Here"
        case 600: "Busy Everywhere"
        case 603: "Decline"
        default: "Status \(status)"
        }
    }
}
