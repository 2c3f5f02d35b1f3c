/// The called side: from the INVITE to its ACK.
extension LegMachine {
    mutating func undecided(remote: String?, ringing: Bool, _ input: LegInput) -> [LegAction] {
        switch input {
        case .ring(let status, let sdp):
            let status = (101...199).contains(status) ? status : 180
            let actions = go(.ringing(remote: remote), .respond(status: status, sdp: sdp))
            return ringing ? actions : actions + [.wait(.ringing)]
        case .answer(let sdp):
            let descriptions = LegState.Descriptions(local: sdp, remote: remote)
            return go(
                .answered(descriptions, answerDue: remote == nil),
                .respond(status: 200, sdp: sdp), .wait(.transaction))
        case .reject(let response):
            return close(nil, after: .refuse(response))
        case .end(let status, let reason):
            return close(nil, after: .refuse(SIPResponse(status: status, reason: reason)))
        case .stop:
            return close(SIPEnd(.stopped), after: .refuse(SIPResponse(status: 480)))
        case .overdue:
            let response = SIPResponse(status: ringing ? 480 : 503, warning: "the call was not decided in time")
            return close(SIPEnd(.undecided), after: .refuse(response))
        case .cancelled(let reason):
            return close(SIPEnd(.cancelled, reason: reason))
        case .bye(let reason):
            return close(SIPEnd(.hungUp, reason: reason))
        case .terminated:
            return close(SIPEnd(.failed))
        case .offered(.update, let sdp):
            return answerEarlyUpdate(sdp)
        default:
            return []
        }
    }

    /// An UPDATE before the answer to the first offer can refresh the target, but not offer anew (RFC 3311 section 5.2).
    private func answerEarlyUpdate(_ sdp: String?) -> [LegAction] {
        let response = sdp == nil ? SIPResponse(status: 200) : SIPResponse(status: 500, retryAfter: 2)
        return [.respondToUpdate(response, sdp: nil)]
    }

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
        case .bye, .terminated, .byeAnswered: close(nil)
        case .offered(.update, let sdp): answerEarlyUpdate(sdp)
        default: []
        }
    }
}
