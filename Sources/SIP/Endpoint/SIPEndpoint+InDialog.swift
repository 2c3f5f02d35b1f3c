internal import CSofiaSIP
internal import EventLoop

/// Requests within a dialog that are no offers.
extension SIPEndpoint {
    /// Bodies of INFO that a gateway can make use of; all others are answered 415.
    static let infoBodies = ["application/dtmf-relay", "application/dtmf", "application/media_control+xml"]

    func receiveInfo(_ message: IncomingMessage, _ request: HeldRequest, on leg: Leg) {
        let reading = SIPInfo.read(contentType: message.contentType, body: message.body ?? "")
        let isEmpty = message.bodySize == 0 && message.contentType.isEmpty
        var response = SIPResponse(status: 200)
        if reading == .malformed { response = SIPResponse(status: 400, phrase: "Malformed body", warning: "the INFO has neither a digit nor a keyframe request") }
        if reading == .unknown, !isEmpty { response = SIPResponse(status: 415) }
        if response.status == 200, !leg.infoRate.admits(.now) { response = SIPResponse(status: 500, retryAfter: 1) }
        var tags = TagList()
        tags.add(tern_nutag_with(), request.message)
        if response.status == 415 { tags.add(tern_siptag_accept_str(), SIPEndpoint.infoBodies.joined(separator: ", ")) }
        if response.status != 200 { tags.add(response, status: response.status, agent: agent) }
        tags.withTags {
            tern_nua_respond(
                leg.handle, Int32(response.status), SofiaPhrases.pointer(response.phrase, status: response.status), $0)
        }
        if response.status == 200, case .understood(let info) = reading { leg.handle(.info(info)) }
    }

    /// A PRACK to one of our provisional responses; Sofia has answered 481 to one that is to none.
    func receivePrack(_ message: IncomingMessage?, _ request: HeldRequest, on leg: Leg) {
        leg.unanswered.prack = request
        leg.setUp.takePrack()
        leg.isProven()
        let refusal = message?.content.refusal
        if let refusal { leg.perform(.respondToPrack(refusal, sdp: nil)) }
        // Whatever its body: our response has come, and what waits for that goes on.
        leg.handle(.pracked(sdp: refusal == nil ? message?.sdp : nil))
    }
}

extension Leg {
    /// Leaves PRACKs to us: Sofia by itself would answer the offer in one without a description, and send ours before it
    /// can be told where.
    func answerPracks() {
        var tags = TagList()
        tags.add(tern_nutag_appl_method(), "PRACK")
        tags.withTags { tern_nua_set_hparams(handle, $0) }
    }

    /// Has later refreshes ask for the interval that was agreed (RFC 4028 section 7.4), not for our own again.
    func keep(interval: Int) {
        var tags = TagList()
        tags.add(tern_nutag_session_timer(), interval)
        tags.withTags { tern_nua_set_hparams(handle, $0) }
    }

    /// Refreshes the session by UPDATE instead of re-INVITE: it carries no offer, so that nothing can go wrong with one.
    func refreshByUpdate() {
        var tags = TagList()
        tags.add(tern_nutag_update_refresh(), 1)
        tags.withTags { tern_nua_set_hparams(handle, $0) }
    }
}

/// How many INFOs of a peer are taken: enough for the quickest fingers.
struct InfoRate {
    /// In a second.
    static let most = 30

    private var begin: ContinuousClock.Instant?
    private var count = 0

    /// Whether one more may come.
    mutating func admits(_ now: ContinuousClock.Instant) -> Bool {
        if let begin, now - begin < .seconds(1) {
            count += 1
        } else {
            begin = now
            count = 1
        }
        return count <= InfoRate.most
    }
}
