/// The called side: from our 200 to its ACK.
extension LegMachine {
    mutating func answered(
        _ descriptions: LegState.Descriptions, answerDue: Bool, _ input: LegInput
    ) -> [LegAction] {
        switch input {
        case .acknowledged(let sdp):
            var descriptions = descriptions
            if answerDue { descriptions.remote = sdp }
            let actions = go(.established(descriptions, .idle), .wait(nil))
            let answer = answerDue ? [LegAction.report(.offerCompleted(id, sdp: sdp))] : []
            return actions + answer + [.report(.established(id))]
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
