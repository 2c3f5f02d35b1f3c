/// The called side: from our 200 to its ACK.
extension LegMachine {
    mutating func answered(_ answer: LegState.Answer, _ input: LegInput) -> [LegAction] {
        switch input {
        case .acknowledged(let sdp):
            return acknowledged(answer, sdp)
        case .offer(let sdp):
            return hold(sdp, answer) { .answered($0) }
        case .cancelled(let reason):
            // It came before our 200 was on the wire.
            return close(SIPEnd(.cancelled, reason: reason))
        case .end(_, let reason):
            return go(.leavingOnceAcknowledged(reason))
        case .stop:
            return hangUp(nil, reporting: SIPEnd(.stopped))
        case .bye(let reason):
            return close(SIPEnd(.hungUp, reason: reason))
        case .acknowledgementLost:
            // The stack sends the BYE itself.
            return go(.ending, .report(.ended(id, SIPEnd(.acknowledgementLost))), .wait(.transaction))
        case .overdue:
            return hangUp(nil, reporting: SIPEnd(.acknowledgementLost))
        case .terminated:
            return close(SIPEnd(.failed))
        case .offered(.update, let sdp):
            return answerEarlyUpdate(sdp)
        default:
            return []
        }
    }

    private mutating func acknowledged(_ answer: LegState.Answer, _ sdp: String?) -> [LegAction] {
        var descriptions = answer.descriptions
        if answer.answerDue { descriptions.remote = sdp }
        let completed = answer.answerDue ? [LegAction.report(.offerCompleted(id, sdp: sdp))] : []
        let actions = go(.established(descriptions, .idle), .wait(nil)) + completed + [.report(.established(id))]
        guard let offer = answer.offer else { return actions }
        return actions + handle(.offer(sdp: offer.sdp))
    }

    /// Keeps an offer of the core's until the ACK has come; one at a time.
    mutating func hold(
        _ sdp: String?, _ answer: LegState.Answer, in state: (LegState.Answer) -> LegState
    ) -> [LegAction] {
        guard answer.offer == nil else { return refuseOwnOffer() }
        var answer = answer
        answer.offer = LegState.Offer(sdp: sdp)
        return go(state(answer))
    }

    /// Says at once that an offer of the core's cannot go out now.
    func refuseOwnOffer() -> [LegAction] { [.report(.offerRejected(id, status: 491, phrase: "Request Pending"))] }

    mutating func leaving(_ reason: SIPReason?, _ input: LegInput) -> [LegAction] {
        switch input {
        case .acknowledged, .stop, .overdue: hangUp(reason, reporting: nil)
        case .acknowledgementLost: go(.ending, .wait(.transaction))
        case .bye, .terminated, .byeAnswered, .cancelled: close(nil)
        case .offered(.update, let sdp): answerEarlyUpdate(sdp)
        default: []
        }
    }
}
