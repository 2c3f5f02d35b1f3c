/// The dialog: until someone hangs up.
extension LegMachine {
    mutating func established(
        _ descriptions: LegState.Descriptions, _ exchange: LegState.Exchange, _ input: LegInput
    ) -> [LegAction] {
        switch input {
        case .end(_, let reason):
            return abandon(exchange) + hangUp(reason, reporting: nil)
        case .stop:
            return abandon(exchange) + hangUp(nil, reporting: SIPEnd(.stopped))
        case .bye(let reason):
            return close(SIPEnd(.hungUp, reason: reason))
        case .sessionOver:
            return abandon(exchange) + expire()
        case .refreshFailed(let status):
            // Without an answer, or without the dialog at the other end, there is nothing left to refresh (RFC 4028 section 10).
            return [408, 481].contains(status) || status >= 700 ? abandon(exchange) + expire() : [.refreshLater]
        case .byeAnswered:
            // The core sent none: the stack did, because the session expired.
            return close(SIPEnd(.sessionExpired))
        case .terminated where exchange == .refreshing:
            return close(SIPEnd(.sessionExpired))
        case .terminated(let status):
            return close(SIPEnd(.failed, reason: status >= 300 ? SIPReason(cause: status, text: nil) : nil))
        case .acknowledgementLost:
            return go(.ending, .report(.ended(id, SIPEnd(.acknowledgementLost))), .wait(.transaction))
        case .info(let info):
            return [.report(.info(id, info))]
        case .sendInfo(let info):
            return [.sendInfo(info)]
        case .infoAnswered(let status):
            return [.report(.infoAnswered(id, status: status))]
        default:
            return exchanging(descriptions, exchange, input)
        }
    }

    mutating func expire() -> [LegAction] {
        hangUp(SIPReason(cause: 408, text: "Session timeout"), reporting: SIPEnd(.sessionExpired))
    }

    /// What is owed to the peer before a BYE.
    private func abandon(_ exchange: LegState.Exchange) -> [LegAction] {
        switch exchange {
        case .offeredToUs(.invite, _): [.refuse(SIPResponse(status: 487))]
        case .offeredToUs(.update, _): [.respondToUpdate(SIPResponse(status: 487), sdp: nil)]
        case .acknowledging: [.acknowledge(sdp: nil)]
        case .idle, .accepted, .offeredByUs, .refreshing: []
        }
    }

    mutating func ending(_ input: LegInput) -> [LegAction] {
        switch input {
        case .byeAnswered, .terminated, .overdue: close(nil)
        default: []
        }
    }
}
