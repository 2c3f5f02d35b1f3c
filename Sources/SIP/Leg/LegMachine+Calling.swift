/// The calling side: from our INVITE to the ACK.
extension LegMachine {
    mutating func calling(
        local: String?, ringing: Bool, forks: LegState.Forks, _ input: LegInput
    ) -> [LegAction] {
        if let actions = offeredEarly(local: local, ringing: ringing, forks: forks, input) { return actions }
        switch input {
        case .provisional(let status, let phrase, let sdp, let fork, let isReliable):
            guard status > 100 else { return [] }
            var forks = forks
            forks.note(sdp, from: fork, isReliable: isReliable)
            let report = LegAction.report(.provisional(id, status: status, phrase: phrase, sdp: sdp))
            let next = LegState.calling(local: local, ringing: true, forks: forks)
            return ringing ? go(next, report) : go(next, report, .wait(.ringing))
        case .success(let description, let fork):
            // After an answer in a reliable provisional response the 2xx has none (RFC 3262 section 5): it was that fork's.
            let sdp = description ?? forks[fork]
            guard let local else {
                return go(.acknowledging(remote: sdp), .report(.answered(id, sdp: sdp)), .wait(.decision))
            }
            return go(
                .established(LegState.Descriptions(local: local, remote: sdp), .idle),
                .acknowledge(sdp: nil), .wait(nil), .report(.answered(id, sdp: sdp)))
        case .failure(let status, let phrase, let reason):
            return go(.gone, .report(.rejected(id, status: status, phrase: phrase, reason: reason)), .close)
        case .redirected(let status, let phrase, let contacts):
            return go(.gone, .report(.redirected(id, status: status, phrase: phrase, contacts: contacts)), .close)
        case .terminated(let status):
            let failure = status >= 300 ? status : 503
            return go(
                .gone, .report(.rejected(id, status: failure, phrase: "Session terminated", reason: nil)), .close)
        case .end(_, let reason):
            return go(.cancelling, .cancel(reason), .wait(.transaction))
        case .stop:
            return go(.cancelling, .cancel(nil), .report(.ended(id, SIPEnd(.stopped))), .wait(.transaction))
        case .overdue:
            let report = SIPEvent.rejected(id, status: 408, phrase: "Request Timeout", reason: nil)
            return go(.cancelling, .cancel(nil), .report(report), .wait(.transaction))
        case .bye(let reason):
            return close(SIPEnd(.hungUp, reason: reason))
        case .offered(.update, nil):
            return answerEarlyUpdate(nil)
        case .offer:
            return refuseOwnOffer()
        default:
            return []
        }
    }

    /// The 2xx brought an offer and waits for its ACK.
    mutating func acknowledging(remote: String?, _ input: LegInput) -> [LegAction] {
        switch input {
        case .acknowledge(let sdp):
            return go(
                .established(LegState.Descriptions(local: sdp, remote: remote), .idle),
                .acknowledge(sdp: sdp), .wait(nil))
        case .end(_, let reason):
            return hangUp(reason, reporting: nil, after: .acknowledge(sdp: nil))
        case .stop:
            return hangUp(nil, reporting: SIPEnd(.stopped), after: .acknowledge(sdp: nil))
        case .overdue:
            return hangUp(nil, reporting: SIPEnd(.undecided), after: .acknowledge(sdp: nil))
        case .bye(let reason):
            return close(SIPEnd(.hungUp, reason: reason))
        case .terminated:
            return close(SIPEnd(.failed))
        case .offered(.update, let sdp):
            return answerEarlyUpdate(sdp)
        case .offer:
            return refuseOwnOffer()
        default:
            return []
        }
    }

    /// The core gave up. A 2xx that crosses the CANCEL is acknowledged and hung up (RFC 3261 section 9.1).
    mutating func cancelling(_ input: LegInput) -> [LegAction] {
        switch input {
        case .success: hangUp(nil, reporting: nil, after: .acknowledge(sdp: nil))
        case .failure, .terminated, .bye, .overdue: close(nil)
        case .offered(.update, let sdp): answerEarlyUpdate(sdp)
        default: []
        }
    }
}
