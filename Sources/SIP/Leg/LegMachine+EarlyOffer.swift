/// Further offers before the call is answered, once the first one has its answer reliably (RFC 3262 section 5, RFC 3311 section 5.1, RFC 6337).
///
/// Where we are called they come by UPDATE or in a PRACK, where we call by UPDATE. The core decides about them as about those in an established
/// dialog.
extension LegMachine {
    // MARK: Called

    /// What is to be done about an input that has to do with such an offer; nil for other inputs.
    mutating func offeredEarly(_ remote: String?, _ early: LegState.Early?, _ input: LegInput) -> [LegAction]? {
        guard let early else { return nil }
        switch input {
        case .offered(.update, let sdp?) where early.isAgreed && early.offer == nil:
            return ask(remote, early, LegState.EarlyOffer(method: .update, sdp: sdp))
        case .acceptOffer(let sdp):
            guard let offer = early.offer else { return [] }
            var next = early
            next.sdp = sdp ?? early.sdp
            return end(offer, SIPResponse(status: 200), sdp: next.sdp, offer.sdp, next)
        case .rejectOffer(let response):
            guard let offer = early.offer else { return [] }
            return end(offer, LegMachine.leavingSession(response), sdp: nil, remote, early)
        default:
            guard let offer = early.offer, input.endsEarlyOffer else { return nil }
            // The offer ends before the call does, or is answered.
            let ended = end(offer, SIPResponse(status: 500, retryAfter: 2), sdp: nil, remote, early)
            return ended + withdrawal(by: input) + handle(input)
        }
    }

    /// A PRACK has come to the last response.
    mutating func pracked(_ remote: String?, _ early: LegState.Early?, _ sdp: String?) -> [LegAction] {
        var next = early
        if early?.carriesAnswer == true { next?.isAgreed = true }
        if let next, let sdp, next.isAgreed, sdp != remote, next.offer == nil {
            return ask(remote, next, LegState.EarlyOffer(method: .prack, sdp: sdp))
        }
        return [acceptance(ofPrack: sdp, remote: remote, local: early?.sdp)] + goOn(remote, next)
    }

    private mutating func ask(_ remote: String?, _ early: LegState.Early, _ offer: LegState.EarlyOffer) -> [LegAction] {
        var next = early
        next.offer = offer
        return go(.ringing(remote: remote, next), .report(.offer(id, sdp: offer.sdp)))
    }

    private mutating func end(
        _ offer: LegState.EarlyOffer, _ response: SIPResponse, sdp: String?, _ remote: String?, _ early: LegState.Early
    ) -> [LegAction] {
        var next = early
        next.offer = nil
        switch offer.method {
        case .update: return go(.ringing(remote: remote, next), .respondToUpdate(response, sdp: sdp))
        case .prack: return [.respondToPrack(response, sdp: sdp)] + goOn(remote, next)
        }
    }

    // MARK: Calling

    /// What is to be done about an input that has to do with such an offer of the callee's; nil for other inputs.
    mutating func offeredEarly(local: String?, ringing: Bool, forks: LegState.Forks, _ input: LegInput) -> [LegAction]? {
        var next = forks
        switch input {
        case .offered(.update, let sdp?):
            guard forks.agreed != nil else { return [.respondToUpdate(SIPResponse(status: 491), sdp: nil)] }
            guard forks.offer == nil else { return answerEarlyUpdate(sdp) }
            next.offer = sdp
            return go(.calling(local: local, ringing: ringing, forks: next), .report(.offer(id, sdp: sdp)))
        case .acceptOffer(let sdp):
            guard forks.offer != nil else { return [] }
            next.agree()
            let answer = sdp ?? local
            return go(
                .calling(local: answer, ringing: ringing, forks: next), .respondToUpdate(SIPResponse(status: 200), sdp: answer))
        case .rejectOffer(let response):
            guard forks.offer != nil else { return [] }
            next.offer = nil
            return go(
                .calling(local: local, ringing: ringing, forks: next),
                .respondToUpdate(LegMachine.leavingSession(response), sdp: nil))
        default:
            guard forks.offer != nil, input.endsEarlyOffer else { return nil }
            next.offer = nil
            state = .calling(local: local, ringing: ringing, forks: next)
            let response = LegAction.respondToUpdate(SIPResponse(status: 500, retryAfter: 2), sdp: nil)
            return [response] + withdrawal(by: input) + handle(input)
        }
    }

    /// The core hears that an offer has ended where the call goes on.
    private func withdrawal(by input: LegInput) -> [LegAction] {
        switch input {
        case .answer, .success: [.report(.offerWithdrawn(id))]
        default: []
        }
    }

    // MARK: Refusals

    /// A refusal of an offer with a status that leaves the dialog and the session: others would end it (RFC 5057 section 5.1).
    static func leavingSession(_ response: SIPResponse) -> SIPResponse {
        var response = response
        if ![415, 488, 491, 500, 603, 606].contains(response.status) { response.status = 488 }
        return response
    }
}

extension LegInput {
    /// Whether the time of offers before the answer is over with it.
    fileprivate var endsEarlyOffer: Bool {
        switch self {
        case .answer, .reject, .end, .stop, .cancelled, .bye, .prackLost, .terminated, .overdue, .success, .failure, .redirected: true
        default: false
        }
    }
}
