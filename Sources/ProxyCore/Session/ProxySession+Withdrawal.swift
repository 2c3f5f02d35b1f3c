/// An offer that its side takes back: a re-INVITE that is cancelled (RFC 3261 section 9), or one that was not answered in time.
///
/// What was agreed before it stands, on both sides and in Janus. An offer to the other side cannot be taken back: its answer is awaited and
/// discarded, and where the other side has accepted, it is offered again what stood. Until then every other offer meets a glare.
extension ProxySession {
    mutating func withdrawn(by side: SessionSide) -> [Action] {
        guard case .exchanging(var exchange) = state, exchange.offerer == side, exchange.awaitsAnswer, !exchange.isFirst else { return [] }
        exchange.isWithdrawn = true
        state = .exchanging(exchange)
        return []
    }

    /// Ends a later exchange whose offer the other side has accepted, but whose answer is of no use.
    mutating func takeBack(_ exchange: Exchange, _ failure: SessionFailure) -> [Action] {
        tellAgain(exchange.offerer.other)
        return fail(exchange, failure)
    }

    /// Takes a side back to what it had agreed on before the last offer to it, and has it offered that in its turn.
    mutating func tellAgain(_ side: SessionSide) {
        sides[side]?.withdraw()
        var limiting = limiting ?? Limiting(update: nil, before: options, rest: [])
        if !limiting.rest.contains(side) { limiting.rest.append(side) }
        self.limiting = limiting
    }
}

extension SessionFailure {
    static let withdrawn = SessionFailure.refused("the offer was withdrawn")
}
