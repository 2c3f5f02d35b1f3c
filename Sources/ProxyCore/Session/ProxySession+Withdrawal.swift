/// An offer that its side withdraws: a phone cancels its re-INVITE (RFC 3261 section 9), or the answer does not come in time.
///
/// Both sides and Janus go back to the established session. The other side's copy of the offer cannot be withdrawn: the session waits for the answer
/// and discards it. If the other side accepted, it is offered the established session again. Until then every other offer meets a glare.
extension ProxySession {
    mutating func withdrawn(by side: SessionSide) -> [Action] {
        // It has come to nothing already, and its side need not hear of that.
        if case .restoring(let rest, let refusal?) = state, refusal.side == side { state = .restoring(rest: rest, nil) }
        guard case .exchanging(var exchange) = state, exchange.offerer == side, exchange.awaitsAnswer, !exchange.isFirst else { return [] }
        exchange.isWithdrawn = true
        state = .exchanging(exchange)
        return []
    }

    /// Ends a later exchange whose offer the other side has accepted with an answer that is not used.
    mutating func discardAnswer(of exchange: Exchange, _ failure: SessionFailure) -> [Action] {
        revert(exchange.offerer.other)
        return fail(exchange, failure)
    }

    /// Takes a side back to what it had agreed on before the last offer to it, and has it offered that when its turn has come.
    mutating func revert(_ side: SessionSide) {
        sides[side]?.withdraw()
        var limiting = limiting ?? Limiting(update: nil, options: options, rest: [])
        if !limiting.rest.contains(side) { limiting.rest.append(side) }
        self.limiting = limiting
    }
}

extension SessionFailure {
    static let withdrawn = SessionFailure.refused("the offer was withdrawn")
}
